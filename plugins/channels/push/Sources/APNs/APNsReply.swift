import HTTPClient
import PluginKit

/// What APNs says of one push: developer.apple.com, "Handling notification responses from APNs".
struct APNsReply {
    private let answer: HTTPAnswer
    private let json: Value?
    private let code: String?

    init(_ answer: HTTPAnswer) {
        self.answer = answer
        json = answer.status == 200 ? nil : JSONReader.value(answer.body)
        code = Reason.ofAPNs(json?["reason"]?.string)
    }

    var isExpiredProvider: Bool { code == "ExpiredProviderToken" }

    private static let environment = "push.apns_url may be of the other environment, sandbox or production"

    /// - Parameter tokenSinceMs: since when the profile has the token; 0 where nobody knows.
    func finding(tokenSinceMs: Int64, attempt: Int) -> Finding {
        let reason = "APNs: \(answer.status)" + (code.map { " \($0)" } ?? "")
        func again(_ cause: Outcome.Cause, _ setting: String = "") -> Finding {
            let reason = setting.isEmpty ? reason : "\(reason), see \(setting)"
            return Finding(.again(afterMs: answer.retryAfterMs, reason, cause))
        }
        func disputed(_ setting: String) -> Finding {
            let until = Doubt.Until.acceptance(inARow: PushLimits.disputesInARow)
            return Finding(.dead(reason), doubt: Doubt(until: until, setting: setting))
        }
        switch (answer.status, code) {
        case (200..<300, _): return Finding(.accepted(id: answer.apnsID))
        case (400, "BadDeviceToken"): return disputed(Self.environment)
        case (400, "DeviceTokenNotForTopic"): return disputed("push.apns_topic may be of another app")
        // Of the settings, not of the message: it waits until they are right.
        case (400, "BadTopic"), (400, "MissingTopic"), (400, "TopicDisallowed"):
            return again(.unavailable, "push.apns_topic")
        case (400, "BadCertificateEnvironment"), (403, "BadCertificateEnvironment"), (403, "BadEnvironmentKeyInToken"):
            return again(.unavailable, "push.apns_url")
        case (403, "InvalidProviderToken"), (403, "MissingProviderToken"):
            return again(.unavailable, "push.apns_key, push.apns_key_id and push.apns_team_id")
        case (400, "IdleTimeout"), (408, _), (421, _): return again(.message)
        case (401, _), (403, _): return again(.unavailable)
        case (410, _): return gone(reason, tokenSinceMs, attempt)
        // Too many to this device.
        case (429, "TooManyRequests"): return again(.message)
        case (429, "TooManyProviderTokenUpdates"): return again(.unavailable)
        case (429, _): return again(.throttled)
        case (500..., _): return again(.unavailable)
        default: return Finding(.refused(reason))
        }
    }

    /// The token was given up at the answer's timestamp. Whoever registered it again since has a good one, which Apple
    /// is still to learn.
    private func gone(_ reason: String, _ tokenSinceMs: Int64, _ attempt: Int) -> Finding {
        if let goneMs = json?["timestamp"]?.integer, tokenSinceMs > goneMs {
            let words = "\(reason), of a time before the profile had the token, which it keeps"
            guard attempt < PushLimits.triesAfterOldDeath else { return Finding(.refused(words)) }
            return Finding(.again(afterMs: 0, words, .message))
        }
        let until = Doubt.Until.row(beforeAcceptance: PushLimits.deathsBeforeAcceptance)
        return Finding(
            .dead(reason),
            doubt: Doubt(until: until, setting: Self.environment + ", or push.apns_topic of another app")
        )
    }
}
