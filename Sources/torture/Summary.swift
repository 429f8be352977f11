import Engine

/// What runs came to.
struct Summary: CustomStringConvertible {
    var userYears = 0.0
    var turns = 0
    var commits = 0
    var starts = 0
    var sends = 0
    var reached: Set<Decision.Code> = []

    static func += (left: inout Summary, right: Summary) {
        left.userYears += right.userYears
        left.turns += right.turns
        left.commits += right.commits
        left.starts += right.starts
        left.sends += right.sends
        left.reached.formUnion(right.reached)
    }

    var description: String {
        "\(Int(userYears)) user-years, \(turns) turns, \(commits) commits, \(starts) starts, \(sends) sends"
    }

    /// Near misses are told to few, and as no decision; the others are a scenario's (11).
    private static let elsewhere: Set<Decision.Code> = [.propertyFilterMismatch, .duplicateEvent, .noSession]

    /// What was never decided.
    var missing: [String] {
        Decision.Code.allCases.filter { !reached.contains($0) && !Self.elsewhere.contains($0) }.map(\.rawValue)
    }
}
