import PluginKit

/// `email_added`: a profile gained an address, or another one (1.2).
struct EmailAdded: TriggerType {
    static let name = "email_added"
    static let fields: [Field] = []

    init(configuration: Value) {}

    var subjects: [Subject] { [Subject("email_added")] }

    func matches(_ event: borrowing Event) -> Bool { true }
}

struct EmailAddedPlugin: Plugin {
    static let name = "email-added"
    static let version = "1.0.0"

    static func register(in registry: inout some Registry) {
        registry.register(trigger: EmailAdded.self)
    }
}

@c(triggerd_plugin_1)
public func entry(_ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
    load(EmailAddedPlugin.self, host, why)
}
