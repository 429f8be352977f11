import Engine

/// First in, first out.
struct Fifo<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var count: Int { elements.count - head }
    var isEmpty: Bool { count == 0 }
    var first: Element? { isEmpty ? nil : elements[head] }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        defer {
            elements[head] = nil
            head += 1
            // What was taken is given back once it is the larger half.
            if head > 64, head * 2 > elements.count {
                elements.removeFirst(head)
                head = 0
            }
        }
        return elements[head]
    }

    /// Takes the first out that is meant.
    mutating func removeFirst(where isMeant: (Element) -> Bool) -> Element? {
        guard let index = elements[head...].firstIndex(where: { $0.map(isMeant) ?? false }) else { return nil }
        return elements.remove(at: index)
    }
}

/// A message that is tried later: its number alone, 16 bytes however long it waits.
struct Later: Comparable {
    var at: Instant
    var number: UInt64

    static func < (left: Self, right: Self) -> Bool { (left.at, left.number) < (right.at, right.number) }
}

/// Messages by when they are tried next. One that is brought forward leaves its old entry behind, which is passed over.
struct LaterHeap {
    private var heap: [Later] = []
    private var instants: [UInt64: Instant] = [:]

    var count: Int { instants.count }

    var first: Later? {
        mutating get {
            while let top = heap.first, instants[top.number] != top.at { removeTop() }
            return heap.first
        }
    }

    mutating func push(_ entry: Later) {
        instants[entry.number] = entry.at
        heap.append(entry)
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() {
        guard let top = first else { return }
        instants[top.number] = nil
        removeTop()
    }

    /// Gives whether the number is here.
    mutating func bring(_ number: UInt64, to instant: Instant) -> Bool {
        guard let at = instants[number] else { return false }
        if instant < at { push(Later(at: instant, number: number)) }
        return true
    }

    private mutating func removeTop() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
