import Engine
import Foundation

/// The one bounded queue between connections and the engine's thread.
final class WorkQueue: @unchecked Sendable {
    // Everything below is read and written under `condition` alone.
    private let condition = NSCondition()
    private var waiting: [Work] = []
    private var weight = 0
    private var isClosed = false
    private let limit: Int

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
        weight += work.weight
        waiting.append(work)
        if waiting.count == 1 { condition.signal() }
        return nil
    }

    /// Waits until there is work, until `instant` by the wall clock, or until `close`; then takes what there is, in
    /// order, up to about `most` items. Gives whether the queue is closed and empty.
    func take(into taken: inout [Work], most: Int, until instant: Instant, now: () -> Instant) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while waiting.isEmpty, !isClosed {
            let wait = instant == .never ? Length.days(1) : instant - now()
            if wait <= .zero { break }
            // Woken early or late, the loop asks the clock again.
            _ = condition.wait(until: Date(timeIntervalSinceNow: Double(wait.milliseconds) / 1_000))
            if instant != .never, waiting.isEmpty, now() >= instant { break }
        }
        var count = 0
        var takenWeight = 0
        while count < waiting.count, takenWeight < most {
            takenWeight += waiting[count].weight
            count += 1
        }
        taken.append(contentsOf: waiting[..<count])
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
