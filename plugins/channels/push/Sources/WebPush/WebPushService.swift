import Crypto
import Dispatch
import HTTPClient
import PluginKit

/// Web push (RFC 8030) to whichever push service a browser subscribed at.
///
/// Its troubles concern one push service among many, and so the message alone; that one's other messages are answered
/// here while it wants quiet.
final class WebPushService: PushService {
    let name = ServiceName.webpush
    private let vapid: VAPIDTokens
    private let timeoutMs: Int64
    private let client: HTTPClient
    private let gate = Gate()
    /// Each push is encrypted with a key of its own, which is nearly all that it costs: on every core.
    private let encryption = DispatchQueue(label: "triggerd.webpush", attributes: .concurrent)

    /// Where a message names no time to live; RFC 8030 demands one.
    private static let usualTTLSeconds: Int64 = 2_419_200

    init(_ settings: PushSettings.WebPush, _ transport: PushSettings.Transport) throws(PluginError) {
        vapid = VAPIDTokens(settings.vapid, subject: settings.subject)
        timeoutMs = transport.timeoutMs
        var options = HTTPClient.Options()
        options.caFile = transport.caFile
        client = try HTTPClient(options)
    }

    func push(
        _ notification: Notification,
        to token: Substring,
        before deadlineMs: Int64,
        _ done: @escaping @Sendable (Verdict) -> Void
    ) {
        let subscription: WebPushSubscription
        do throws(WebPushSubscription.Fault) {
            subscription = try WebPushSubscription(token)
        } catch {
            return done(.dead(error.description))
        }
        if let verdict = gate.verdict(subscription.endpoint.origin, nowMs: SystemTime.nowMs()) { return done(verdict) }
        encryption.async { self.push(notification, to: subscription, before: deadlineMs, done) }
    }

    private func push(
        _ notification: Notification,
        to subscription: WebPushSubscription,
        before deadlineMs: Int64,
        _ done: @escaping @Sendable (Verdict) -> Void
    ) {
        let nowMs = SystemTime.nowMs()
        let origin = subscription.endpoint.origin
        let leftMs = deadlineMs - nowMs
        guard leftMs > 0 else { return done(.again(afterMs: 0, "the deadline passed", .message)) }
        let plaintext = WebPushBody.bytes(of: notification)
        guard plaintext.count <= WebPushEncryption.longestPlaintext else {
            return done(
                .refused(
                    "the payload is of \(plaintext.count) bytes; web push takes \(WebPushEncryption.longestPlaintext)"
                )
            )
        }
        do {
            let request = HTTPRequest(
                url: subscription.endpoint.text,
                headers: headers(
                    notification,
                    authorization: try vapid.authorization(origin: origin, nowSeconds: nowMs / 1_000)
                ),
                body: try WebPushEncryption.seal(plaintext, to: subscription),
                timeoutMs: min(timeoutMs, leftMs)
            )
            client.send(request) { done(self.verdict(on: $0, origin)) }
        } catch {
            done(.again(afterMs: 0, "the push could not be encrypted or signed", .message))
        }
    }

    private func headers(_ notification: Notification, authorization: String) -> [String] {
        var headers = [
            "authorization: \(authorization)",
            "content-encoding: aes128gcm",
            "content-type: application/octet-stream",
            "ttl: \(notification.ttlSeconds ?? Self.usualTTLSeconds)",
        ]
        if let urgency = notification.urgency { headers.append("urgency: \(urgency.rawValue)") }
        if let collapseKey = notification.collapseKey { headers.append("topic: \(Self.topic(collapseKey))") }
        return headers
    }

    /// RFC 8030, 5.4: at most 32 characters of base64url; anything else is a digest of itself.
    private static func topic(_ key: String) -> String {
        let isTopic =
            key.utf8.count <= 32
            && key.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "-" || $0 == "_")
            }
        return isTopic ? key : Base64.encodedForURL(SHA256.hash(data: Array(key.utf8)).prefix(24))
    }

    private func verdict(on result: HTTPResult, _ origin: String) -> Verdict {
        let nowMs = SystemTime.nowMs()
        switch result {
        case .failed(let fault):
            gate.close(origin, after: fault, nowMs: nowMs, .message)
            return Verdict.ofOne(fault)
        case .answered(let answer):
            let verdict = WebPushReply.verdict(on: answer)
            if case .again(let waitMs, let reason, let cause) = verdict {
                gate.close(origin, forMs: waitMs, nowMs: nowMs, reason, cause)
            }
            return verdict
        }
    }

    func stop() { client.stop() }
}
