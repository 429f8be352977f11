import Engine
import HeapModule
import Storage

/// The timers that run out next, read ahead from the store: memory holds so many however many wait on disk. Owned
/// by the engine's thread.
package struct TimerWindow {

    private var heap = Heap<Timer>()
    /// What the heap holds that has not been removed since.
    private var live: Set<Timer> = []
    /// Of those, by campaign, the timers of sends that a rate limit holds.
    private var held: [CampaignNumber: Set<Timer>] = [:]
    /// Every timer in the store up to this one is held.
    private var horizon: Timer?
    /// Up to when the store was read; nothing new below it is missing.
    private var readThrough = Instant(milliseconds: .min)

    package init() {}

    /// When there is something to do: a timer to run, or more to read.
    package var next: Instant {
        mutating get {
            dropRemoved()
            return min(heap.min?.at ?? .never, readThrough)
        }
    }

    package mutating func insert(_ timer: Timer) {
        // Any other stands on disk, and is read when its time comes near.
        guard timer.at <= readThrough, horizon.map({ timer <= $0 }) ?? true else { return }
        push(timer)
        if live.count > 2 * HostLimits.timersRead { shrink() }
    }

    package mutating func remove(_ timer: Timer) {
        if let removed = live.remove(timer) { forget(removed) }
    }

    /// The first of the campaign's queue for its rate limit: of the sends that are due by `instant` at the latest those
    /// that began to wait first (10.3), in order.
    package func head(of campaign: CampaignNumber, by instant: Instant, limit: Int) -> [Timer] {
        Array((held[campaign] ?? []).filter { $0.at <= instant }.sorted { $0.send < $1.send }.prefix(limit))
    }

    private mutating func forget(_ timer: Timer) {
        guard timer.isRateLimited else { return }  // It stands in no queue.
        held[timer.campaign]?.remove(timer)
        if held[timer.campaign]?.isEmpty == true { held[timer.campaign] = nil }
    }

    /// Takes the timers before `instant` out, in order, at most `limit`.
    package mutating func take(before instant: Instant, limit: Int) -> [Timer] {
        var taken: [Timer] = []
        while taken.count < limit {
            dropRemoved()
            guard let first = heap.min, first.at < instant else { break }
            heap.removeMin()
            remove(first)
            taken.append(first)
        }
        return taken
    }

    /// Reads ahead if what was read is nearly used up.
    package mutating func refill(from store: any Store, now: Instant) throws(StoreError) {
        let half = Length(milliseconds: HostLimits.timersReadAhead.milliseconds / 2)
        if horizon == nil, readThrough >= now + half { return }
        if horizon != nil, live.count > HostLimits.timersRead / 2 { return }
        let through = now + HostLimits.timersReadAhead
        let read = try store.timers(after: horizon, through: through, limit: HostLimits.timersRead)
        for timer in read { push(timer) }
        horizon = read.count == HostLimits.timersRead ? read.last : nil
        readThrough = through
        if live.count > 2 * HostLimits.timersRead { shrink() }
    }

    private mutating func shrink() {
        let first = live.sorted().prefix(HostLimits.timersRead)
        heap = Heap(first)
        live = Set(first)
        held = Dictionary(grouping: first.lazy.filter(\.isRateLimited), by: \.campaign).mapValues { Set($0) }
        horizon = first.last
    }

    private mutating func dropRemoved() {
        while let first = heap.min, !live.contains(first) { heap.removeMin() }
    }

    private mutating func push(_ timer: Timer) {
        guard live.insert(timer).inserted else { return }  // It was read already.
        heap.insert(timer)
        if timer.isRateLimited { held[timer.campaign, default: []].insert(timer) }
    }
}
