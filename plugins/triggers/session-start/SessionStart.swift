import PluginKit

/// `session_start`: a session opened on any app of the workspace (1.2).
struct SessionStart: TriggerType {
    static let name = "session_start"
    static let fields: [Field] = []

    init(configuration: Value) {}

    var subjects: [Subject] { [Subject("session_start")] }

    func matches(_ event: borrowing Event) -> Bool { true }
}

struct SessionStartPlugin: Plugin {
    static let name = "session-start"
    static let version = "1.0.0"

    static func register(in registry: inout some Registry) {
        registry.register(trigger: SessionStart.self)
    }
}

@c(triggerd_plugin_1)
public func entry(_ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
    load(SessionStartPlugin.self, host, why)
}
