import Engine
import Storage
import Synchronization

/// Tells who watches what was decided, once it is on disk. It costs the engine's thread a lock where nobody does, and
/// a call for each watcher that it concerns: what they are sent, they read from the store in their own time.
final class DecisionFeed: Sendable {
    /// Called on the engine's thread with the decisions of a commit, or with none where a session of the user started.
    typealias Tell = @Sendable ([StoredDecision]) -> Void

    private struct Watching {
        var newest: UInt64
        var last = 0
        /// Of everybody.
        var all: [Int: Tell] = [:]
        var users: [UserID: [Int: Tell]] = [:]
        var count = 0
    }

    private let watching: Mutex<Watching>
    private let most: Int

    init(newest: UInt64, most: Int) {
        watching = Mutex(Watching(newest: newest))
        self.most = most
    }

    /// Of the last commit that decided anything: what has no greater number is on disk.
    var newest: UInt64 { watching.withLock { $0.newest } }

    var watchesUsers: Bool { watching.withLock { !$0.users.isEmpty } }

    func publish(_ decisions: [StoredDecision]) {
        guard let last = decisions.last else { return }  // Nothing was decided.
        let told = watching.withLock { watching -> [(Tell, [StoredDecision])] in
            watching.newest = max(watching.newest, last.decision.sequence)
            if watching.count == 0 { return [] }
            var told = watching.all.values.map { ($0, decisions) }
            guard !watching.users.isEmpty else { return told }  // All watch everybody.
            var own: [UserID: [StoredDecision]] = [:]
            for stored in decisions where watching.users[stored.decision.user] != nil {
                own[stored.decision.user, default: []].append(stored)
            }
            for (user, decisions) in own {
                told += (watching.users[user] ?? [:]).values.map { ($0, decisions) }
            }
            return told
        }
        for (tell, decisions) in told { tell(decisions) }
    }

    /// A session of the user has started.
    func session(of user: UserID) {
        let told = watching.withLock { Array(($0.users[user] ?? [:]).values) }
        for tell in told { tell([]) }
    }

    /// `user`: of whom alone; nil: of everybody. Nil where as many watch as may.
    func watch(_ user: UserID?, _ tell: @escaping Tell) -> Int? {
        watching.withLock { watching in
            guard watching.count < most else { return nil }
            watching.count += 1
            watching.last += 1
            if let user {
                watching.users[user, default: [:]][watching.last] = tell
            } else {
                watching.all[watching.last] = tell
            }
            return watching.last
        }
    }

    func leave(_ watcher: Int, _ user: UserID?) {
        watching.withLock { watching in
            watching.count -= 1
            guard let user else {
                watching.all[watcher] = nil
                return
            }
            watching.users[user]?[watcher] = nil
            if watching.users[user]?.isEmpty == true { watching.users[user] = nil }
        }
    }
}
