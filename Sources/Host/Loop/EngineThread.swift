import Core
import Engine
import Logging
import RPC
import Storage

/// The one thread that decides, and the daemon's driver of the core. It takes what waits and what is due, loads what
/// the step needs, commits what was decided in one flush, and only then answers and hands over.
final class EngineThread: @unchecked Sendable {
    // Everything but the queue, the health and the logger belongs to the thread alone.
    let queue: WorkQueue
    let health: Health
    private let store: any Store
    private let clock: Clock
    private let logger: Logger
    private let outbox: Outbox
    private let answers: Answers
    private let upkeep: Upkeep
    private let feed: DecisionFeed
    private let limits: HostLimits

    private var core: Core
    private var loaded: Loaded
    private var timers = TimerWindow()
    private var lastInstant = Instant(milliseconds: .min)
    /// Of the daemon's own, what could not be recorded yet.
    private var postponed: [QueuedWork] = []
    private var timersRestUntil = Instant(milliseconds: .min)

    init(
        store: any Store,
        queue: WorkQueue,
        health: Health,
        context: Context,
        outbox: Outbox,
        answers: Answers,
        upkeep: Upkeep,
        feed: DecisionFeed,
        limits: HostLimits,
        clock: Clock,
        logger: Logger
    ) throws {
        self.store = store
        self.outbox = outbox
        self.answers = answers
        self.upkeep = upkeep
        self.feed = feed
        self.limits = limits
        self.clock = clock
        self.logger = logger
        self.queue = queue
        self.health = health
        // Never below what any decision had, and never below the clock: decisions that were dropped for their age leave
        // no number behind, and events of an earlier start of the same instant are told apart.
        let fromClock = UInt64(max(1, clock.now().milliseconds)) * 1_000
        core = Core(
            context: context,
            tallies: try store.tallies(),
            nextSequence: max(try store.nextSequence(), fromClock),
            nextEvent: fromClock,
            limits: limits.core
        )
        loaded = Loaded(cache: UserCache(capacity: limits.cachedUsers, bytes: limits.cachedUserBytes))
    }

    /// Until the queue is closed and empty.
    func run() {
        var taken: [QueuedWork] = []
        while true {
            let wake = nextWake()
            let isDone = queue.take(into: &taken, most: limits.itemsPerCommit, until: wake, now: clock.now)
            // Receipts never decrease (13), even where the system's clock is set back.
            lastInstant = max(lastInstant, clock.now())
            let left = step(postponed + taken)
            taken.removeAll(keepingCapacity: true)
            queue.putBack(left)
            upkeep.look(at: lastInstant, core.nextEvent)
            if isDone, left.isEmpty { return }
        }
    }

    private func nextWake() -> Instant {
        if health.problem != nil {
            // The store opens itself again where that is possible; until then nothing can be due.
            guard (try? store.checkWritable()) != nil else { return clock.now() + .seconds(1) }
            health.serving()
            logger.notice("it can be written again")
        }
        do {
            try timers.refill(from: store, now: max(lastInstant, clock.now()))
        } catch {
            logger.error("the index of what is due cannot be read: \(error)")
            return clock.now() + .seconds(1)
        }
        // A timer runs only when everything received up to its instant has been handled.
        let next = timers.next
        let due = next == .never ? next : Instant(milliseconds: next.milliseconds + 1)
        return max(due, timersRestUntil)
    }

    /// Decides, commits, publishes. Gives what there was no time for, in order.
    private func step(_ taken: [QueuedWork]) -> [QueuedWork] {
        postponed = []
        // Asked again: what came before it may have taken long.
        let taken = taken.filter(\.isWanted)
        let due = lastInstant < timersRestUntil ? [] : timers.take(before: lastInstant, limit: limits.timersPerCommit)
        guard !taken.isEmpty || !due.isEmpty else { return [] }
        let works = taken.map(\.work)
        var step = core.begin(works, timers: due, at: lastInstant)
        do {
            try decide(&step)
            if !step.changes.isEmpty { try store.commit(step.changes) }
        } catch {
            return failed(taken, works, due, step, error)
        }
        if !step.changes.isEmpty { health.serving() }
        follow(step)
        publish(&step)
        if feed.watchesUsers { tellSessions(works[..<step.begun]) }
        answers.give(step.answers.map { (taken[$0.number], $0.answer) })
        return left(of: taken, step)
    }

