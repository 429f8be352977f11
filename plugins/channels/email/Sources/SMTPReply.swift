import PluginKit

/// A server's reply. What a refusal means stands in `SMTPRefusal`.
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

    /// Where it ends a connection: whom that concerns.
    var cause: Outcome.Cause {
        if case .tryAgain(_, _, let cause) = outcome(at: .recipient) { cause } else { .message }
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
