import HTTPClient
import PluginKit

/// What a push service says of one message: RFC 8030 and RFC 8292. Of its body only Apple's reason is told, such as
/// BadJwtToken; that of others differs from service to service.
struct WebPushReply {
    private let answer: HTTPAnswer

    init(_ answer: HTTPAnswer) { self.answer = answer }

    private static let key = Doubt(
        until: .row(beforeAcceptance: PushLimits.refusalsBeforeAcceptance),
        setting: "push.webpush_key may be another than the pages subscribe with, or push.webpush_subject nobody's"
    )

    var finding: Finding {
        let reason = "web push: \(answer.status)" + (code.map { " \($0)" } ?? "")
        func again(_ cause: Outcome.Cause) -> Verdict { .again(afterMs: answer.retryAfterMs, reason, cause) }
        switch answer.status {
        case 200..<300: return Finding(.accepted(id: ""))
        case 404, 410: return Finding(.dead(reason))
        // RFC 8292, 4.2: also of one subscription, made with another key. One on a profile must not stop all others.
        case 401, 403: return Finding(again(.message), doubt: Self.key)
        // So Apple says that the subscription was made with another key.
        case 400 where code == "VapidPkHashMismatch": return Finding(again(.message), doubt: Self.key)
        case 408, 421: return Finding(again(.message))
        case 429: return Finding(again(.throttled))
        case 500...: return Finding(again(.unavailable))
        default: return Finding(.refused(reason))
        }
    }

    private var code: String? {
        answer.status < 300 ? nil : Reason.ofAPNs(JSONReader.value(answer.body)?["reason"]?.string)
    }
}
