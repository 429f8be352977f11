import PluginKit
import Webhook

struct WebhookPlugin: Plugin {
    static let name = "webhook"
    static let version = "1.0.0"

    static func register(in registry: inout some Registry) {
        registry.register(channel: WebhookChannel.self)
    }
}

/// The one symbol that the host looks up.
@c(triggerd_plugin_1)
public func entry(_ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
    PluginKit.load(WebhookPlugin.self, host, why)
}
