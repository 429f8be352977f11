import PluginKit

/// A server's reply, and what it means for a message.
package struct SMTPReply: Sendable, Equatable {
    package let code: Int
    /// Its lines joined, without their codes.
    package let text: String

    package init(code: Int, text: String) {
        self.code = code
        self.text = text
    }

    package var isPositive: Bool { code / 100 == 2 }

    /// The reply on one line: `550 5.1.1 No such user`.
    package var line: String {
        let visible = text.utf8.allSatisfy { (0x20...0x7E).contains($0) } ? text : text.withoutControls
        return text.isEmpty ? "\(code)" : String("\(code) \(visible)".prefix(Self.longestLine))
    }

    private static let longestLine = 300

    /// A refusal of what is said of a message: its sender, its content, or one recipient.
    package var outcome: Outcome {
        if code / 100 == 4 { return .tryAgain(after: 0, line, cause: cause) }
        // RFC 4954, 6, and 530 of RFC 3207: log in first, another mechanism, encrypt first.
        if [530, 534, 535, 538].contains(code) { return .tryAgain(after: 0, line, cause: .unavailable) }
        return .refused(line)
    }

    /// Whom a 4xx concerns.
    package var cause: Outcome.Cause {
        let lower = text.lowercased()
        if ["greylist", "graylist", "grey-list", "gray-list"].contains(where: lower.contains) { return .message }
        guard [421, 450, 451, 452].contains(code) else { return .message }
        let detail = detail ?? ""
        // RFC 3463, 3.3: X.2 is of one mailbox.
        if detail.hasPrefix("4.2.") { return .message }
        return speaksOfTooMany || detail == "4.3.2" || detail.hasPrefix("4.7.") ? .throttled : .message
    }

    /// Whether it says that the server wants fewer letters, or fewer connections.
    package var speaksOfTooMany: Bool {
        let lower = text.lowercased()
        return ["too many", "too fast", "slow down"].contains(where: lower.contains)
            || lower.split(whereSeparator: { !$0.isLetter }).contains { word in
                ["rate", "throttl", "limit", "concurren"].contains { word.hasPrefix($0) }
            }
    }

    /// RFC 3463, 3.2 and 3.3; RFC 7505: bad mailbox, bad system, bad syntax, moved away, takes no
    /// mail, disabled. A server that gives no such code means 550, 551 and 553 so.
    package var saysNobodyIsThere: Bool {
        guard code / 100 == 5 else { return false }
        guard let detail else { return [550, 551, 553].contains(code) }
        return ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"].contains(detail)
    }

    /// The enhanced status (RFC 2034), first in the text or, as some write it, at its end as `(#5.7.1)`.
    package var detail: String? {
        text.split(whereSeparator: { !$0.isASCII || !($0.isNumber || $0 == ".") })
            .first { token in
                let numbers = token.split(separator: ".", omittingEmptySubsequences: false)
                return numbers.count == 3 && numbers[0] == "\(code / 100)"
                    && numbers.allSatisfy { (1...3).contains($0.count) }
            }
            .map(String.init)
    }
}
