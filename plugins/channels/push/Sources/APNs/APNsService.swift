import Encodings
import HTTPClient
import PluginKit
import Synchronization

/// The Apple Push Notification service, over HTTP/2 with a provider token.
final class APNsService: PushService {
    let name = ServiceName.apns
    private let base: String
    private let topic: String
    private let timeoutMs: Int64
    private let client: HTTPClient
    private let provider: Mutex<ProviderToken>
    private let gate = Gate()
    private let trust = Trust()

    private static let longestToken = 512

    init(_ settings: PushSettings.APNs, _ transport: PushSettings.Transport) throws(PluginError) {
        base = settings.base
        topic = settings.topic
        timeoutMs = transport.timeoutMs
        let signer = settings.signer
        provider = Mutex(ProviderToken { try signer.token(nowSeconds: $0) })
        var options = HTTPClient.Options()
        options.caFile = transport.caFile
        client = try HTTPClient(options)
    }

    func push(
        _ notification: Notification,
        to token: PushToken,
        before deadlineMs: Int64,
        _ done: @escaping @Sendable (Verdict) -> Void
    ) {
        let device = token.text
        let nowMs = SystemTime.nowMs()
        if let verdict = gate.verdict(nowMs: nowMs) { return done(verdict) }
        guard !device.isEmpty, device.utf8.count <= Self.longestToken else { return done(.dead("the token is none")) }
        let leftMs = deadlineMs - nowMs
        guard leftMs > 0 else { return done(.again(afterMs: 0, "the deadline passed", .message)) }
        do {
            let request = HTTPRequest(
                url: "\(base)/3/device/\(percentEncoded(device))",
                headers: APNsHeaders.of(notification, token: device, topic: topic, nowSeconds: nowMs / 1_000),
                body: try APNsBody.bytes(of: notification),
                timeoutMs: min(timeoutMs, leftMs)
            )
            let provider = try provider.withLock { try $0.current(nowSeconds: nowMs / 1_000) }
            send(request, provider, isSecond: false, (token.sinceMs, notification), done)
        } catch let error as Notification.Unsendable {
            done(.refused(error.description))
        } catch {
            done(.again(afterMs: 0, "apns_key: it signs nothing", .unavailable))
        }
    }

    private func send(
        _ request: HTTPRequest,
        _ provider: String,
        isSecond: Bool,
        _ known: (sinceMs: Int64, notification: Notification),
        _ done: @escaping @Sendable (Verdict) -> Void
    ) {
        var signed = request
        signed.headers.append("authorization: bearer \(provider)")
        client.send(signed) { [self] result in
            if case .answered(let answer) = result, answer.status == 403, !isSecond,
                APNsReply(answer).isExpiredProvider, let fresh = replacement(for: provider)
            {
                return send(request, fresh, isSecond: true, known, done)
            }
            done(verdict(on: result, known))
        }
    }

    private func replacement(for expired: String) -> String? {
        // A key that signed once signs again; where it does not, the answer stands.
        try? provider.withLock { try $0.replacement(for: expired, nowSeconds: SystemTime.nowMs() / 1_000) }
    }

    private func verdict(on result: HTTPResult, _ known: (sinceMs: Int64, notification: Notification)) -> Verdict {
        switch result {
        case .failed(let fault):
            gate.close(after: fault, nowMs: SystemTime.nowMs())
            return Verdict.of(fault)
        case .answered(let answer):
            let finding = APNsReply(answer).finding(tokenSinceMs: known.sinceMs, attempt: known.notification.attempt)
            let verdict = trust.verdict(on: finding, of: name.rawValue, to: known.notification.witness)
            gate.close(after: verdict, nowMs: SystemTime.nowMs())
            return verdict
        }
    }

    func stop() { client.stop() }
}
