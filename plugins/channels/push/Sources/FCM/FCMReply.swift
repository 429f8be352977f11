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

    var finding: Finding {
        let reason = "FCM: \(answer.status)" + (code.map { " \($0)" } ?? "") + (field.map { " \($0)" } ?? "")
        func again(_ cause: Outcome.Cause, atLeastMs: Int64 = 0) -> Finding {
            Finding(.again(afterMs: answer.retryAfterMs == 0 ? atLeastMs : answer.retryAfterMs, reason, cause))
        }
        switch answer.status {
        case 200..<300: return Finding(.accepted(id: json?["name"]?.string ?? ""))
        case 400: return isAboutDevice ? aboutDevice(reason) : Finding(.refused(reason))
        case 401: return again(isAboutToken ? .unavailable : .message)
        // The token is good at another project: it is kept in any case.
        case 403 where code == "SENDER_ID_MISMATCH":
            return Finding(.refused(reason), doubt: Doubt(until: Self.untilAcceptance, setting: Self.project))
        case 403: return again(.unavailable)
        case 404 where code == "UNREGISTERED": return aboutDevice(reason)
        // It is the project or the URL that is not found: nothing to blame a token for.
        case 404: return again(.unavailable)
        case 408, 421: return again(.message)
        case 429: return again(isQuotaOfDevice ? .message : .throttled, atLeastMs: PushLimits.quotaWaitMs)
        case 500...: return again(.unavailable)
        default: return Finding(.refused(reason))
        }
    }

    private static let untilAcceptance = Doubt.Until.acceptance(inARow: PushLimits.disputesInARow)
    private static let project = "push.fcm_service_account may be of another Firebase project than the app"

    /// UNREGISTERED says that a token was one; INVALID_ARGUMENT only that it is none here.
    private func aboutDevice(_ reason: String) -> Finding {
        let isUnregistered = code == "UNREGISTERED"
        return Finding(
            .dead(reason),
            doubt: Doubt(
                until: isUnregistered
                    ? .row(beforeAcceptance: PushLimits.deathsBeforeAcceptance) : Self.untilAcceptance,
                setting: isUnregistered
                    ? Self.project : Self.project + ", or what stands behind `fcm:` another service's token"
            )
        )
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
