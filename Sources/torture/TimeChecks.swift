import Engine
import Host
import Storage

/// 13: receipts never decrease; over starts, as far as what was recorded tells a start what time it was.
struct TimeChecks {
    /// The instant of the last step since the start, or from where time had to go on.
    private var last = Instant(milliseconds: .min)
    /// What is on disk.
    private var events: [(user: UserID, receipt: Instant)] = []
    private var decisions: [(user: UserID, at: Instant)] = []

    /// A daemon starts, and the clock says this. Of what lies too far ahead it is believed that the clock was wrong then.
    mutating func started(_ wall: Instant) {
        let told = events.map(\.receipt) + (decisions.last.map { [$0.at] } ?? [])
        last = told.filter { $0 > wall && $0 - wall <= HostLimits.longestSetBack }.max() ?? wall
    }

    mutating func check(_ commit: Commit) throws {
        try torture.check(commit.now >= last, "received at \(commit.now), after something at \(last)")
        last = commit.now
        let gone = Set(commit.changes.deletedUsers)
        if !gone.isEmpty {
            events.removeAll { gone.contains($0.user) }
            decisions.removeAll { gone.contains($0.user) }
        }
        events += commit.changes.events.map { ($0.user, $0.receivedAt) }
        decisions += commit.changes.decisions.map { ($0.decision.user, $0.decision.at) }
    }
}
