/// What waits of several parties, each in its own order: who comes with little is not held up by who came before with
/// much. Self-clocked fair queueing: everything gets a number, which is the one that its party's last thing got, or the
/// one that is served just now, and its own weight more; the lowest is next.
struct FairLine<Element> {
    /// When something is served.
    struct Turn: Comparable, Sendable {
        fileprivate let finish: UInt64
        /// Of two that finish together, the first that came.
        fileprivate let arrival: UInt64
        fileprivate let party: ObjectIdentifier?

        static func < (left: Self, right: Self) -> Bool { (left.finish, left.arrival) < (right.finish, right.arrival) }
    }

    private struct Entry: Comparable {
        let turn: Turn
        let element: Element

        static func < (left: Self, right: Self) -> Bool { left.turn < right.turn }
        static func == (left: Self, right: Self) -> Bool { left.turn == right.turn }
    }

    private var entries = Heap<Entry>()
    private var parties: [ObjectIdentifier: (finish: UInt64, count: Int)] = [:]
    /// The number of what was served last.
    private var served: UInt64 = 0
    private var arrivals: UInt64 = 0

    var isEmpty: Bool { entries.isEmpty }

    /// What belongs to no party is served before what waits.
    mutating func add(_ element: Element, weight: Int, of party: ObjectIdentifier?) {
        let began = max(party.flatMap { parties[$0]?.finish } ?? 0, served)
        arrivals += 1
        let finish = party == nil ? served : began + UInt64(max(1, weight))
        push(element, Turn(finish: finish, arrival: arrivals, party: party))
    }

    private mutating func push(_ element: Element, _ turn: Turn) {
        if let party = turn.party {
            let known = parties[party] ?? (0, 0)
            parties[party] = (max(known.finish, turn.finish), known.count + 1)
        }
        entries.push(Entry(turn: turn, element: element))
    }

    mutating func popFirst() -> (Element, Turn)? {
        guard let entry = entries.pop() else { return nil }
        served = max(served, entry.turn.finish)
        if let party = entry.turn.party, let known = parties[party] {
            parties[party] = known.count > 1 ? (known.finish, known.count - 1) : nil
        }
        return (entry.element, entry.turn)
    }

    /// What could not be done after all, or of which so much is left: it has its old turn, and who comes meanwhile with
    /// less than is left comes before it. Without a turn it has the next one.
    mutating func putBack(_ element: Element, _ turn: Turn?, weight: Int) {
        guard let turn else { return add(element, weight: weight, of: nil) }
        let left = min(turn.finish, UInt64(max(1, weight)))
        if turn.party != nil { served = min(served, turn.finish - left) }
        push(element, turn)
    }
}
