import Engine

/// The users that were looked at last, decoded: so many at most, and each new one takes the place of one that was
/// not asked for since the hand last passed it. Nothing is dropped in bulk, which would hold up a commit. Owned by
/// the engine's thread.
struct UserCache {
    private struct Slot {
        var user: UserID
        var state: UserState
        var wasAsked: Bool
    }

    private var places: [UserID: Int] = [:]
    private var slots: [Slot?] = []
    private var free: [Int] = []
    private var hand = 0
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Takes a user's state out, to be put back when it is committed.
    mutating func take(_ user: UserID) -> UserState? {
        guard let place = places.removeValue(forKey: user), let slot = slots[place] else { return nil }
        slots[place] = nil
        free.append(place)
        return slot.state
    }

    func peek(_ user: UserID) -> UserState? {
        places[user].flatMap { slots[$0]?.state }
    }

    func contains(_ user: UserID) -> Bool {
        places[user] != nil
    }

    mutating func put(_ user: UserID, _ state: UserState) {
        if let place = places[user] {
            slots[place] = Slot(user: user, state: state, wasAsked: true)
            return
        }
        let place = free.popLast() ?? room()
        slots[place] = Slot(user: user, state: state, wasAsked: false)
        places[user] = place
    }

    mutating func removeAll() {
        places = [:]
        slots = []
        free = []
        hand = 0
    }

    /// An empty place: a new one, or that of a user nobody asked for lately.
    private mutating func room() -> Int {
        if slots.count < capacity {
            slots.append(nil)
            return slots.count - 1
        }
        while true {
            defer { hand = (hand + 1) % capacity }
            guard let slot = slots[hand] else { continue }
            if slot.wasAsked {
                slots[hand]?.wasAsked = false
                continue
            }
            places[slot.user] = nil
            slots[hand] = nil
            return hand
        }
    }
}
