import CampaignFiles
import Engine
import Host
import Patterns

extension CampaignReader {
    /// With what the loaded plug-ins declare.
    package init(_ registry: PluginRegistry) {
        self.init(
            triggerTypes: registry.triggerFields,
            channels: registry.registeredChannels.mapValues {
                ChannelSchema(message: $0.messageFields, queues: $0.rules.queues)
            },
            zone: Zones.zone,
            pattern: RE2.pattern
        )
    }
}
