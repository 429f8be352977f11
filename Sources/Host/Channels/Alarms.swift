import Engine
import HeapModule

/// What is due when, the earliest at hand.
///
/// Its owner alone knows what it still means: an alarm whose key is meant for another instant by now, or for none, is
/// passed over, and forgotten at the latest when such alarms are the larger half. So nothing is looked for in the heap.
struct Alarms<Key: Comparable & Sendable> {
    struct Alarm: Comparable, Sendable {
        var at: Instant
        var key: Key

        static func < (left: Self, right: Self) -> Bool { (left.at, left.key) < (right.at, right.key) }
    }

    private var heap = HeapModule.Heap<Alarm>()
    /// Alarms that may be forgotten before it is worth the walk.
    private static var few: Int { 64 }

    var count: Int { heap.count }

    /// `meant`: how many alarms are meant, this one among them.
    mutating func set(_ alarm: Alarm, meant: Int, isMeant: (Alarm) -> Bool) {
        heap.insert(alarm)
        if heap.count > 2 * meant + Self.few { heap = HeapModule.Heap(heap.unordered.filter(isMeant)) }
    }

    /// The earliest one that is meant.
    mutating func first(isMeant: (Alarm) -> Bool) -> Alarm? {
        while let first = heap.min {
            if isMeant(first) { return first }
            heap.removeMin()
        }
        return nil
    }

    mutating func removeFirst() {
        heap.removeMin()
    }

    /// Of what is set, those that are meant: for checks.
    func all(isMeant: (Alarm) -> Bool) -> [Alarm] { heap.unordered.filter(isMeant) }
}
