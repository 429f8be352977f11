import HTTPClient
import PluginKit

/// What APNs says of one push: developer.apple.com, "Handling notification responses from APNs".
struct APNsReply {
    private let answer: HTTPAnswer
    private let code: String?

    init(_ answer: HTTPAnswer) {
        self.answer = answer
        code = answer.status == 200 ? nil : Reason.ofAPNs(JSONReader.value(answer.body)?["reason"]?.string)
    }

    var isExpiredProvider: Bool { code == "ExpiredProviderToken" }

    var verdict: Verdict {
        let waitMs = answer.retryAfterMs
        let reason = "APNs: \(answer.status)" + (code.map { " \($0)" } ?? "")
        switch (answer.status, code) {
        case (200..<300, _): return .accepted(id: answer.apnsID)
        case (400, "BadDeviceToken"): return .dead(reason)
        // Of the settings, not of the message: it waits until they are right.
        case (400, "BadTopic"), (400, "MissingTopic"), (400, "TopicDisallowed"):
            return .again(afterMs: waitMs, reason, .unavailable)
        case (400, "IdleTimeout"), (408, _), (421, _): return .again(afterMs: waitMs, reason, .message)
        case (401, _), (403, _): return .again(afterMs: waitMs, reason, .unavailable)
        case (410, _): return .dead(reason)
        // Too many to this device.
        case (429, "TooManyRequests"): return .again(afterMs: waitMs, reason, .message)
        case (429, "TooManyProviderTokenUpdates"): return .again(afterMs: waitMs, reason, .unavailable)
        case (429, _): return .again(afterMs: waitMs, reason, .throttled)
        case (500..., _): return .again(afterMs: waitMs, reason, .unavailable)
        default: return .refused(reason)
        }
    }
}
