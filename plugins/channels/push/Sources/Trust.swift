import PluginKit
import Synchronization

/// Which services have shown that their settings are right, by accepting something since the start. Until then, and
/// when refusals pile up, an answer that a wrong setting gives as well takes no token away: its message is kept, and a
/// row of them rests the service.
package final class Trust: Sendable {
    fileprivate struct Record {
        var hasAccepted = false
        /// Since the last acceptance.
        var disputed = 0
        var believed = 0
    }

    /// By the service's label.
    private let records = Mutex<[String: Record]>([:])

    package init() {}

    /// What comes of an answer.
    package func verdict(on finding: Finding, of service: String) -> Verdict {
        records.withLock { records in
            if case .accepted = finding.verdict {
                if records[service] == nil { Self.makeRoom(&records) }
                records[service] = Record(hasAccepted: true)
                return finding.verdict
            }
            guard let doubt = finding.doubt else { return finding.verdict }
            if records[service] == nil { Self.makeRoom(&records) }
            return records[service, default: Record()].verdict(on: finding.verdict, doubt)
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
    fileprivate mutating func verdict(on verdict: Verdict, _ doubt: Doubt) -> Verdict {
        switch doubt.until {
        case .acceptance(let most):
            disputed += 1
            // What is refused costs no token: where the settings are known to be right, the row is the tokens' own.
            let isOver = hasAccepted && verdict.isRefusal
            if disputed >= most, !isOver { return rest(verdict, disputed, doubt) }
            guard !hasAccepted else { return verdict }
            let reason = "\(verdict.reason); no token was accepted since the start: \(doubt.setting)"
            return .again(afterMs: 0, reason, .message)
        case .row(let most):
            guard !hasAccepted else { return verdict }
            believed += 1
            return believed >= most ? rest(verdict, believed, doubt) : verdict
        }
    }

    private func rest(_ verdict: Verdict, _ count: Int, _ doubt: Doubt) -> Verdict {
        let row = "\(count) such answers in a row, and nothing accepted"
        return .again(afterMs: verdict.waitMs, "\(verdict.reason); \(row): \(doubt.setting)", .unavailable)
    }
}
