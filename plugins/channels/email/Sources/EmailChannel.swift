import PluginKit

/// The channel `email`: over SMTP to a mail server, or into a maildir where none is configured.
package final class EmailChannel: Channel {
    package static let name = "email"
    package static let presentation = Presentation.atOnce
    /// More than connections, so that a letter's commands can leave with the end of the one before.
    package static let concurrency = 64
    package static let messageFields = Letter.fields
    package static let filledNames = [UnsubscribePlace.name]
    package static let settingFields = EmailSettings.fields
    package static let addressField: String? = "email"
    package static let statusField: String? = "email_status"
    package static let consentField: String? = "email_subscription"
    /// A mail server knows no keys: each letter of which nobody knows whether it came may come twice.
    package static let unknownPolicy = UnknownPolicy.aFewTimes
    package static let deadlineSeconds = EmailSettings.deadlineSeconds

    private let settings: EmailSettings
    private let carriers: CarrierPool

    package init(settings: Value) throws(PluginError) {
        let settings = try EmailSettings(settings)
        self.settings = settings
        carriers = CarrierPool(try Self.carriers(settings))
    }

    package static func check(_ fields: Value) throws(PluginError) { try Letter.check(fields) }

    private static func carriers(_ settings: EmailSettings) throws(PluginError) -> [any Carrier] {
        let count = settings.connections
        switch settings.way {
        case .maildir(let folder):
            return Array(repeating: try Maildir(folder: folder), count: count)
        case .server(let server):
            let connections = (0..<count).compactMap { _ in SMTPConnection(server, settings) }
            guard connections.count == count else { throw PluginError("url: no memory for its connections") }
            return connections
        }
    }

    package func send(_ message: Message, _ send: Send) {
        do throws(Letter.Unsent) {
            let letter = try Letter(message, settings)
            carriers.begin(letter, deadlineMs: message.deadline) { outcome, dead in
                send.complete(outcome, deadAddresses: dead)
            }
        } catch {
            send.complete(error.outcome, deadAddresses: error.deadAddresses)
        }
    }

    package func drain() { carriers.drain() }

    package func stop() { carriers.stop() }
}
