import Dispatch
import HTTPClient
import PluginKit

/// `webhook`: a message as a signed POST to a server of the operator's, as Standard Webhooks has it.
package final class WebhookChannel: Channel {
    package static let name = "webhook"
    package static let presentation = Presentation.atOnce
    /// To each receiver.
    package static let concurrency = 32
    package static let hasServices = true
    package static let messageFields = [
        Field(name: "url", type: .string, flags: .template, summary: "Where to, instead of the setting's."),
        Field(name: "type", type: .string, flags: .template, summary: "The payload's `type`; else the campaign."),
        Field(name: "data", type: .any, flags: .template, summary: "An object: the payload's `data`."),
    ]
    package static let settingFields = WebhookSettings.fields
    package static let addressField: String? = nil
    package static let statusField: String? = nil
    package static let consentField: String? = nil

    private let settings: WebhookSettings
    private let client: HTTPClient
    private let begun = DispatchGroup()

    /// To all receivers together: one that hangs has no more than its own places of them.
    private static let mostActive = 512

    package init(settings: Value) throws {
        self.settings = try WebhookSettings(settings)
        var options = HTTPClient.Options()
        options.caFile = self.settings.caFile
        // Nothing to be multiplexed, and no receiver is without HTTP/1.1.
        options.isHTTP2 = false
        options.plainConnections = 16
        options.mostActive = Self.mostActive
        client = try HTTPClient(options, agent: "triggerd-webhook")
    }

    package static func check(_ fields: Value) throws {
        if let url = fields["url"]?.string, !url.isEmpty, !url.contains("{{"), !url.contains("{%") {
            do throws(WebAddress.Fault) {
                _ = try WebAddress(url)
            } catch {
                throw PluginError("url: the URL \(error)")
            }
        }
        switch fields["data"] {
        case nil, .null?, .object?: break
        default: throw PluginError("data: it is an object")
        }
    }

    package func service(of message: Message) -> String {
        guard let url = url(of: message), let address = try? WebAddress(url) else { return "" }
        return ServiceLabel.of([address.place])
    }

    private func url(of message: Message) -> String? {
        message.text("url").flatMap { $0.isEmpty ? nil : $0 } ?? settings.url
    }

    package func send(_ message: Message, _ send: Send) {
        deliver(message) { outcome, service in send.complete(outcome, service: service) }
    }

    /// What `send` does; `done` is called exactly once, from any thread, with the host and port that was posted to.
    package func deliver(_ message: Message, _ done: @escaping @Sendable (Outcome, _ service: String) -> Void) {
        guard let secret = settings.secret else {
            return done(.refused("webhook.secret is not set"), service(of: message))
        }
        guard let url = url(of: message) else {
            return done(.refused("neither the message's url nor webhook.url is set"), "")
        }
        let address: WebAddress
        do throws(WebAddress.Fault) {
            address = try WebAddress(url)
        } catch {
            return done(.refused("url: the URL \(error)"), "")
        }
        let service = ServiceLabel.of([address.place])
        let nowMs = SystemTime.nowMs()
        guard message.deadline > nowMs else { return done(.tryAgain(after: 0, "the deadline passed"), service) }
        let payload: [UInt8]
        do throws(PluginError) {
            payload = try WebhookPayload.bytes(of: message, nowMs: nowMs)
        } catch {
            return done(.refused(error.description), service)
        }
        let request = HTTPRequest(
            url: address.text,
            headers: secret.headers(id: message.key, seconds: nowMs / 1_000, payload: payload)
                + ["content-type: application/json"],
            body: payload,
            timeoutMs: min(settings.timeoutMs, message.deadline - nowMs)
        )
        begun.enter()
        client.send(request) { [begun] result in
            done(WebhookReply.outcome(of: result), service)
            begun.leave()
        }
    }

    package func drain() { begun.wait() }

    package func stop() {
        client.stop()
        begun.wait()
    }
}
