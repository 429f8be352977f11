import HTTPClient
import PluginKit

/// What FCM says of one message: firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode.
struct FCMReply {
    private let answer: HTTPAnswer
    private let json: Value?

    init(_ answer: HTTPAnswer) {
        self.answer = answer
        json = JSONReader.value(answer.body)
    }

    /// Of a 401: whether it is about the access token.
    var isAboutToken: Bool { code != "THIRD_PARTY_AUTH_ERROR" }

    var verdict: Verdict {
        let waitMs = answer.retryAfterMs
        let reason = "FCM: \(answer.status)" + (code.map { " \($0)" } ?? "") + (field.map { " \($0)" } ?? "")
        switch answer.status {
        case 200..<300: return .accepted(id: json?["name"]?.string ?? "")
        case 400: return isAboutDevice ? .dead(reason) : .refused(reason)
        case 401:
            return .again(afterMs: waitMs, reason, isAboutToken ? .unavailable : .message)
        case 403: return code == "SENDER_ID_MISMATCH" ? .refused(reason) : .again(afterMs: waitMs, reason, .unavailable)
        // Without UNREGISTERED it is the project or the URL that is not found: nothing to blame a token for.
        case 404: return code == "UNREGISTERED" ? .dead(reason) : .again(afterMs: waitMs, reason, .unavailable)
        case 408, 421: return .again(afterMs: waitMs, reason, .message)
        case 429: return .again(afterMs: waitMs, reason, isQuotaOfDevice ? .message : .throttled)
        case 500...: return .again(afterMs: waitMs, reason, .unavailable)
        default: return .refused(reason)
        }
    }

    private var details: [Value] {
        if case .array(let details)? = json?["error"]?["details"] { details } else { [] }
    }

    private var code: String? {
        let own = details.lazy.compactMap { Reason.ofFCM($0["errorCode"]?.string) }.first
        return own ?? Reason.ofFCM(json?["error"]?["status"]?.string)
    }

    private func violations(_ name: String) -> [Value] {
        details.flatMap { detail in
            if case .array(let violations)? = detail[name] { violations } else { [Value]() }
        }
    }

    /// The field that a 400 is about.
    private var field: String? {
        violations("fieldViolations").lazy.compactMap { Reason.field($0["field"]?.string) }.first
    }

    /// INVALID_ARGUMENT is of the message or of the token; only the field, or for want of one the text, says which.
    private var isAboutDevice: Bool {
        if code == "UNREGISTERED" || field == "message.token" { return true }
        guard code == "INVALID_ARGUMENT", field == nil else { return false }
        return json?["error"]?["message"]?.string?.contains("registration token is not") ?? false
    }

    private var isQuotaOfDevice: Bool {
        violations("violations").contains { violation in
            [violation["subject"], violation["description"]].contains { $0?.string?.contains("device") ?? false }
        }
    }
}