    /// The core knows what is on disk now; where other campaigns are held, timers and health follow.
    private func follow(_ step: Step) {
        let held = step.changesCampaigns ? core.context.campaigns.held : []
        core.committed(step)
        guard step.changesCampaigns, core.context.campaigns.held != held else { return }
        // 14: of one that is served again what ran out stands only on disk.
        timers = TimerWindow()
        health.hold(core.context.campaigns.held.count)
    }

    /// Loads what the step needs until it is over, in the time that it has.
    private func decide(_ step: inout Step) throws(StoreError) {
        loaded.forgetReads()
        var began = ContinuousClock.now
        while let needs = core.advance(&step, &loaded) {
            if needs.isEmpty {
                guard .now - began > limits.commitTime else { continue }  // There is time for another piece.
                step.hurry()
                began = .now
                continue
            }
            try loaded.read(needs, from: store)
            guard !needs.queues.isEmpty else { continue }
            let nextMinute = Instant(milliseconds: (Tally.minute(of: step.now) + 1) * 60_000)
            for campaign in needs.queues {
                loaded.add(queue: timers.head(of: campaign, by: nextMinute, limit: limits.queueHeads), of: campaign)
            }
        }
    }

    /// The changes are on disk: memory follows, and whoever waits for them hears of it.
    private func publish(_ step: inout Step) {
        while let (user, state) = step.takeUser() { loaded.cache.put(user, state) }
        for timer in step.timersLeft { timers.insert(timer) }
        for timer in step.changes.timersAdded { timers.insert(timer) }
        for timer in step.changes.timersRemoved { timers.remove(timer) }
        outbox.handOver(step.claims)
        outbox.withdraw(step.withdrawn)
        outbox.readdress(step.readdressed)
        outbox.recorded(step.recorded)
        if !step.ended.isEmpty { upkeep.sweep(step.ended) }
        if step.frees { upkeep.freed() }
        feed.publish(step.changes.decisions)
    }

    /// Of sessions that show nothing no decision is made; an in-app message may have been leased to one.
    private func tellSessions(_ works: ArraySlice<Work>) {
        for case .track(let track) in works {
            for item in track.items where item.occurred?.type == Event.sessionStart && !item.isHistory {
                feed.session(of: item.user)
            }
        }
    }

    private func left(of taken: [QueuedWork], _ step: Step) -> [QueuedWork] {
        var left = Array(taken[step.begun...])
        if let (number, work) = step.unfinished {
            var queued = taken[number]
            queued.work = work
            left.insert(queued, at: 0)
        }
        return left
    }

    /// Nothing of the step happened: what it changed in memory is forgotten and read again.
    private func failed(
        _ taken: [QueuedWork],
        _ works: [Work],
        _ due: [Timer],
        _ step: Step,
        _ error: StoreError
    ) -> [QueuedWork] {
        loaded.cache.removeAll()
        if health.notServing(String(describing: error)) { logger.error("nothing can be written: \(error)") }
        for timer in due { timers.insert(timer) }
        if !due.isEmpty { timersRestUntil = lastInstant + .seconds(1) }
        let refusal = Refusal.unavailable(String(describing: error))
        let answered = core.failed(works, step, refusal, tallies: try? store.tallies())
        answers.give(answered.compactMap { taken[$0.number].isOwn ? nil : (taken[$0.number], $0.answer) })
        postponed = taken[..<step.begun].filter(\.isOwn)
        return Array(taken[step.begun...])
    }
}
