import PluginKit

/// `in_app`: queued until the user's next session, which carries it (9). The host keeps the queue; this says what a
/// message holds.
final class InApp: Channel {
    static let name = "in_app"
    static let presentation = Presentation.nextSession
    static let concurrency = 1
    static let messageFields = [
        Field(name: "title", type: .string, flags: [.required, .template], summary: "The first line."),
        Field(name: "body", type: .string, flags: .template, summary: "The text."),
        Field(name: "image", type: .string, flags: .template, summary: "The URL of a picture."),
        Field(name: "url", type: .string, flags: .template, summary: "Where a tap leads."),
    ]
    static let settingFields: [Field] = []
    static let addressField: String? = nil
    static let statusField: String? = nil
    static let consentField: String? = nil

    init(settings: Value) {}

    /// Never called: a session carries the message.
    func send(_ message: Message, _ send: Send) {
        send.complete(.refused("in-app messages are shown by a session"))
    }

    func drain() {}
    func stop() {}
}

struct InAppPlugin: Plugin {
    static let name = "in-app"
    static let version = "1.0.0"

    static func register(in registry: inout some Registry) {
        registry.register(channel: InApp.self)
    }
}

@c(triggerd_plugin_1)
public func entry(_ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
    load(InAppPlugin.self, host, why)
}
