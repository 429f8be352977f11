import HTTPClient
import PluginKit

/// What a receiver says: 2xx takes it, and what may pass is tried again. Bodies are not looked at.
enum WebhookReply {
    case outcome(Outcome)
    /// It does not take this message now, and may once it was deployed, or knows the new secret: tried a few times.
    case refusal(afterMs: Int64, String)
    /// It wants nothing any more: left alone for long.
    case gone(String)

    init(_ result: HTTPResult) {
        switch result {
        case .failed(.keptOut):
            self = .outcome(.refused("url: \(HTTPFault.keptOut.reason), see webhook.allow_local"))
        case .failed(let fault) where Self.mayHaveArrived(fault):
            self = .outcome(.unknown(fault.reason, cause: Self.cause(of: fault)))
        case .failed(let fault): self = .outcome(.tryAgain(after: 0, fault.reason, cause: Self.cause(of: fault)))
        case .answered(let answer): self = Self.reply(answer)
        }
    }

    private static func mayHaveArrived(_ fault: HTTPFault) -> Bool {
        // RFC 9113, 8.7: such a stream was not looked at.
        if case .broken(let words, _) = fault, words.hasSuffix("REFUSED_STREAM") { return false }
        return fault.isSent
    }

    /// One receiver among many: the host lets it rest alone.
    private static func cause(of fault: HTTPFault) -> Outcome.Cause {
        switch fault {
        case .unreachable, .tls, .timeout, .silent, .broken(_, sent: false): .unavailable
        case .broken(_, sent: true), .notTaken, .stopped, .local, .keptOut: .message
        }
    }

    private static func reply(_ answer: HTTPAnswer) -> WebhookReply {
        let reason = "the receiver answered \(answer.status)"
        return switch answer.status {
        case 200..<300: .outcome(.accepted(id: ""))
        case 408, 425: .outcome(.tryAgain(after: answer.retryAfterMs, reason, cause: .message))
        case 429: .outcome(.tryAgain(after: answer.retryAfterMs, reason, cause: .throttled))
        case 500...: .outcome(.tryAgain(after: answer.retryAfterMs, reason, cause: .unavailable))
        case 401, 403, 404, 409, 421: .refusal(afterMs: answer.retryAfterMs, reason)
        case 410: .gone(reason)
        default: .outcome(.refused(reason))
        }
    }
}
