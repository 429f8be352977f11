import Core
import Engine
import Host
import Storage

/// The daemon as far as its memory goes, and the third driver of the core: what `Host`'s `EngineThread`, `Line`,
/// `CampaignChanges` and `Upkeep` do on threads of their own it does in turn, as chance has it. A crash ends it.
final class Server {
    struct Queued {
        var work: Work
        var tell: Tell
    }

    /// Who waits for an answer.
    enum Tell {
        case nobody
        case call(Int)
        case mark(channel: String, number: UInt64)
        case campaigns(CampaignRegistry, deleted: [CampaignNumber])
        case head(CampaignID)
    }

    unowned let world: World
    let store: DiskStore
    /// Of which plug-in it was started without.
    let lacks: String?
    let clock: SteadyClock
    var registry: CampaignRegistry
    var core: Core
    var loaded = Loaded(cache: UserCache(capacity: 2, bytes: 1 << 20))
    var timers = TimerWindow()
    var queue: [Queued] = []
    var postponed: [Queued] = []
    private(set) var lastInstant = Instant(milliseconds: .min)
    private(set) var timersRestUntil = Instant(milliseconds: .min)
    var lines: [SimulatedLine] = []
    /// Campaigns whose timers are to be looked through, as upkeep does.
    var sweeps: [Set<CampaignNumber>] = []
    /// Whether a change of campaigns is under way: there is one at a time.
    var isChangingCampaigns = false
    /// Whether nothing waits any more for some version.
    var versionsMayLeave = true

    init(_ world: World, _ store: DiskStore, plugins: PluginRegistry, lacks: String?) throws {
        self.world = world
        self.store = store
        self.lacks = lacks
        clock = world.time.steady(from: try Self.newestReceipt(store, world.time.wall))
        registry = CampaignRegistry(
            store.campaigns(),
            workspace: try store.workspace().map { try Workspace(packed: $0) } ?? Workspace(),
            plugins: plugins
        )
        let fromClock = UInt64(max(1, clock.now().milliseconds)) * 1_000
        core = Core(
            context: world.context(of: registry),
            tallies: store.tallies(),
            nextSequence: max(store.nextSequence(), fromClock),
            nextEvent: fromClock,
            limits: world.limits
        )
        let counts = store.outboxCounts()
        lines = world.providers.filter { core.context.channels[$0.channel] != nil }.map {
            SimulatedLine(self, $0, pending: counts[$0.channel] ?? 0)
        }
        let ended = registry.table.everyHead.filter { !$0.stops.isEmpty || $0.deletedAt != nil }.map(\.number)
        if !ended.isEmpty { sweeps.append(Set(ended)) }
    }

    /// As the daemon goes on from what was recorded last, where the clock was set back meanwhile.
    private static func newestReceipt(_ store: DiskStore, _ wall: Instant) throws -> Instant? {
        try LastReceipt.after(wall, in: store).flatMap { $0 - wall <= HostLimits.longestSetBack ? $0 : nil }
    }

    func line(_ channel: String) -> SimulatedLine? { lines.first { $0.channel == channel } }

    // MARK: The engine's thread

    /// When the engine's thread would wake for something; nil: at once. That it also wakes to read ahead in the index of
    /// what is due would take all of the time of a run in which months pass.
    func engineWakes() throws -> Instant? {
        guard queue.isEmpty, postponed.isEmpty else { return nil }
        if store.isFull { return clock.now() + .seconds(1) }
        timers.refill(world, store, max(lastInstant, clock.now()))
        let next = world.checks.next(store, core.context.campaigns)
        try check(timers.next <= next, "the next timer is at \(next), and memory sleeps until \(timers.next)")
        let due = next == .never ? next : Instant(milliseconds: next.milliseconds + 1)
        let wakes = max(due, timersRestUntil)
        return wakes <= clock.now() ? nil : wakes
    }

    func runEngine() throws {
        timers.refill(world, store, max(lastInstant, clock.now()))
        lastInstant = max(lastInstant, clock.now())
        let count = min(queue.count, world.chance.one([1, 2, 4, 16]))
        let taken = postponed + queue.prefix(count)
        queue.removeFirst(count)
        postponed = []
        let limit = world.weather.acceptsAtOnce ? 1_000 : world.chance.one([1, 3, 20])
        let due = lastInstant < timersRestUntil ? [] : timers.take(before: lastInstant, limit: limit)
        guard !taken.isEmpty || !due.isEmpty else { return }
        if lastInstant >= timersRestUntil {
            try world.checks.isDue(due, lastInstant, limit: limit, store, core.context.campaigns)
        }
        queue = try step(taken, due) + queue
    }

    /// Decides, commits, publishes. Gives what there was no time for, in order.
    private func step(_ taken: [Queued], _ due: [Timer]) throws -> [Queued] {
        let works = taken.map(\.work)
        var step = core.begin(works, timers: due, at: lastInstant)
        let causes = try decide(&step, due).union(users(of: works))
        if world.canary == .earlyAnswer {
            for (number, answer) in step.answers {
                if case .call = taken[number].tell { try world.answered(taken[number], answer, by: self) }
            }
        }
        do {
            if !step.changes.isEmpty { try commit(step, due, works, causes) }
        } catch let error as StoreError {
            return failed(taken, works, due, step, error)
        }
        follow(step)
        try publish(step)
        for (number, answer) in step.answers { try world.answered(taken[number], answer, by: self) }
        return left(of: taken, step)
    }

