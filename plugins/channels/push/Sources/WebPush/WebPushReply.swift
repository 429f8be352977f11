import HTTPClient
import PluginKit

/// What a push service says of one message: RFC 8030 and RFC 8292. Bodies differ from service to service and are not
/// looked at.
enum WebPushReply {
    static func verdict(on answer: HTTPAnswer) -> Verdict {
        let reason = "web push: \(answer.status)"
        switch answer.status {
        case 200..<300: return .accepted(id: "")
        case 404, 410: return .dead(reason)
        // RFC 8292, 4.2: also of one subscription, made with another key. One on a profile must not stop all others.
        case 401, 403: return .again(afterMs: answer.retryAfterMs, reason, .message)
        case 408, 421: return .again(afterMs: answer.retryAfterMs, reason, .message)
        case 429: return .again(afterMs: answer.retryAfterMs, reason, .throttled)
        case 500...: return .again(afterMs: answer.retryAfterMs, reason, .unavailable)
        default: return .refused(reason)
        }
    }
}
