import Cryptography
import HTTPClient
import PluginKit

/// Web push (RFC 8030) to whichever push service a browser subscribed at.
///
/// Each is known to the host by its origin, and has a pace and a rest of its own.
final class WebPushService: PushService {
    let name = ServiceName.webpush
    private let vapid: VAPIDTokens
    private let timeoutMs: Int64
    private let mayStayLocal: Bool
    private let client: HTTPClient
    private let gate = Gate()
    private let trust = Trust()
    /// Each push is encrypted with a key of its own, which is nearly all that it costs.
    private let encryption = EncryptionQueue()

    init(_ settings: PushSettings.WebPush, _ transport: PushSettings.Transport) throws(PluginError) {
        vapid = VAPIDTokens(settings.vapid, subject: settings.subject)
        mayStayLocal = settings.mayStayLocal
        timeoutMs = transport.timeoutMs
        var options = HTTPClient.Options()
        options.caFile = transport.caFile
        options.isInternetOnly = !settings.mayStayLocal
        client = try HTTPClient(options)
    }

    func label(of token: Substring) -> String { WebPushSubscription.origin(of: token) ?? name.rawValue }

    func push(
        _ notification: Notification,
        to token: PushToken,
        before deadlineMs: Int64,
        _ done: @escaping @Sendable (Verdict) -> Void
    ) {
        let subscription: WebPushSubscription
        do throws(WebPushSubscription.Fault) {
            subscription = try WebPushSubscription(token.text)
        } catch {
            return done(.dead(error.description))
        }
        let origin = subscription.endpoint.origin
        // A profile is written by anybody: what it names is reached over TLS, and on the internet alone.
        guard mayStayLocal || subscription.endpoint.isSecure else {
            return done(.refused("the subscription's endpoint is http: on this machine, see push.allow_local"))
        }
        if let verdict = gate.verdict(origin, nowMs: SystemTime.nowMs()) { return done(verdict) }
        encryption.add {
            switch self.request(notification, to: subscription, origin, before: deadlineMs) {
            case .success(let request):
                { self.client.send(request) { done(self.verdict(on: $0, origin, notification.witness)) } }
            case .failure(let unsent): { done(unsent.verdict) }
            }
        }
    }

    /// Why there is no request.
    private struct Unsent: Error {
        let verdict: Verdict
    }

    private func request(
        _ notification: Notification,
        to subscription: WebPushSubscription,
        _ origin: String,
        before deadlineMs: Int64
    ) -> Result<HTTPRequest, Unsent> {
        let nowMs = SystemTime.nowMs()
        let leftMs = deadlineMs - nowMs
        guard leftMs > 0 else {
            return .failure(Unsent(verdict: .again(afterMs: 0, "the deadline passed", .message)))
        }
        let plaintext = WebPushBody.bytes(of: notification)
        let longest = WebPushEncryption.longestPlaintext
        guard plaintext.count <= longest else {
            let reason = "the payload is of \(plaintext.count) bytes; web push takes \(longest)"
            return .failure(Unsent(verdict: .refused(reason)))
        }
        do {
            let authorization = try vapid.authorization(origin: origin, nowSeconds: nowMs / 1_000)
            return .success(
                HTTPRequest(
                    url: subscription.endpoint.text,
                    headers: WebPushHeaders.of(notification, authorization: authorization),
                    body: try WebPushEncryption.seal(plaintext, to: subscription, ephemeral: P256PrivateKey()),
                    timeoutMs: min(timeoutMs, leftMs)
                )
            )
        } catch {
            let reason = "the push could not be encrypted or signed"
            return .failure(Unsent(verdict: .again(afterMs: 0, reason, .message)))
        }
    }

    private func verdict(on result: HTTPResult, _ origin: String, _ witness: Trust.Witness) -> Verdict {
        let nowMs = SystemTime.nowMs()
        switch result {
        case .failed(let fault):
            gate.close(origin, after: fault, nowMs: nowMs)
            return Verdict.of(fault)
        case .answered(let answer):
            let verdict = trust.verdict(on: WebPushReply(answer).finding, of: origin, to: witness)
            gate.close(origin, after: verdict, nowMs: nowMs)
            return verdict
        }
    }

    func stop() { client.stop() }
}
