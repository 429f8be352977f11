import HTTPClient
import PluginKit

/// What a receiver says: 2xx takes it, and what may pass is tried again. Bodies are not looked at.
enum WebhookReply {
    static func outcome(of result: HTTPResult) -> Outcome {
        switch result {
        // One receiver among many: only this message waits.
        case .failed(let fault): .tryAgain(after: 0, fault.reason, cause: .message)
        case .answered(let answer): outcome(of: answer)
        }
    }

    private static func outcome(of answer: HTTPAnswer) -> Outcome {
        let reason = "the receiver answered \(answer.status)"
        return switch answer.status {
        case 200..<300: .accepted(id: "")
        case 408, 425: .tryAgain(after: answer.retryAfterMs, reason, cause: .message)
        case 429: .tryAgain(after: answer.retryAfterMs, reason, cause: .throttled)
        case 500...: .tryAgain(after: answer.retryAfterMs, reason, cause: .message)
        default: .refused(reason)
        }
    }
}
