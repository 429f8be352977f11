import PluginKit

/// The channel `email`: over SMTP to a mail server, or into a maildir where none is configured.
package final class EmailChannel: Channel {
    package static let name = "email"
    package static let presentation = Presentation.atOnce
    package static let concurrency = 16
    package static let messageFields = Letter.fields
    package static let settingFields = EmailSettings.fields
    package static let addressField: String? = "email"
    package static let statusField: String? = "email_status"
    package static let consentField: String? = "email_subscription"

    private let settings: EmailSettings
    private let carriers: CarrierPool

    package init(settings: Value) throws(PluginError) {
        let settings = try EmailSettings(settings)
        self.settings = settings
        carriers = CarrierPool(try Self.carriers(settings.way), timeoutMs: settings.timeoutMs)
    }

    private static func carriers(_ way: EmailSettings.Way) throws(PluginError) -> [any Carrier] {
        switch way {
        case .maildir(let folder):
            return Array(repeating: try Maildir(folder: folder), count: concurrency)
        case .server(let server):
            let connections = (0..<concurrency).compactMap { _ in SMTPConnection(server) }
            guard connections.count == concurrency else { throw PluginError("libcurl could not be set up: no memory") }
            return connections
        }
    }

    package func send(_ message: Message, _ send: Send) {
        do throws(Letter.Unsent) {
            let letter = try Letter(message, settings)
            carriers.begin(
                CarrierPool.Work(letter: letter, deadlineMs: message.deadline) { outcome in send.complete(outcome) }
            )
        } catch {
            send.complete(error.outcome)
        }
    }

    package func drain() { carriers.drain() }

    package func stop() { carriers.stop() }
}
