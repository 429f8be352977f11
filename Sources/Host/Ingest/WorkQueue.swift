import Engine

/// The one bounded queue between connections and the engine's thread.
final class WorkQueue: @unchecked Sendable {
    // Everything below is read and written under `condition` alone.
    private let condition = ThreadCondition()
    private var waiting: [Work] = []
    private var weight = 0
    /// Works that somebody waits for.
    private var urgent = 0
    /// When works that nobody waits for are taken at the latest.
    private var gatheredUntil = Instant.never
    private var isClosed = false
    private let limit: Int

    /// How long, and how many of them, works that nobody waits for are gathered, so that they share a commit.
    private static let gathering = Length(milliseconds: 4)
    private static let gathered = 256
    /// Waits go by what really passes; so often the clock is asked whether it was set forward, or the machine slept.
    static let longestWait = Length.seconds(1)

    /// `limit`: items; a queue that holds as many answers RESOURCE_EXHAUSTED instead of growing.
    init(limit: Int) {
        self.limit = limit
    }

    /// Nil where it was taken in; else why not. What the daemon asks of itself is always taken in: its own bounds
    /// are elsewhere.
    func put(_ work: Work, isOwn: Bool = false) -> Refusal? {
        condition.lock()
        defer { condition.unlock() }
        if !isOwn {
            if isClosed { return .draining }
            if weight >= limit { return .full(limit: limit) }
        }
        let isFirst = waiting.isEmpty
        waiting.append(work)
        let before = weight
        weight += work.weight
        if work.isUrgent { urgent += 1 }
        let isFull = before < Self.gathered && weight >= Self.gathered
        if isFirst || isFull || (work.isUrgent && urgent == 1) { condition.signal() }
        return nil
    }

    /// Waits until there is work, until `instant` by the clock, or until `close`; then takes what there is, in
    /// order, up to about `most` items. Gives whether the queue is closed and empty.
    func take(into taken: inout [Work], most: Int, until instant: Instant, now: () -> Instant) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while urgent == 0, weight < Self.gathered, !isClosed {
            let current = now()
            if waiting.isEmpty {
                gatheredUntil = .never
            } else if gatheredUntil == .never {
                gatheredUntil = current + Self.gathering
            }
            let next = min(instant, gatheredUntil)
            let wait = next == .never ? Length.days(1) : min(next - current, Self.longestWait)
            if wait <= .zero { break }
            // Woken early or late, the loop asks the clock again.
            condition.wait(wait)
        }
        gatheredUntil = .never
        var count = 0
        var takenWeight = 0
        while count < waiting.count, takenWeight < most {
            takenWeight += waiting[count].weight
            count += 1
        }
        taken.append(contentsOf: waiting[..<count])
        urgent -= waiting[..<count].count(where: \.isUrgent)
        waiting.removeFirst(count)
        weight -= takenWeight
        return isClosed && waiting.isEmpty
    }

    /// Nothing of a client's is taken in any more; what is in the queue is done.
    func close() {
        condition.lock()
        isClosed = true
        condition.signal()
        condition.unlock()
    }
}
