import Engine

/// A message that is tried later: its number alone, 16 bytes however long it waits.
struct Later: Comparable {
    var at: Instant
    var number: UInt64

    static func < (left: Self, right: Self) -> Bool { (left.at, left.number) < (right.at, right.number) }
}

/// Messages by when they are tried next. One that is brought forward leaves its old entry behind, which is passed over.
struct LaterHeap {
    private var heap = Heap<Later>()
    private var instants: [UInt64: Instant] = [:]

    var count: Int { instants.count }

    var first: Later? {
        mutating get {
            while let top = heap.first, instants[top.number] != top.at { heap.pop() }
            return heap.first
        }
    }

    mutating func push(_ entry: Later) {
        instants[entry.number] = entry.at
        heap.push(entry)
    }

    mutating func pop() {
        guard let top = first else { return }
        instants[top.number] = nil
        heap.pop()
    }

    /// Gives whether the number is here.
    mutating func bring(_ number: UInt64, to instant: Instant) -> Bool {
        guard let at = instants[number] else { return false }
        if instant < at { push(Later(at: instant, number: number)) }
        return true
    }
}
