import Engine
import Storage

/// The users that were looked at last, decoded: so many at most, and so many bytes of memory. Each new one takes the
/// place of one that was not asked for since the hand last passed it. Nothing is dropped in bulk, which would hold up a
/// commit.
package struct UserCache {
    private struct Slot {
        var user: UserID
        var state = UserState()
        var memory = 0
        /// The state is out for a turn.
        var isOut = false
        var wasAsked = false
        var isFree = false
    }

    private var places: [UserID: Int] = [:]
    private var slots: [Slot] = []
    private var free: [Int] = []
    private var hand = 0
    private var held = 0
    private let capacity: Int
    private let bytes: Int

    package init(capacity: Int, bytes: Int) {
        self.capacity = capacity
        self.bytes = bytes
    }

    /// Takes a user's state out of its place, to be put back when it is committed.
    package mutating func take(_ user: UserID) -> (state: UserState, memory: Int)? {
        guard let place = places[user], !slots[place].isOut else { return nil }
        let memory = slots[place].memory
        held -= memory
        slots[place].memory = 0
        slots[place].isOut = true
        return (exchange(&slots[place].state, with: UserState()), memory)
    }

    package func peek(_ user: UserID) -> UserState? {
        guard let place = places[user], !slots[place].isOut else { return nil }
        return slots[place].state
    }

    package func contains(_ user: UserID) -> Bool {
        places[user].map { !slots[$0].isOut } ?? false
    }

    package mutating func put(_ user: UserID, _ state: consuming UserState) {
        let memory = state.memory
        if let place = places[user] {
            guard held - slots[place].memory + memory > bytes else {
                held += memory - slots[place].memory
                slots[place].state = consume state
                slots[place].memory = memory
                slots[place].isOut = false
                slots[place].wasAsked = true
                return
            }
            leave(place)
            free.append(place)
        }
        while held > 0, held + memory > bytes { free.append(dropOne()) }
        // Who alone takes all of it is read again each time.
        guard memory <= bytes else { return }
        let place = free.popLast() ?? room()
        slots[place] = Slot(user: user, state: consume state, memory: memory)
        places[user] = place
        held += memory
    }

    package mutating func remove(_ user: UserID) {
        guard let place = places[user] else { return }  // Nobody of that name is here.
        leave(place)
        free.append(place)
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
            slots.append(Slot(user: ""))
            return slots.count - 1
        }
        return dropOne()
    }

    /// The place of who was not asked for lately; somebody must be here.
    private mutating func dropOne() -> Int {
        precondition(!places.isEmpty, "nobody of the \(slots.count) can be dropped: \(held) bytes are held")
        while true {
            let place = hand
            hand = (hand + 1) % slots.count
            if slots[place].isFree { continue }
            if slots[place].wasAsked {
                slots[place].wasAsked = false
                continue
            }
            leave(place)
            return place
        }
    }

    private mutating func leave(_ place: Int) {
        places[slots[place].user] = nil
        held -= slots[place].memory
        slots[place] = Slot(user: "", isFree: true)
    }
}
