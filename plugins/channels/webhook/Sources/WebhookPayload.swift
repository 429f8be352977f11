import HTTPClient
import PluginKit

/// The JSON that is posted.
enum WebhookPayload {
    /// Standard Webhooks counsels to keep payloads small; beyond this a receiver is likely to refuse.
    private static let longest = 1 << 20

    static func bytes(of message: Message, nowMs: Int64) throws(PluginError) -> [UInt8] {
        let type = message.text("type").flatMap { $0.isEmpty ? nil : $0 } ?? message.campaign
        var json = JSONWriter()
        json.raw("{")
        json.member("type", type)
        json.member("timestamp", timestamp(nowMs))
        json.member("campaign", message.campaign)
        json.member("user", message.user)
        switch message["data"] {
        case nil, .null?: json.member("data", .object([]))
        case .object(let members)?: json.member("data", .object(members))
        default: throw PluginError("data: it is an object")
        }
        json.raw("}")
        guard json.bytes.count <= longest else {
            throw PluginError("the payload is of \(json.bytes.count) bytes, and not of at most \(longest)")
        }
        return json.bytes
    }

    /// RFC 3339, in UTC with milliseconds.
    static func timestamp(_ ms: Int64) -> String {
        let days = Int((ms / 86_400_000))
        let rest = Int(ms % 86_400_000)
        // Days into years of 400 that begin in March: howardhinnant.github.io/date_algorithms.html.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let day = shifted % 146_097
        let yearOfEra = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, 2))"
        let seconds = rest / 1_000
        let time = "\(padded(seconds / 3_600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        return "\(date)T\(time).\(padded(rest % 1_000, 3))Z"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
