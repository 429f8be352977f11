import CampaignFiles
import Engine
import Host
import Patterns

extension CampaignReader {
    /// With what the loaded plug-ins declare.
    package init(_ registry: PluginRegistry) {
        self.init(
            triggerTypes: registry.triggerFields.mapValues(ConfigurationSchema.init),
            channels: registry.registeredChannels.mapValues {
                ChannelSchema(message: ConfigurationSchema($0.messageFields), queues: $0.rules.queues)
            },
            zone: Zones.zone,
            pattern: RE2.pattern
        )
    }
}

extension ConfigurationSchema {
    fileprivate init(_ fields: [FieldSchema]) {
        self.init(
            fields: fields.map { field in
                let kind: Kind =
                    switch field.kind {
                    case .string: .string
                    case .strings: .strings
                    case .integer: .integer
                    case .number: .number
                    case .boolean: .boolean
                    case .any: .any
                    case .objects(let inner): .objects(ConfigurationSchema(inner))
                    }
                return Field(name: field.name, kind: kind, isRequired: field.isRequired, oneOf: field.oneOf)
            }
        )
    }
}
