import CCurl
import PluginKit

/// How a hand-over ended, and what that means for the message.
package struct SMTPReply: Sendable {
    package var fault: ccurl_fault
    package var stage: ccurl_stage
    /// 0: the server said nothing.
    package var code: Int
    package var recipientLater: Bool
    /// The reply's lines as they came.
    package var text: String
    /// libcurl's words.
    package var error: String

    package init(
        fault: ccurl_fault,
        stage: ccurl_stage,
        code: Int,
        recipientLater: Bool = false,
        text: String,
        error: String = ""
    ) {
        self.fault = fault
        self.stage = stage
        self.code = code
        self.recipientLater = recipientLater
        self.text = text
        self.error = error
    }

    private static let connectionWaitMs: Int64 = 5_000
    private static let busyWaitMs: Int64 = 30_000
    /// Somebody has to repair the configuration first.
    private static let repairWaitMs: Int64 = 60_000

    package func outcome(recipients: [String]) -> Outcome {
        switch fault {
        case CCURL_NONE: .accepted(id: line)
        case CCURL_REPLY: replied(recipients: recipients)
        case CCURL_UNREACHABLE: .tryAgain(after: Self.connectionWaitMs, "no connection: \(error)")
        case CCURL_TIMEOUT: .tryAgain(after: Self.busyWaitMs, "no answer in time: \(error)")
        case CCURL_TLS: .tryAgain(after: Self.repairWaitMs, "no trusted TLS connection: \(error)")
        case CCURL_LOGIN: .tryAgain(after: Self.repairWaitMs, "the login failed: \(line.isEmpty ? error : line)")
        case CCURL_ABORTED: .tryAgain(after: Self.connectionWaitMs, "the channel stops")
        default: .tryAgain(after: Self.busyWaitMs, "libcurl: \(error)")
        }
    }

    private func replied(recipients: [String]) -> Outcome {
        // Of several recipients the one that may be taken later decides.
        if code / 100 == 4 || recipientLater { return .tryAgain(after: Self.busyWaitMs, line) }
        // Said to us, before or instead of a word about the message.
        if stage == CCURL_CONNECTING || Self.loginCodes.contains(code) {
            return .tryAgain(after: Self.repairWaitMs, line)
        }
        if stage == CCURL_RECIPIENT, saysNobodyIsThere, let address = recipients.last {
            return .addressDead(address, line)
        }
        return .refused(line)
    }

    /// RFC 4954, 6, and 530 of RFC 3207: log in first, another mechanism, encrypt first.
    private static let loginCodes: Set<Int> = [530, 534, 535, 538]

    /// RFC 3463, 3.2 and 3.3; RFC 7505: bad mailbox, bad system, bad syntax, moved away, takes no
    /// mail, disabled. A server that gives no such code means 550, 551 and 553 so.
    private var saysNobodyIsThere: Bool {
        guard let detail else { return [550, 551, 553].contains(code) }
        return ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"].contains(detail)
    }

    /// The enhanced status, first in the text or, as some write it, at its end as `(#5.7.1)`.
    private var detail: String? {
        text.split(whereSeparator: { !$0.isASCII || !($0.isNumber || $0 == ".") })
            .first { token in
                let numbers = token.split(separator: ".", omittingEmptySubsequences: false)
                return numbers.count == 3 && numbers[0] == "5" && numbers.allSatisfy { (1...3).contains($0.count) }
            }
            .map(String.init)
    }

    /// The reply on one line: `550 5.1.1 No such user`.
    private var line: String {
        let lines = text.split(whereSeparator: \.isNewline)
        guard code > 0, !lines.isEmpty else { return "" }
        let words = lines.map { $0.dropFirst(4).filter { !$0.unicodeScalars.contains(where: \.isControl) } }
        return String("\(code) \(words.joined(separator: " "))".prefix(Self.longestLine))
    }

    private static let longestLine = 300
}
