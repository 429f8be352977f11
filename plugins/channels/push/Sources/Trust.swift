import PluginKit
import Synchronization

/// Which services have shown that their settings are right, by accepting something since the start. Until then, and
/// when refusals pile up, an answer that a wrong setting gives as well takes no token away: its message is kept and
/// waits aside, and health names the setting.
package final class Trust: Sendable {
    /// Whose try an answer is to.
    package struct Witness: Sendable {
        /// All tokens of one user count once in a row, however many the profile holds; another try counts again.
        fileprivate let mark: Int
        /// The service was doubted when it was asked, since before the start perhaps.
        fileprivate let isInDoubt: Bool

        package init(user: String, attempt: Int, isInDoubt: Bool) {
            var hasher = Hasher()
            hasher.combine(Array(user.utf8))
            hasher.combine(attempt)
            mark = hasher.finalize()
            self.isInDoubt = isInDoubt
        }
    }

    /// Answers that may be of a wrong setting, since the last acceptance.
    fileprivate struct Row {
        private var marks: Set<Int> = []
        private(set) var isFull = false

        mutating func add(_ witness: Witness, most: Int) {
            guard !isFull else { return }  // One more changes nothing.
            marks.insert(witness.mark)
            guard witness.isInDoubt || marks.count >= most else { return }  // They may still be the tokens' own.
            isFull = true
            marks = []
        }
    }

    fileprivate struct Record {
        var hasAccepted = false
        var disputed = Row()
        var believed = Row()
    }

    /// By the service's label.
    private let records = Mutex<[String: Record]>([:])

    package init() {}

    /// What comes of an answer.
    package func verdict(on finding: Finding, of service: String, to witness: Witness) -> Verdict {
        records.withLock { records in
            if case .accepted = finding.verdict {
                if records[service] == nil { Self.makeRoom(&records) }
                records[service] = Record(hasAccepted: true)
                return finding.verdict
            }
            guard let doubt = finding.doubt else { return finding.verdict }
            if records[service] == nil { Self.makeRoom(&records) }
            return records[service, default: Record()].verdict(on: finding.verdict, doubt, witness)
        }
    }

    /// What accepted nothing is forgotten first: anybody may name a service that does not exist.
    private static func makeRoom(_ records: inout [String: Record]) {
        guard records.count >= PushLimits.mostServices else { return }
        records = records.filter { $0.value.hasAccepted }
        if records.count >= PushLimits.mostServices { records = [:] }
    }
}

extension Trust.Record {
    fileprivate mutating func verdict(on verdict: Verdict, _ doubt: Doubt, _ witness: Trust.Witness) -> Verdict {
        switch doubt.until {
        case .acceptance(let most):
            disputed.add(witness, most: most)
            // What is refused costs no token: where the settings are known to be right, the row is the tokens' own.
            let isOver = hasAccepted && verdict.isRefusal
            if disputed.isFull, !isOver { return doubted(verdict, most, doubt) }
            guard !hasAccepted else { return verdict }
            let reason = "\(verdict.reason); no token was accepted since the start: \(doubt.setting)"
            return .again(afterMs: 0, reason, .message)
        case .row(let most):
            guard !hasAccepted else { return verdict }
            believed.add(witness, most: most)
            return believed.isFull ? doubted(verdict, most, doubt) : verdict
        }
    }

    private func doubted(_ verdict: Verdict, _ most: Int, _ doubt: Doubt) -> Verdict {
        let row = "\(most) such answers and more in a row, and nothing accepted"
        return .again(afterMs: verdict.waitMs, "\(verdict.reason); \(row): \(doubt.setting)", .doubted)
    }
}
