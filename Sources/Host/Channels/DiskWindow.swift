import Engine

/// How much of its line on disk memory has seen. Numbers only rise: what is above `cursor` is read later.
struct DiskWindow {
    enum State {
        /// Memory has seen all that was claimed.
        case shown
        /// There is more on disk, up to this number as far as is known.
        case behind(upTo: UInt64)
        /// A read is under way, which began with `upTo`. What was claimed since it does not show for certain, and of
        /// what was changed since it may show the state of before.
        case reading(upTo: UInt64, claimed: UInt64?, changes: [UInt64: MessageNotes])

        var isBehind: Bool {
            switch self {
            case .behind: true
            case .shown, .reading: false
            }
        }
    }

    private(set) var cursor: UInt64 = 0
    private(set) var state: State

    /// Whether memory has seen nothing of what was there at the start.
    var isUnread: Bool {
        switch state {
        case .behind, .reading: cursor == 0
        case .shown: false
        }
    }

    init(isEmpty: Bool) {
        state = isEmpty ? .shown : .behind(upTo: 0)
    }

    /// What a message that was claimed just now is to the line.
    enum Claim {
        /// A read has shown it already.
        case seen
        /// It comes in now.
        case admitted
        /// It is read when its turn comes.
        case left
    }

    mutating func claim(_ number: UInt64, hasRoom: Bool) -> Claim {
        guard number > cursor else { return .seen }
        switch state {
        case .shown where hasRoom:
            cursor = number
            return .admitted
        case .shown: state = .behind(upTo: number)
        case .behind(let upTo): state = .behind(upTo: max(upTo, number))
        case .reading(let upTo, let claimed, let changes):
            state = .reading(upTo: upTo, claimed: max(claimed ?? 0, number), changes: changes)
        }
        return .left
    }

    mutating func begin() {
        guard case .behind(let upTo) = state else { impossible("begin") }
        state = .reading(upTo: upTo, claimed: nil, changes: [:])
    }

    /// Notes what a message of the disk turned to while it may be on its way. Of one that is read later the disk tells.
    mutating func change(_ number: UInt64, _ body: (inout MessageNotes) -> Void) {
        guard number > cursor, case .reading(let upTo, let claimed, var changes) = state else { return }
        body(&changes[number, default: MessageNotes()])
        state = .reading(upTo: upTo, claimed: claimed, changes: changes)
    }

    /// The read showed messages up to `last`, and `isAll` that there are. Gives what was changed of them meanwhile.
    mutating func end(last: UInt64?, isAll: Bool) -> [UInt64: MessageNotes] {
        guard case .reading(let upTo, let claimed, let changes) = state else { impossible("end") }
        cursor = max(cursor, last ?? 0)
        guard isAll else {
            state = .behind(upTo: max(upTo, claimed ?? 0))
            return changes
        }
        // What was there when it began and was not shown is damaged: it is not waited for.
        cursor = max(cursor, upTo)
        if let claimed, claimed > cursor { state = .behind(upTo: claimed) } else { state = .shown }
        return changes
    }

    /// It could not be read. What was changed is on disk before the next read begins.
    mutating func fail() {
        guard case .reading(let upTo, let claimed, _) = state else { impossible("fail") }
        state = .behind(upTo: max(upTo, claimed ?? 0))
    }

    private func impossible(_ event: String) -> Never {
        preconditionFailure("a line's read of the disk cannot \(event): it is \(state), above \(cursor)")
    }
}
