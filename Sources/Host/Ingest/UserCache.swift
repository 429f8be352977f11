import Engine

/// The users that were looked at last, decoded: two generations, of which the older is dropped when the younger is
/// full. Owned by the engine's thread.
struct UserCache {
    private var young: [UserID: UserState] = [:]
    private var old: [UserID: UserState] = [:]
    private let generation: Int

    /// Holds at least `least` users, at most twice as many.
    init(least: Int) {
        generation = least
    }

    mutating func take(_ user: UserID) -> UserState? {
        young.removeValue(forKey: user) ?? old.removeValue(forKey: user)
    }

    func peek(_ user: UserID) -> UserState? {
        young[user] ?? old[user]
    }

    func contains(_ user: UserID) -> Bool {
        young[user] != nil || old[user] != nil
    }

    mutating func put(_ user: UserID, _ state: UserState) {
        if young.count >= generation {
            old = young
            young = [:]
        }
        young[user] = state
    }

    mutating func removeAll() {
        young = [:]
        old = [:]
    }
}
