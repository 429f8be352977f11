import PluginKit

struct EmailPlugin: Plugin {
    static let name = "email"
    static let version = "1.0.0"

    static func register(in registry: inout some Registry) {
        registry.register(channel: EmailChannel.self)
    }
}

/// The one symbol that the host looks up.
@c(triggerd_plugin_1)
public func entry(_ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
    PluginKit.load(EmailPlugin.self, host, why)
}
