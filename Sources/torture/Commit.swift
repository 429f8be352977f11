import Engine
import Storage

/// What one step recorded, as the checkers see it once it is on disk.
struct Commit {
    let now: Instant
    let ranTimers: Bool
    let changes: Changes
    /// Whom anything happened to.
    let causes: Set<UserID>
    /// The plug-in that was missing.
    let lacks: String?
    /// Whether every plug-in was loaded.
    var isServed: Bool { lacks == nil }

    func setsZone(of user: UserID) -> Bool {
        changes.events.contains { $0.user == user && $0.set["time_zone"] != nil }
    }
}
