import Engine
import Foundation
import Logging
import RPC
import Storage

/// The one thread that decides. It drains the queue, takes the instant, runs what is due and what came in, commits
/// all of it in one flush, and only then answers and hands over.
final class EngineThread: @unchecked Sendable {
    // Everything but the queue, the health and the logger belongs to the thread alone.
    let queue: WorkQueue
    let health: Health
    let store: any Store
    let clock: Clock
    let logger: Logger
    let outbox: Outbox
    let readers: Readers
    let campaigns: CampaignChanges
    var registry: CampaignRegistry
    var context: Context

    let limits: HostLimits
    private var cache: UserCache
    private var timers = TimerWindow()
    private var nextSequence: UInt64
    /// Told apart from those of an earlier start of the same instant by beginning at the clock's.
    private(set) var nextEvent: UInt64
    private var tallies: [CampaignNumber: Tally]
    private var lastInstant = Instant(milliseconds: .min)
    /// Outcomes that could not be recorded yet.
    private var postponed: [Work] = []
    /// Whether what is kept of forgotten users is being taken from the disk.
    var isErasing = false
    var eraseNext = Instant(milliseconds: .min)
    // Of what is committed together:
    private var commitBegan = ContinuousClock.now
    /// About what the users take in memory whom it looks at.
    private var userBytes = 0
    private var readBytes = 0
    /// Whom it will look at, in that order, and who were read.
    private var toRead: ArraySlice<UserID> = []
    private var wereRead: Set<UserID> = []
    private var timersRestUntil = Instant(milliseconds: .min)
    /// Of the users and items that this batch asked for: why their records do not read.
    private(set) var damagedUsers: [UserID: String] = [:]
    private var damagedItems: [ItemID: String] = [:]

    init(
        store: any Store,
        queue: WorkQueue,
        health: Health,
        campaigns: CampaignChanges,
        outbox: Outbox,
        readers: Readers,
        limits: HostLimits,
        clock: Clock,
        logger: Logger
    ) throws {
        self.store = store
        self.campaigns = campaigns
        registry = campaigns.current.get()
        self.outbox = outbox
        self.readers = readers
        self.limits = limits
        self.clock = clock
        self.logger = logger
        self.queue = queue
        self.health = health
        tallies = try store.tallies()
        cache = UserCache(capacity: limits.cachedUsers, bytes: limits.cachedUserBytes)
        context = registry.makeContext(identity: store.identity)
        // Never below what any decision had, and never below the clock: decisions that were dropped for their age
        // leave no number behind.
        nextEvent = UInt64(max(1, clock.now().milliseconds)) * 1_000
        nextSequence = max(try store.nextSequence(), UInt64(max(1, clock.now().milliseconds)) * 1_000)
    }

    /// Until the queue is closed and empty.
    func run() {
        trimEvents()
        var works: [QueuedWork] = []
        while true {
            let wake = nextWake()
            let isDone = queue.take(into: &works, most: limits.itemsPerCommit, until: wake, now: clock.now)
            takeInstant()
            let left = step(works)
            works.removeAll(keepingCapacity: true)
            queue.putBack(left)
            if isDone, left.isEmpty { break }
            eraseWhenDue()
        }
    }

    /// No decision, lease or claim has this number, nor a higher one.
    var firstFreeNumber: UInt64 { nextSequence }

    func takeNumber() { nextSequence += 1 }

    var keepsEvents: Bool { limits.keepsEvents }

    func takeEventSequence() -> UInt64 {
        defer { nextEvent += 1 }
        if nextEvent % Self.eventsBetweenTrims == 0 { trimEvents() }
        return nextEvent
    }

    private static let eventsBetweenTrims: UInt64 = 1 << 20

    private func trimEvents() {
        do {
            try store.trimEvents()
        } catch {
            logger.error("old events cannot be dropped: \(error)")
        }
    }

    /// The instant of everything in this step.
    var instant: Instant { lastInstant }
    private var now: Instant { lastInstant }