    private func follow(_ step: Step) {
        let held = step.changesCampaigns ? core.context.campaigns.held : []
        core.committed(step)
        // 14: of one that is served again what ran out stands only on disk.
        if step.changesCampaigns, core.context.campaigns.held != held { timers = TimerWindow() }
    }

    private func commit(_ step: Step, _ due: [Timer], _ works: [Work], _ causes: Set<UserID>) throws {
        let record = Commit(
            now: step.now,
            ranTimers: !due.isEmpty,
            changes: world.canary?.spoiled(step.changes, at: step.now) ?? step.changes,
            causes: causes,
            lacks: lacks
        )
        world.underWay = record
        let fault = world.writeFault()
        try store.write(record.changes, fault, flushing: { world.time.pass($0) }, durable: { try world.isDurable() })
    }

    /// Loads what the step needs until it is over. Gives whom anything happened to.
    private func decide(_ step: inout Step, _ due: [Timer]) throws -> Set<UserID> {
        loaded.forgetReads()
        var heads: Set<UserID> = []
        while let needs = core.advance(&step, &loaded) {
            if needs.isEmpty {
                // The model runs everything that is due before what came in.
                if world.weather.acceptsAtOnce, !step.timersLeft.isEmpty { continue }
                if world.chance.happens(world.weather.hurry) { step.hurry() }
                continue
            }
            try loaded.read(needs, from: store)
            guard !needs.queues.isEmpty else { continue }
            let nextMinute = Instant(milliseconds: (Tally.minute(of: step.now) + 1) * 60_000)
            for campaign in needs.queues {
                let head = timers.head(of: campaign, by: nextMinute, limit: 256)
                heads.formUnion(head.map(\.user))
                loaded.add(queue: head, of: campaign)
            }
        }
        return heads.union(due.map(\.user))
    }

    private func users(of works: [Work]) -> Set<UserID> {
        var users: Set<UserID> = []
        for work in works {
            switch work.traits.users {
            case .one(let user): users.insert(user)
            case .several(let several): users.formUnion(several)
            case .ofItems(let track): users.formUnion(track.items.map(\.user))
            case .none:
                guard case .redrive(let numbers) = work else { continue }  // It decides nothing.
                users.formUnion(numbers.compactMap { store.deadLetter($0)?.message.user })
            }
        }
        return users
    }

    private func publish(_ step: Step) throws {
        for (user, state) in step.changes.users { loaded.cache.put(user, state) }
        for timer in step.timersLeft { timers.insert(timer) }
        if world.canary != .untoldTimer {
            for timer in step.changes.timersAdded { timers.insert(timer) }
        }
        for timer in step.changes.timersRemoved { timers.remove(timer) }
        for message in step.claims {
            line(message.channel)?.handOver(message)
            if world.chance.happens(world.weather.leavings) { world.leave(message.user) }
        }
        if world.canary != .untoldWithdrawal {
            for place in step.withdrawn { line(place.channel)?.withdraw(place.number) }
        }
        for (place, addresses) in step.readdressed { line(place.channel)?.readdress(place.number, addresses) }
        for line in lines where world.canary != .untoldOutcome {
            if let outcomes = step.recorded[line.channel] { line.recorded(outcomes) }
        }
        if !step.ended.isEmpty { sweeps.append(step.ended) }
        if step.frees { versionsMayLeave = true }
    }

    private func left(of taken: [Queued], _ step: Step) -> [Queued] {
        var left = Array(taken[step.begun...])
        if let (number, work) = step.unfinished {
            var queued = taken[number]
            queued.work = work
            left.insert(queued, at: 0)
        }
        return left
    }

    private func failed(
        _ taken: [Queued],
        _ works: [Work],
        _ due: [Timer],
        _ step: Step,
        _ error: StoreError
    ) -> [Queued] {
        world.trace.add(lastInstant, "nothing can be written: \(works.count) works, \(due.count) timers")
        if world.canary == .keptCache {
            for (user, state) in step.changes.users { loaded.cache.put(user, state) }
        } else {
            loaded.cache.removeAll()
        }
        for timer in due { timers.insert(timer) }
        if !due.isEmpty { timersRestUntil = lastInstant + .seconds(1) }
        let refusal = Refusal.unavailable(String(describing: error))
        let answered = core.failed(works, step, refusal, tallies: store.tallies())
        for (number, answer) in answered where !taken[number].work.traits.isOwn {
            world.refused(taken[number], answer, by: self)
        }
        postponed = taken[..<step.begun].filter(\.work.traits.isOwn)
        return Array(taken[step.begun...])
    }

    // MARK: Upkeep

    var hasUpkeep: Bool { !sweeps.isEmpty || (versionsMayLeave && !isChangingCampaigns) }

    /// Looks for what waits of campaigns that were stopped or deleted, and has versions leave.
    func keepUp() {
        if versionsMayLeave, !isChangingCampaigns, world.chance.happens(500) { world.leave(self) }
        guard !sweeps.isEmpty else { return }
        let numbers = sweeps.removeFirst()
        let timers = store.timers(after: nil, through: .never, limit: .max)
        let users = Set(timers.filter { numbers.contains($0.campaign) }.map(\.user)).sorted()
        if !users.isEmpty { queue.append(Queued(work: .sweep(users), tell: .nobody)) }
    }
}

extension TimerWindow {
    fileprivate mutating func refill(_ world: World, _ store: DiskStore, _ now: Instant) {
        do {
            try refill(from: store, now: now)
        } catch {
            preconditionFailure("a store in memory cannot fail to be read: \(error)")
        }
    }
}
