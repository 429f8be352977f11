import HTTPClient
import PluginKit

/// Firebase Cloud Messaging by its HTTP v1 API.
final class FCMService: PushService {
    let name = ServiceName.fcm
    private let url: String
    private let timeoutMs: Int64
    private let client: HTTPClient
    private let tokens: AccessTokens
    private let gate = Gate()
    private let trust = Trust()

    init(_ settings: PushSettings.FCM, _ transport: PushSettings.Transport) throws(PluginError) {
        url = "\(settings.base)/v1/projects/\(settings.account.projectID)/messages:send"
        timeoutMs = transport.timeoutMs
        var options = HTTPClient.Options()
        options.caFile = transport.caFile
        client = try HTTPClient(options)
        tokens = AccessTokens(settings.account, client, timeoutMs: transport.timeoutMs)
    }

    func push(
        _ notification: Notification,
        to token: PushToken,
        before deadlineMs: Int64,
        _ done: @escaping @Sendable (Verdict) -> Void
    ) {
        let (device, nowMs) = (token.text, SystemTime.nowMs())
        if let verdict = gate.verdict(nowMs: nowMs) { return done(verdict) }
        guard !device.isEmpty, device.utf8.count <= FCMBody.longestToken else {
            return done(.dead("the token is none"))
        }
        let body: [UInt8]
        do throws(Notification.Unsendable) {
            body = try FCMBody.bytes(of: notification, to: String(device), nowSeconds: nowMs / 1_000)
        } catch {
            return done(.refused(error.description))
        }
        push(body, notification.witness, before: deadlineMs, isSecond: false, done)
    }

    private func push(
        _ body: [UInt8],
        _ witness: Trust.Witness,
        before deadlineMs: Int64,
        isSecond: Bool,
        _ done: @escaping @Sendable (Verdict) -> Void
    ) {
        tokens.token { [self] answer in
            switch answer {
            case .none(let verdict): done(verdict)
            case .token(let token):
                let leftMs = deadlineMs - SystemTime.nowMs()
                guard leftMs > 0 else { return done(.again(afterMs: 0, "the deadline passed", .message)) }
                let request = HTTPRequest(
                    url: url,
                    headers: ["authorization: Bearer \(token)", "content-type: application/json"],
                    body: body,
                    timeoutMs: min(timeoutMs, leftMs)
                )
                client.send(request) { result in
                    if case .answered(let answer) = result, answer.status == 401, FCMReply(answer).isAboutToken {
                        self.tokens.forget(token)
                        if !isSecond { return self.push(body, witness, before: deadlineMs, isSecond: true, done) }
                    }
                    done(self.verdict(on: result, witness))
                }
            }
        }
    }

    private func verdict(on result: HTTPResult, _ witness: Trust.Witness) -> Verdict {
        switch result {
        case .failed(let fault):
            gate.close(after: fault, nowMs: SystemTime.nowMs())
            return Verdict.of(fault)
        case .answered(let answer):
            let verdict = trust.verdict(on: FCMReply(answer).finding, of: name.rawValue, to: witness)
            gate.close(after: verdict, nowMs: SystemTime.nowMs())
            return verdict
        }
    }

    func stop() { client.stop() }
}
