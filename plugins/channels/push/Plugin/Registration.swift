import PluginKit
import Push

struct PushPlugin: Plugin {
    static let name = "push"
    static let version = "2.0.0"

    static func register(in registry: inout some Registry) {
        registry.register(channel: PushChannel.self)
    }
}

/// The one symbol that the host looks up.
@c(triggerd_plugin_1)
public func entry(_ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
    PluginKit.load(PushPlugin.self, host, why)
}
