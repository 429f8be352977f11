import Engine
import Storage

/// What one step recorded, as the checkers see it once it is on disk.
struct Commit {
    let now: Instant
    let ranTimers: Bool
    let changes: Changes
    /// Whom anything happened to.
    let causes: Set<UserID>
}
