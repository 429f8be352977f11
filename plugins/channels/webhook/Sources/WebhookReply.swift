import HTTPClient
import PluginKit

/// What a receiver says: 2xx takes it, and what may pass is tried again. Bodies are not looked at.
enum WebhookReply {
    static func outcome(of result: HTTPResult) -> Outcome {
        switch result {
        case .failed(let fault): .tryAgain(after: 0, fault.reason, cause: cause(of: fault))
        case .answered(let answer): outcome(of: answer)
        }
    }

    /// One receiver among many: the host lets it rest alone.
    private static func cause(of fault: HTTPFault) -> Outcome.Cause {
        switch fault {
        case .unreachable, .tls, .timeout, .silent, .broken(_, sent: false): .unavailable
        case .broken(_, sent: true), .notTaken, .stopped, .local: .message
        }
    }

    private static func outcome(of answer: HTTPAnswer) -> Outcome {
        let reason = "the receiver answered \(answer.status)"
        return switch answer.status {
        case 200..<300: .accepted(id: "")
        case 408, 425: .tryAgain(after: answer.retryAfterMs, reason, cause: .message)
        case 429: .tryAgain(after: answer.retryAfterMs, reason, cause: .throttled)
        case 500...: .tryAgain(after: answer.retryAfterMs, reason, cause: .unavailable)
        default: .refused(reason)
        }
    }
}
