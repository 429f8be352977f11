import Core
import Engine
import Logging
import Storage
import Synchronization

/// What the engine's thread has done beside it: old events are dropped, what was kept of forgotten users leaves the
/// disk, and what waits for stopped campaigns is looked for.
final class Upkeep: Sendable {
    private struct State {
        /// Whether what is kept of forgotten users is being taken from the disk.
        var isErasing = false
        var eraseNext = Instant(milliseconds: .min)
        /// Of these forgotten users nothing is left on disk but their ids.
        var erased: [UserID: Erasure]?
        var trimNext: UInt64 = 0
        /// When versions are looked at whose receipts can convert no more.
        var leaveNext = Instant(milliseconds: .min)
    }

    private let store: any Store
    private let queue: WorkQueue
    private let readers: Readers
    private let limits: HostLimits
    private let logger: Logger
    /// Has what nothing waits for any more leave.
    private let leave: @Sendable () -> Void
    private let state = Mutex(State())

    init(
        store: any Store,
        queue: WorkQueue,
        readers: Readers,
        leave: @escaping @Sendable () -> Void,
        limits: HostLimits,
        logger: Logger
    ) {
        self.leave = leave
        (self.store, self.queue, self.readers) = (store, queue, readers)
        (self.limits, self.logger) = (limits, logger)
    }

    /// On the engine's thread, between two steps.
    func look(at now: Instant, _ nextEvent: UInt64) {
        trimEvents(nextEvent)
        endErasing()
        eraseWhenDue(now)
        let isDue = state.withLock { state in
            guard now >= state.leaveNext else { return false }
            state.leaveNext = now + HostLimits.leavePause
            return true
        }
        if isDue { leave() }
    }

    /// Nothing waits any more for a version, or for a campaign that was deleted.
    func freed() { leave() }

    private func trimEvents(_ nextEvent: UInt64) {
        let isDue = state.withLock { state in
            guard nextEvent >= state.trimNext else { return false }
            state.trimNext = nextEvent + HostLimits.eventsBetweenTrims
            return true
        }
        guard isDue else { return }  // Few came since.
        do {
            try store.trimEvents()
        } catch {
            logger.error("old events cannot be dropped: \(error)")
        }
    }

    // MARK: Forgetting

    /// Beside the engine's thread: every table is rewritten. Of many who are forgotten in a day, once.
    private func eraseWhenDue(_ now: Instant) {
        guard let oldest = store.oldestErasure else { return }  // Nobody is forgotten.
        let isDue = state.withLock { state in
            guard !state.isErasing, now >= max(oldest + limits.erasesAfter, state.eraseNext) else { return false }
            state.isErasing = true
            state.eraseNext = now + HostLimits.erasePause
            return true
        }
        guard isDue else { return }
        readers.run { [self] in
            var erased: [UserID: Erasure] = [:]
            do {
                erased = try store.erase()
            } catch {
                logger.error("what is kept of forgotten users cannot be taken from the disk yet: \(error)")
            }
            state.withLock { $0.erased = erased }
            queue.wake()
        }
    }

    /// The engine's thread is the one that writes.
    private func endErasing() {
        guard let erased = state.withLock({ $0.erased.take() }) else { return }  // None has ended.
        do {
            if !erased.isEmpty { try store.endErasures(erased) }
        } catch {
            logger.error("the ids of forgotten users stay on disk until the next try: \(error)")
        }
        state.withLock { $0.isErasing = false }
    }

    // MARK: Stopped and deleted campaigns

    /// Has every user looked at of whom a timer belongs to those campaigns (design: a sweeper records the ends in
    /// batches, with the stop's instant).
    func sweep(_ numbers: Set<CampaignNumber>) {
        readers.run { [store, queue, logger] in
            var after: Timer?
            do {
                while true {
                    let read = try store.timers(after: after, through: .never, limit: HostLimits.timersSwept)
                    let users = Set(read.filter { numbers.contains($0.campaign) }.map(\.user))
                    if !users.isEmpty { queue.put(own: .sweep(Array(users))) }
                    guard read.count == HostLimits.timersSwept else { return }  // That was the last of them.
                    after = read.last
                }
            } catch {
                logger.error(
                    "what waits for a campaign that was stopped or deleted cannot be read; each ends when it is due: \(error)"
                )
            }
        }
    }
}
