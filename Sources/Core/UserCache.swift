import Engine

/// The users that were looked at last, decoded: so many at most, and so many bytes of memory. Each new one takes the
/// place of one that was not asked for since the hand last passed it. Nothing is dropped in bulk, which would hold up a
/// commit.
package struct UserCache {
    private struct Slot {
        var user: UserID
        var state: UserState
        var memory: Int
        var wasAsked: Bool
    }

    private var places: [UserID: Int] = [:]
    private var slots: [Slot?] = []
    private var free: [Int] = []
    private var hand = 0
    private var held = 0
    private let capacity: Int
    private let bytes: Int

    package init(capacity: Int, bytes: Int) {
        self.capacity = capacity
        self.bytes = bytes
    }

    /// Takes a user's state out, to be put back when it is committed.
    @discardableResult
    package mutating func take(_ user: UserID) -> (state: UserState, memory: Int)? {
        guard let place = places.removeValue(forKey: user), let slot = slots[place] else { return nil }
        slots[place] = nil
        held -= slot.memory
        free.append(place)
        return (slot.state, slot.memory)
    }

    package func peek(_ user: UserID) -> UserState? {
        places[user].flatMap { slots[$0]?.state }
    }

    package func contains(_ user: UserID) -> Bool {
        places[user] != nil
    }

    package mutating func put(_ user: UserID, _ state: UserState) {
        let memory = state.memory
        let before = take(user)
        while held > 0, held + memory > bytes { free.append(dropOne()) }
        // Who alone takes all of it is read again each time.
        guard memory <= bytes else { return }
        let place = free.popLast() ?? room()
        slots[place] = Slot(user: user, state: state, memory: memory, wasAsked: before != nil)
        places[user] = place
        held += memory
    }

    package mutating func removeAll() {
        places = [:]
        slots = []
        free = []
        hand = 0
        held = 0
    }

    /// An empty place: a new one, or that of a user nobody asked for lately.
    private mutating func room() -> Int {
        if slots.count < capacity {
            slots.append(nil)
            return slots.count - 1
        }
        return dropOne()
    }

    /// The place of who was not asked for lately; somebody must be here.
    private mutating func dropOne() -> Int {
        precondition(!places.isEmpty, "nobody of the \(slots.count) can be dropped: \(held) bytes are held")
        while true {
            defer { hand = (hand + 1) % slots.count }
            guard let slot = slots[hand] else { continue }
            if slot.wasAsked {
                slots[hand]?.wasAsked = false
                continue
            }
            places[slot.user] = nil
            slots[hand] = nil
            held -= slot.memory
            return hand
        }
    }
}
