/// What waits of several parties, each in its own order: who comes with little is not held up by who came before with
/// much. Fair queueing by start times: everything begins at a number, where its party's last thing ends or at what is
/// served just now, and ends its own weight later. Who would end the first piece of theirs first is next.
struct FairLine<Element> {
    /// When something is served.
    struct Turn: Comparable, Sendable {
        /// Where the piece of it ends that is next.
        fileprivate let rank: UInt64
        /// Of two that are equal, the first that came.
        fileprivate let arrival: UInt64
        fileprivate let party: ObjectIdentifier?

        static func < (left: Self, right: Self) -> Bool { (left.rank, left.arrival) < (right.rank, right.arrival) }
    }

    private struct Entry: Comparable {
        let turn: Turn
        /// Where it begins.
        let start: UInt64
        let element: Element

        static func < (left: Self, right: Self) -> Bool { left.turn < right.turn }
        static func == (left: Self, right: Self) -> Bool { left.turn == right.turn }
    }

    private var entries = Heap<Entry>()
    /// Where the last thing of each ends, and how many wait.
    private var parties: [ObjectIdentifier: (end: UInt64, count: Int)] = [:]
    /// Where what is served just now begins.
    private var served: UInt64 = 0
    private var arrivals: UInt64 = 0

    var isEmpty: Bool { entries.isEmpty }

    /// What belongs to no party is served before what waits.
    mutating func add(_ element: Element, weight: Int, of party: ObjectIdentifier?) {
        arrivals += 1
        guard let party else {
            let turn = Turn(rank: served, arrival: arrivals, party: nil)
            return entries.push(Entry(turn: turn, start: served, element: element))
        }
        let known = parties[party] ?? (0, 0)
        let (start, weight) = (max(known.end, served), UInt64(max(1, weight)))
        parties[party] = (start + weight, known.count + 1)
        let turn = Turn(rank: start + min(weight, HostLimits.pieceOfWork), arrival: arrivals, party: party)
        entries.push(Entry(turn: turn, start: start, element: element))
    }

    mutating func popFirst() -> (Element, Turn)? {
        guard let entry = entries.pop() else { return nil }
        served = max(served, entry.start)
        if let party = entry.turn.party, let known = parties[party] {
            parties[party] = known.count > 1 ? (known.end, known.count - 1) : nil
        }
        return (entry.element, entry.turn)
    }

    /// What was not done after all, or of which so much is left.
    mutating func putBack(_ element: Element, _ turn: Turn?, weight: Int, isBegun: Bool) {
        guard let turn, let party = turn.party else { return add(element, weight: weight, of: nil) }
        let weight = UInt64(max(1, weight))
        let known = parties[party] ?? (0, 0)
        let rank = turn.rank + (isBegun ? min(weight, HostLimits.pieceOfWork) : 0)
        parties[party] = (max(known.end, turn.rank + weight), known.count + 1)
        entries.push(
            Entry(
                turn: Turn(rank: rank, arrival: turn.arrival, party: party),
                start: isBegun ? turn.rank : min(served, turn.rank),
                element: element
            )
        )
    }
}
