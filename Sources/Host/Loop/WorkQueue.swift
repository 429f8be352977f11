import Core
import Engine
import RPC

/// A work in the queue, and who waits for it.
struct QueuedWork: Sendable {
    /// As far as it is done.
    var work: Work
    let reply: Reply
    fileprivate let load: QueueLoad
    fileprivate let traits: Traits
    fileprivate var turn: FairLine<QueuedWork>.Turn?

    /// Of a work's, what the queue goes by.
    fileprivate struct Traits {
        let isUrgent: Bool
        let isOwn: Bool
    }

    fileprivate init(_ work: Work, _ reply: Reply, bytes: Int) {
        let traits = work.traits
        self.work = work
        self.reply = reply
        load = QueueLoad(count: traits.weight, bytes: bytes)
        self.traits = Traits(isUrgent: traits.isUrgent, isOwn: traits.isOwn)
    }

    var isOwn: Bool { traits.isOwn }

    /// Not where the caller has left or its deadline has passed: nobody would learn what became of it. What is done in
    /// part is done whole.
    var isWanted: Bool {
        switch reply {
        case .call(let call, _): isBegun || call.isAwaited
        case .stream(let stream, _): isBegun || stream.isOpen
        case .none, .own: true
        }
    }

    /// Whether a part of it is done.
    fileprivate var isBegun: Bool {
        if case .track(let track) = work { track.done > 0 } else { false }
    }

    fileprivate var connection: ObjectIdentifier? {
        switch reply {
        case .call(let call, _): call.connectionID
        case .stream(let stream, _): stream.call.connectionID
        case .none, .own: nil
        }
    }
}

/// The one bounded queue between connections and the engine's thread. Connections are served in turn, each in its own
/// order.
final class WorkQueue: @unchecked Sendable {
    // Everything below is read and written under `condition` alone.
    private let condition = ThreadCondition()
    private var waiting = FairLine<QueuedWork>()
    private var shares: Shares<ObjectIdentifier>
    /// Works that somebody waits for.
    private var urgent = 0
    /// When works that nobody waits for are taken at the latest.
    private var gatheredUntil = Instant.never
    private var isClosed = false
    private var isWoken = false

    /// A queue that holds as many items or bytes answers RESOURCE_EXHAUSTED instead of growing.
    init(items: Int, bytes: Int) {
        shares = Shares(limit: QueueLoad(count: items, bytes: bytes))
    }

    /// Nil where it was taken in; else why not. `bytes`: about what it takes in memory. `make`: the answer's bytes.
    func put(
        _ work: Work,
        bytes: Int,
        for call: Call,
        _ make: @escaping @Sendable (Answer, Arena) throws -> Payload
    ) -> Refusal? {
        put(QueuedWork(work, .call(call, make), bytes: bytes), of: call)
    }

    /// The same of a stream: `tell` hears of the answer on the engine's thread.
    func put(
        _ work: Work,
        bytes: Int,
        for stream: ServerStream,
        _ tell: @escaping @Sendable (Answer) -> Void
    ) -> Refusal? {
        put(QueuedWork(work, .stream(stream, tell), bytes: bytes), of: stream.call)
    }

    private func put(_ queued: QueuedWork, of call: Call) -> Refusal? {
        condition.lock()
        defer { condition.unlock() }
        if isClosed { return .draining }
        if !shares.admits(queued.load, of: call.connectionID) { return .full }
        add(queued)
        return nil
    }

    /// Whether a work of that call would be refused whatever it is: to be asked before the work is made.
    func refusal(for call: Call) -> Refusal? {
        condition.lock()
        defer { condition.unlock() }
        if isClosed { return .draining }
        return shares.admits(QueueLoad(count: 1, bytes: 1), of: call.connectionID) ? nil : .full
    }

    /// Something of the daemon's own for which it waits; nobody would do it once the queue is closed. Nil where it was
    /// taken in; `tell` hears of it on the engine's thread.
    func put(awaited work: Work, _ tell: @escaping @Sendable (Answer) -> Void) -> Refusal? {
        condition.lock()
        defer { condition.unlock() }
        if isClosed { return .draining }
        add(QueuedWork(work, .own(tell), bytes: 0))
        return nil
    }

    /// What the daemon asks of itself is always taken in: its own bounds are elsewhere.
    func put(own work: Work, _ tell: (@Sendable (Answer) -> Void)? = nil) {
        condition.lock()
        defer { condition.unlock() }
        add(QueuedWork(work, tell.map { .own($0) } ?? .none, bytes: 0))
    }

    /// Has who waits for work look about.
    func wake() {
        condition.lock()
        isWoken = true
        condition.signal()
        condition.unlock()
    }

    private func add(_ queued: QueuedWork) {
        let isFirst = waiting.isEmpty
        waiting.add(queued, weight: queued.load.count, of: queued.connection)
        let before = shares.all.count
        shares.add(queued.load, of: queued.connection)
        if queued.traits.isUrgent { urgent += 1 }
        let isFull = before < HostLimits.worksGathered && shares.all.count >= HostLimits.worksGathered
        if isFirst || isFull || (queued.traits.isUrgent && urgent == 1) { condition.signal() }
    }

    /// Waits until there is work, until `instant` by the clock, or until `close`; then takes what there is, up to about `most` items, without what nobody waits for any more. Gives whether the queue is closed and
    /// empty.
    func take(into taken: inout [QueuedWork], most: Int, until instant: Instant, now: () -> Instant) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while urgent == 0, shares.all.count < HostLimits.worksGathered, !isClosed, !isWoken {
            let current = now()
            if waiting.isEmpty {
                gatheredUntil = .never
            } else if gatheredUntil == .never {
                gatheredUntil = current + HostLimits.worksGatheredFor
            }
            let next = min(instant, gatheredUntil)
            let wait = next == .never ? Length.days(1) : min(next - current, HostLimits.longestWait)
            if wait <= .zero { break }
            // Woken early or late, the loop asks the clock again.
            condition.wait(wait)
        }
        gatheredUntil = .never
        isWoken = false
        var takenWeight = 0
        while takenWeight < most, let (next, turn) = waiting.popFirst() {
            var queued = next
            queued.turn = turn
            shares.remove(queued.load, of: queued.connection)
            if queued.traits.isUrgent { urgent -= 1 }
            guard queued.isWanted else { continue }  // Who asked has left, and none of it is done.
            takenWeight += queued.load.count
            taken.append(queued)
        }
        return isClosed && waiting.isEmpty
    }

    /// What was taken and had no time, in the order in which it was taken: its turn comes before what waits.
    func putBack(_ left: [QueuedWork]) {
        guard !left.isEmpty else { return }
        condition.lock()
        defer { condition.unlock() }
        for queued in left {
            waiting.putBack(queued, queued.turn, weight: queued.work.traits.weight, isBegun: queued.isBegun)
            shares.add(queued.load, of: queued.connection)
            if queued.traits.isUrgent { urgent += 1 }
        }
    }

    /// Nothing of a client's is taken in any more; what is in the queue is done.
    func close() {
        condition.lock()
        isClosed = true
        condition.signal()
        condition.unlock()
    }
}
