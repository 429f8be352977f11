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
    /// Longer than `timeout_seconds` may be: the channel says itself that no answer came in time.
    package static let deadlineSeconds = WebhookSettings.longestTimeoutSeconds + 60
    package static let messageFields = [
        Field(name: "url", type: .string, flags: [.template, .url], summary: "Where to, instead of the setting's."),
        Field(name: "type", type: .string, flags: .template, summary: "The payload's `type`; else the campaign."),
        Field(name: "data", type: .any, flags: .template, summary: "An object: the payload's `data`."),
        Field(name: "body", type: .any, flags: .template, summary: "A payload of one's own, instead of all that."),
        Field(name: "headers", type: .any, flags: .template, summary: "An object: more headers."),
        Field(name: "secret", type: .string, summary: "The name in `secrets` of the one that signs it."),
    ]
    package static let settingFields = WebhookSettings.fields
    package static let addressField: String? = nil
    package static let statusField: String? = nil
    package static let consentField: String? = nil

    private let settings: WebhookSettings
    /// For URLs that are the operator's own.
    private let trusting: HTTPClient
    /// For URLs that an event or a profile had a part in. A client has connections of its own: none that the other one
    /// opened to this machine is used again.
    private let checking: HTTPClient
    private let memory = ReceiverMemory()
    private let begun = DispatchGroup()

    package init(settings: Value) throws {
        self.settings = try WebhookSettings(settings)
        var options = HTTPClient.Options()
        options.caFile = self.settings.caFile
        // Nothing to be multiplexed, and no receiver is without HTTP/1.1.
        options.isHTTP2 = false
        options.plainConnections = 16
        options.mostActive = WebhookLimits.mostActive
        trusting = try HTTPClient(options, agent: "triggerd-webhook")
        options.isInternetOnly = !self.settings.mayStayLocal
        checking = try HTTPClient(options, agent: "triggerd-webhook")
    }

    package static func check(_ fields: Value) throws {
        for name in ["url", "type", "secret"] where fields[name]?.string?.isEmpty ?? false {
            throw PluginError("\(name): it is empty: write a value, or leave it out")
        }
        if let url = fields["url"]?.string, !isTemplate(url) { _ = try address(url) }
        switch fields["data"] {
        case nil, .null?, .object?: break
        default: throw PluginError("data: it must be an object")
        }
        _ = try WebhookHeaders(fields["headers"], isRendered: false)
        if let name = fields["secret"]?.string, !WebhookSecrets.isName(name) {
            throw PluginError("secret: it must be the name of one in webhook.secrets, and never a secret itself")
        }
        switch fields["body"] {
        case nil, .null?: break
        default:
            for other in ["type", "data"] where fields[other] != nil {
                throw PluginError("body: it is all that is posted, so \(other) would be of no use beside it")
            }
        }
    }

    static func isTemplate(_ text: String) -> Bool { ["{{", "{%", "{#"].contains { text.contains($0) } }

    private static func address(_ url: String) throws(PluginError) -> WebAddress {
        do throws(WebAddress.Fault) {
            return try WebAddress(url)
        } catch {
            throw PluginError("url: the URL \(error)")
        }
    }

    package func service(of message: Message) -> String {
        if let missing = missing(for: message) { return missing.setting }
        guard let url = url(of: message), let address = try? WebAddress(url) else { return "" }
        return service(of: address)
    }

    /// Its host and port, and of a URL that said 410 that one alone.
    private func service(of address: WebAddress) -> String {
        ServiceLabel.of([memory.knowsGone(address.text) ? address.nameOfPart : address.place])
    }

    /// A URL that a template left empty is no URL: what was meant for one receiver goes to no other.
    private func url(of message: Message) -> String? { message.text("url") ?? settings.url }

    /// What the settings lack for the message: its like wait together until an operator has set it.
    private func missing(for message: Message) -> (setting: String, reason: String)? {
        guard url(of: message) != nil else {
            return ("webhook.url", "neither the message's url nor webhook.url is set")
        }
        let name = message.text("secret").flatMap { $0.isEmpty ? nil : $0 }
        do throws(PluginError) {
            _ = try settings.secrets.secret(name)
            return nil
        } catch {
            return (name.map { "webhook.secrets \($0)" } ?? "webhook.secret", error.description)
        }
    }

    package func send(_ message: Message, _ send: Send) {
        deliver(message) { outcome, service in send.complete(outcome, service: service) }
    }

    /// What `send` does; `done` is called exactly once, from any thread, with the host and port that was posted to.
    package func deliver(_ message: Message, _ done: @escaping @Sendable (Outcome, _ service: String) -> Void) {
        let service = service(of: message)
        let nowMs = SystemTime.nowMs()
        guard message.deadline > nowMs else { return done(.tryAgain(after: 0, "the deadline passed"), service) }
        if let missing = missing(for: message) {
            return done(.tryAgain(after: 0, missing.reason, cause: .unavailable), service)
        }
        let address: WebAddress
        let request: HTTPRequest
        do throws(PluginError) {
            address = try Self.address(url(of: message) ?? "")
            request = try self.request(message, to: address, nowMs: nowMs)
        } catch {
            return done(.refused(error.description), service)
        }
        if let waitMs = memory.restMs(address.text, nowMs: nowMs) {
            let reason = "the URL answered 410 a while ago, and is left alone"
            return done(.tryAgain(after: waitMs, reason, cause: .unavailable), service)
        }
        begun.enter()
        client(for: address, of: message).send(request) { [self] result in
            let outcome = Self.outcome(of: WebhookReply(result), message.key, address, memory)
            // What it said may have given it a name of its own.
            done(outcome, self.service(of: address))
            begun.leave()
        }
    }

    private func request(
        _ message: Message,
        to address: WebAddress,
        nowMs: Int64
    ) throws(PluginError) -> HTTPRequest {
        let secret = try settings.secrets.secret(message.text("secret").flatMap { $0.isEmpty ? nil : $0 })
        let headers = try WebhookHeaders(message["headers"], isRendered: true)
        let payload = try WebhookPayload(message)
        return HTTPRequest(
            url: address.text,
            headers: secret.headers(id: message.key, seconds: nowMs / 1_000, payload: payload.bytes)
                + (headers.namesContentType ? [] : ["content-type: \(payload.contentType)"]) + headers.lines,
            body: payload.bytes,
            timeoutMs: min(settings.timeoutMs, message.deadline - nowMs)
        )
    }

    /// Whoever writes settings and campaigns may name any host, this machine's own too; who makes a profile may not.
    private func client(for address: WebAddress, of message: Message) -> HTTPClient {
        guard message.text("url") != nil, let lead = message.leads["url"] else { return trusting }
        return lead < address.byteCountOfPlace ? checking : trusting
    }

    private static func outcome(
        of reply: WebhookReply,
        _ key: String,
        _ address: WebAddress,
        _ memory: ReceiverMemory
    ) -> Outcome {
        switch reply {
        case .refusal(let waitMs, let reason):
            if memory.refused(key) < WebhookLimits.mostRefusals { return .tryAgain(after: waitMs, reason) }
            memory.forget(key)
            return .refused(reason)
        case .gone(let reason):
            memory.leaveAlone(address.text, nowMs: SystemTime.nowMs())
            return .tryAgain(after: WebhookLimits.goneMs, reason, cause: .unavailable)
        case .outcome(.tryAgain(let waitMs, let reason, let cause)):
            return .tryAgain(after: waitMs, reason, cause: cause)
        case .outcome(let outcome):
            memory.forget(key)
            return outcome
        }
    }

    package func drain() { begun.wait() }

    package func stop() {
        trusting.stop()
        checking.stop()
        begun.wait()
    }
}
