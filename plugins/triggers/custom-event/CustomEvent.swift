import PluginKit

/// `custom_event`: an event with that name was stored (1.2); names are case-sensitive (1.1.8).
struct CustomEvent: TriggerType {
    static let name = "custom_event"
    static let fields = [Field(name: "event", type: .string, flags: .required, summary: "The event's name.")]

    private let event: String

    init(configuration: Value) throws {
        event = configuration["event"]?.string ?? ""
        guard !event.isEmpty else { throw PluginError("event: the name is empty") }
        // 13: these two cannot name a custom event.
        guard event != "session_start", event != "purchase" else {
            throw PluginError("event: \(event) is a type of its own; write `type: \(event)`")
        }
    }

    var subjects: [Subject] { [Subject("custom_event", event)] }

    func matches(_ happened: borrowing Event) -> Bool { happened.hasSubject(event) }
}

struct CustomEventPlugin: Plugin {
    static let name = "custom-event"
    static let version = "1.0.0"

    static func register(in registry: inout some Registry) {
        registry.register(trigger: CustomEvent.self)
    }
}

@c(triggerd_plugin_1)
public func entry(_ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
    load(CustomEventPlugin.self, host, why)
}