    /// Receipts never decrease (13), even where the system's clock is set back.
    private func takeInstant() {
        lastInstant = max(lastInstant, clock.now())
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

    /// Gives what there was no time for, in order.
    private func step(_ works: [QueuedWork]) -> ArraySlice<QueuedWork> {
        runTimers()
        var pending = postponed.map { QueuedWork(own: $0) }
        postponed = []
        for (index, queued) in works.enumerated() {
            guard queued.work.changesCampaigns else {
                pending.append(queued)
                continue
            }
            // What came before is decided by the campaigns as they were.
            let left = commit(pending)
            if !left.isEmpty { return left + works[index...] }
            pending.removeAll()
            _ = commit([queued])
        }
        return commit(pending)
    }

    /// Whether what waits has waited long enough for this commit already, or the commit is large enough.
    var isOverdue: Bool { userBytes > limits.userBytesPerCommit || .now - commitBegan > limits.commitTime }

    private func begin(reading users: [UserID]) {
        commitBegan = .now
        (userBytes, readBytes) = (0, 0)
        (damagedUsers, damagedItems) = ([:], [:])
        toRead = users[...]
        wereRead = []
    }

    private func runTimers() {
        guard now >= timersRestUntil else { return }
        let due = timers.take(before: now, limit: limits.timersPerCommit)
        guard !due.isEmpty else { return }
        var batch = Batch()
        do {
            begin(reading: due.map(\.user))
            var loaded: [UserID: UserState] = [:]
            for (index, timer) in due.enumerated() {
                if index > 0, isOverdue {
                    for timer in due[index...] { timers.insert(timer) }
                    break
                }
                try look(for: timer.user, batch, &loaded)
                // Those of a user whose record is damaged stay on disk, until a start that can read it.
                guard damagedUsers[timer.user] == nil else { continue }
                turn(timer.user, in: &batch, loaded: &loaded) { $0.handle(timer) }
            }
            try finish(&batch)
        } catch {
            failed(error)
            for timer in due { timers.insert(timer) }
            timersRestUntil = now + .seconds(1)
        }
    }

    /// Decides and commits together, and answers when that is on disk; refuses all of them where it cannot be. Gives
    /// what there was no time for.
    private func commit(_ queued: [QueuedWork]) -> ArraySlice<QueuedWork> {
        // Asked again: what came before it may have taken long.
        let queued = queued.filter(\.isWanted)
        guard !queued.isEmpty else { return [] }
        let works = queued.map(\.work)
        // Those before are done whole, and of one that is done in part more is left.
        var end = works.count
        var part: TrackWork?
        var batch = Batch()
        var answers: [(Arena) -> Finished] = []
        begin(reading: Self.users(of: works, limits.itemsPerCommit))
        do {
            var loaded: [UserID: UserState] = [:]
            let receipts = try loadReceipts(works)
            for (index, work) in works.enumerated() {
                if index > 0, isOverdue {
                    end = index
                    break
                }
                try look(for: work, batch, &loaded)
                if let refusal = damage(of: work) {
                    if let answer = work.refused(refusal) { answers.append(answer) }
                    continue
                }
                if let answer = try perform(work, in: &batch, &loaded, receipts) { answers.append(answer) }
                guard case .track(let track) = work, !track.isAnswered else { continue }
                track.keep(batch)
                (part, end) = (track, index)
                break
            }
            try serveQueues(in: &batch, &loaded)
            try finish(&batch)
            part?.isOnDisk()
        } catch {
            failed(error)
            if part != nil { end += 1 }
            let refusal = Refusal.unavailable(String(describing: error))
            answers = works[..<end].compactMap { $0.refused(refusal) }
            postponed += works[..<end].filter(\.isOwn)
        }
        answer(answers)
        return queued[end...]
    }

    /// Large answers leave before more of them are made.
    private func answer(_ answers: [(Arena) -> Finished]) {
        var finished: [Finished] = []
        var bytes = 0
        for answer in answers {
            let made = Arena.use { answer($0) }
            finished.append(made)
            if case .success(let payload) = made.result { bytes += payload.readableBytes }
            if bytes < Self.bytesOfAnswers { continue }
            Call.complete(finished)
            (finished, bytes) = ([], 0)
        }
        Call.complete(finished)
    }

    private static let bytesOfAnswers = 1 << 20

    /// A slot that came back goes to the head of its campaign's queue at once (14, 10.3), after what came in at the same
    /// instant.
    private func serveQueues(in batch: inout Batch, _ loaded: inout [UserID: UserState]) throws(StoreError) {
        for campaign in batch.takeSlotsFreed() {
            let nextMinute = Instant(milliseconds: (Tally.minute(of: now) + 1) * 60_000)
            let head = timers.head(of: campaign, by: nextMinute, limit: limits.queueHeads)
            for timer in head {
                try look(for: timer.user, batch, &loaded)
                guard isKnown(timer.user, batch, loaded) else { continue }  // The record is damaged.
                // The next slot that comes back, or the next minute, serves who is left.
                guard turn(timer.user, in: &batch, loaded: &loaded, { $0.takeFreeSlot(timer) }) else { break }
            }
        }
    }

    /// Reads the user where nobody knows yet, and some of those whom this commit looks at next.
    func look(for user: UserID, _ batch: Batch, _ loaded: inout [UserID: UserState]) throws(StoreError) {
        guard !isKnown(user, batch, loaded), !wereRead.contains(user), !batch.isForgotten(user) else { return }
        var missing = [user]
        wereRead.insert(user)
        while missing.count < limits.usersPerRead, let next = toRead.popFirst() {
            guard !isKnown(next, batch, loaded), !batch.isForgotten(next), wereRead.insert(next).inserted else {
                continue
            }
            missing.append(next)
        }
        for (user, stored) in zip(missing, try store.users(missing)) {
            switch stored {
            case .record(let state):
                readBytes += state.memory
                loaded[user] = state
            case .nothing: break
            case .damaged(let why): damagedUsers[user] = why
            }
        }
    }

    /// Everybody whom it needs; of a request with many items, as many as one commit looks at.
    private func look(for work: Work, _ batch: Batch, _ loaded: inout [UserID: UserState]) throws(StoreError) {
        switch work {
        case .track(let track):
            for item in track.next(limits.itemsPerCommit) {
                if readBytes > limits.userBytesPerCommit { break }
                try look(for: item.user, batch, &loaded)
            }
        case .lease(let user, _, _), .acknowledge(let user, _, _, _), .hold(let user, _, _, _), .delete(let user, _):
            try look(for: user, batch, &loaded)
        case .settle(let message, _, _, _, _), .putOff(let message, _, _, _):
            try look(for: message.user, batch, &loaded)
        case .sweep(let users): for user in users { try look(for: user, batch, &loaded) }
        // Dead letters tell of whom they are; their users are read then.
        case .change, .stop, .resume, .mark, .redrive, .erased: break
        }
    }

    private static func users(of works: [Work], _ most: Int) -> [UserID] {
        var users: [UserID] = []
        for work in works {
            switch work {
            case .track(let work): users += work.next(most).map(\.user)
            case .lease(let user, _, _), .acknowledge(let user, _, _, _), .hold(let user, _, _, _),
                .delete(let user, _):
                users.append(user)
            case .settle(let message, _, _, _, _), .putOff(let message, _, _, _): users.append(message.user)
            case .sweep(let all): users += all
            // Dead letters tell of whom they are; their users are read then.
            case .change, .stop, .resume, .mark, .redrive, .erased: break
            }
        }
        return users
    }

    private func loadReceipts(_ works: [Work]) throws(StoreError) -> [ItemID: ItemReceipt] {
        var ids: [ItemID] = []
        for case .track(let work) in works {
            for item in work.next(limits.itemsPerCommit) {
                if let id = item.id { ids.append(ItemID(user: item.user, id: id)) }
            }
        }
        guard !ids.isEmpty else { return [:] }
        var found: [ItemID: ItemReceipt] = [:]
        for (id, stored) in zip(ids, try store.receipts(ids)) {
            switch stored {
            case .record(let receipt): found[id] = receipt
            case .nothing: break
            case .damaged(let why): damagedItems[id] = why
            }
        }
        return found
    }

    /// Why a work cannot be done for what is damaged: nobody else's is refused for that, nor other users' items of the
    /// same request.
    private func damage(of work: Work) -> Refusal? {
        guard !damagedUsers.isEmpty || !damagedItems.isEmpty else { return nil }
        switch work {
        case .track(let work):
            guard work.done == 0, let why = damage(of: work.items[0]),
                !work.items.contains(where: { damage(of: $0) == nil })
            else { return nil }
            return .damaged("items[0]: \(why)")
        case .lease(let user, _, _), .acknowledge(let user, _, _, _), .hold(let user, _, _, _):
            return damagedUsers[user].map(Refusal.damaged)
        // Forgetting mends; redriven letters are looked at one by one; what became of a message is recorded without
        // its user, as of one who was deleted.
        case .delete, .redrive, .settle, .putOff, .sweep: return nil
        case .change, .stop, .resume, .mark, .erased: return nil
        }
    }

    /// Why nothing can be done of an item: its user's record is damaged, or what its id was used for.
    func damage(of item: Item) -> String? {
        guard !damagedUsers.isEmpty || !damagedItems.isEmpty else { return nil }
        let id = item.id.map { ItemID(user: item.user, id: $0) }
        return damagedUsers[item.user] ?? id.flatMap { damagedItems[$0] }
    }

    /// One user's turn, on the state as this batch left it.
    func turn<Result>(
        _ user: UserID,
        in batch: inout Batch,
        loaded: inout [UserID: UserState],
        tellsNearMisses: Bool = false,
        _ body: (inout Turn) -> Result
    ) -> Result {
        let state: UserState
        if let known = batch.take(user) {
            state = known
        } else {
            let cached = cache.take(user)
            state = cached?.state ?? loaded.removeValue(forKey: user) ?? UserState()
            userBytes += cached?.memory ?? state.memory
        }
        var result: Result?
        var turn = Turn.take(
            user: user,
            state: state,
            context: context,
            now: now,
            nextSequence: nextSequence,
            tallies: exchange(&tallies, with: [:]),
            match: registry.matcher.matches,
            tellsNearMisses: tellsNearMisses,
            { result = body(&$0) }
        )
        nextSequence = turn.nextSequence
        tallies = exchange(&turn.tallies, with: [:])
        batch.touch(turn.effects.tallies)
        batch.put(turn)
        guard let result else { preconditionFailure("the turn of \(user) did not run its body") }
        return result
    }

    /// Whether the user is known, in this batch or before.
    func isKnown(_ user: UserID, _ batch: Batch, _ loaded: [UserID: UserState]) -> Bool {
        batch.holds(user) || cache.contains(user) || loaded[user] != nil
    }

    func currentState(_ user: UserID, _ batch: Batch, _ loaded: [UserID: UserState]) -> UserState? {
        batch.state(user) ?? cache.peek(user) ?? loaded[user]
    }

    /// What waited of a user who is deleted never triggered, so that the accounts close.
    func forget(_ user: UserID, _ state: UserState, in batch: inout Batch) {
        cache.take(user)
        for wait in state.waits {
            let count = context.campaigns.campaign(wait.version)?.messages.count ?? 1
            tallies[wait.version.number]?.matched -= Int64(count)
        }
        for entry in state.queue { tallies[entry.wait.version.number]?.matched -= 1 }
        for claim in state.claims {
            tallies[claim.campaign]?.matched -= 1
            if claim.number != 0 { batch.withdraw(OutboxPlace(channel: claim.channel, number: claim.number)) }
        }
        // 14, 10.4: a place goes back when its user is deleted before delivery.
        let back = state.places.map(\.campaign).filter { campaign in
            !state.receipts.contains { $0.campaign == campaign && $0.isCertain }
        }
        for campaign in back { tallies[campaign]?.places -= 1 }
        batch.touch(
            Set(
                state.waits.map(\.version.number) + state.queue.map(\.wait.version.number)
                    + state.claims.map(\.campaign) + back
            )
        )
    }

    private func finish(_ batch: inout Batch) throws(StoreError) {
        guard !batch.isEmpty else { return }
        try batch.recordChanges { place throws(StoreError) in try store.outboxEntry(place)?.state }
        let (changes, states) = batch.finish(tallies)
        try store.commit(changes)
        health.serving()
        for (user, state) in states { cache.put(user, state) }
        for timer in changes.timersAdded { timers.insert(timer) }
        for timer in changes.timersRemoved { timers.remove(timer) }
        outbox.handOver(batch.handOvers)
        outbox.withdraw(batch.withdrawn)
        outbox.readdress(batch.readdressed)
        outbox.recorded(batch.recorded)
        for isMarked in batch.marked { isMarked() }
    }

    /// Nothing of the batch happened: what it changed in memory is forgotten and read again.
    private func failed(_ error: any Error) {
        cache.removeAll()
        if let stored = try? store.tallies() { tallies = stored }
        if health.notServing(String(describing: error)) {
            logger.error("nothing can be written: \(error)")
        }
    }
}

extension Work {
    var changesCampaigns: Bool {
        switch self {
        case .change, .stop, .resume: true
        case .track, .lease, .acknowledge, .hold, .delete, .settle, .putOff, .mark, .redrive, .sweep,
            .erased:
            false
        }
    }

    /// The daemon's own: nobody would ask again, so it is kept until it can be recorded.
    var isOwn: Bool {
        switch self {
        case .settle, .putOff, .mark, .sweep, .erased: true
        case .track, .lease, .acknowledge, .hold, .delete, .redrive, .change, .stop, .resume: false
        }
    }

    func refused(_ refusal: Refusal) -> ((Arena) -> Finished)? {
        switch self {
        case .track(let work): return { work.reply(work.refusal(refusal), $0) }
        case .lease(_, _, let reply): return { reply(.failure(refusal), $0) }
        case .acknowledge(_, _, _, let reply): return { reply(.failure(refusal), $0) }
        case .hold(_, _, _, let reply): return { reply(.failure(refusal), $0) }
        case .redrive(_, let reply): return { reply(.failure(refusal), $0) }
        case .delete(_, let reply): return { reply(.failure(refusal), $0) }
        case .stop(_, let reply): return { reply(.failure(refusal), $0) }
        case .resume(_, let reply): return { reply(.failure(refusal), $0) }
        case .change(let change):
            change.done(.refused(refusal))
            return nil
        case .settle, .putOff, .mark, .sweep, .erased: return nil
        }
    }
}
