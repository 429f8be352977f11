import DequeModule

/// Numbers of messages, first in, first out. Any of them may leave before its turn: it is passed over when its turn
/// comes, or forgotten once such are the larger half, so that leaving costs the same wherever it stood.
struct NumberQueue {
    private var numbers = Deque<UInt64>()
    private var left: Set<UInt64> = []

    var count: Int { numbers.count - left.count }
    var isEmpty: Bool { count == 0 }
    var first: UInt64? { numbers.first { !left.contains($0) } }
    /// In order.
    var all: [UInt64] { numbers.filter { !left.contains($0) } }

    mutating func append(_ number: UInt64) {
        // One that left from within and comes again stands here once.
        if left.contains(number) { forgetLeft() }
        numbers.append(number)
    }

    mutating func popFirst() -> UInt64? {
        while let first = numbers.popFirst() {
            if left.remove(first) == nil { return first }
        }
        return nil
    }

    /// Puts all of these before its own.
    mutating func prepend(_ others: NumberQueue) {
        let before = others.all
        if before.contains(where: left.contains) { forgetLeft() }
        numbers.prepend(contentsOf: before)
    }

    /// The number has to be here.
    mutating func leave(_ number: UInt64) {
        let isNew = left.insert(number).inserted
        precondition(isNew && left.count <= numbers.count, "message \(number) leaves a queue that it is not in")
        if left.count > numbers.count / 2 + LineLimits.leftInQueue { forgetLeft() }
    }

    private mutating func forgetLeft() {
        numbers.removeAll(where: left.contains)
        left.removeAll()
    }
}
