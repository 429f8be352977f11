import Foundation
import PluginKit

/// `push`: to every token of the user. Without a push service every push is a file in `push/` in the data folder, one
/// JSON object with its tokens and its fields, which a developer can look at.
final class Push: Channel {
    static let name = "push"
    static let presentation = Presentation.atOnce
    static let concurrency = 64
    static let messageFields = [
        Field(name: "title", type: .string, flags: .template, summary: "The first line."),
        Field(name: "body", type: .string, flags: .template, summary: "The text."),
        Field(name: "image", type: .string, flags: .template, summary: "The URL of a picture."),
        Field(name: "url", type: .string, flags: .template, summary: "Where a tap leads."),
    ]
    static let settingFields: [Field] = []
    static let addressField: String? = "push_tokens"
    static let statusField: String? = nil
    static let consentField: String? = "push_subscription"

    private let folder: URL

    init(settings: Value) throws {
        folder = URL(filePath: settings["data_folder"]?.string ?? "").appending(path: "push")
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw PluginError("\(folder.path) cannot be made: \(error.localizedDescription)")
        }
    }

    /// A push handed over twice has the same key, and so is one file.
    func send(_ message: Message, _ send: Send) {
        var object: [String: Any] = [
            "key": message.key, "campaign": message.campaign, "user": message.user, "tokens": message.addresses,
        ]
        for field in message.fields { object[field.name] = field.value.string }
        do {
            let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
            try data.write(to: folder.appending(path: "\(message.key).json"), options: .atomic)
            send.complete(.accepted(id: ""))
        } catch {
            send.complete(.tryAgain(after: 1_000, "it cannot be written: \(error.localizedDescription)"))
        }
    }

    func drain() {}
    func stop() {}
}

struct PushPlugin: Plugin {
    static let name = "push"
    static let version = "1.0.0"

    static func register(in registry: inout some Registry) {
        registry.register(channel: Push.self)
    }
}

@c(triggerd_plugin_1)
public func entry(_ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
    load(PushPlugin.self, host, why)
}
