import Engine
import Storage

/// The heart: everything that comes in or is due becomes one step after another, and each step one commit. It has no
/// clock, no disk, no socket, and calls nobody but what `Context` names. Whoever drives it
/// - begins a step with what came in and what is due (`begin`),
/// - reads what the step asks for, until it asks for nothing more (`advance`),
/// - commits its changes, and tells it whether that went well (`committed`, `failed`),
/// - and only then answers and hands over.
///
/// There are three drivers: the daemon's thread, the simulation, and the torture test.
package struct Core: Sendable {
    /// By what it decides.
    package private(set) var context: Context
    package let limits: CoreLimits
    /// Of everything, not only where a request asks for it.
    private let tellsNearMisses: Bool
    /// No decision, lease or claim has this number, nor a higher one.
    package internal(set) var nextSequence: UInt64
    /// Of events that are kept.
    package internal(set) var nextEvent: UInt64
    var tallies: [CampaignNumber: Tally]

    /// The numbers: those of the next decision, and of the next event that is kept.
    package init(
        context: Context,
        tallies: [CampaignNumber: Tally],
        nextSequence: UInt64,
        nextEvent: UInt64,
        limits: CoreLimits = CoreLimits(),
        tellsNearMisses: Bool = false
    ) {
        self.context = context
        self.tellsNearMisses = tellsNearMisses
        self.tallies = tallies
        self.nextSequence = nextSequence
        self.nextEvent = nextEvent
        self.limits = limits
    }

    /// The timers come first, since everything that came before they ran out was handled in steps before; then the
    /// works, in that order.
    package func begin(_ works: [Work], timers: [Timer] = [], at now: Instant) -> Step {
        Step(works, timers: timers, now: now)
    }

    /// Goes on with the step, as far as what is loaded allows. Gives what must be loaded before it is asked again;
    /// empty needs where it could end here for want of time (`Step.hurry`); nil where it is over.
    package mutating func advance(_ step: inout Step, _ loaded: inout Loaded) -> Needs? {
        while true {
            let needs: Needs?
            switch step.phase {
            case .begun:
                var ids = Needs()
                ids.receipts = step.ids(limits.itemsPerStep)
                needs = ids.isEmpty ? nil : ids
                step.phase = .timers
            case .timers:
                needs = runTimers(&step, &loaded)
                if needs == nil { step.phase = .works }
            case .works:
                needs = doWorks(&step, &loaded)
                if needs == nil { step.phase = .queues }
            case .queues:
                needs = serveQueues(&step, &loaded)
                if needs == nil { step.phase = .messages }
            case .messages:
                needs = step.batch.missingStates(loaded)
                if needs == nil {
                    finish(&step, loaded)
                    step.phase = .over
                }
            case .over: return nil
            }
            if let needs { return needs }
        }
    }

    /// The step's changes are on disk.
    package mutating func committed(_ step: Step) {
        if let context = step.context { self.context = context }
    }

    /// Nothing of the step happened; `tallies`: as they are on disk, nil where they cannot be read. Gives what answers
    /// those of its works that it had begun: all before `step.begun`.
    package mutating func failed(
        _ works: [Work],
        _ step: Step,
        _ refusal: Refusal,
        tallies: [CampaignNumber: Tally]?
    ) -> [(number: Int, answer: Answer)] {
        if let tallies { self.tallies = tallies }
        return works.prefix(step.begun).enumerated().map { ($0.offset, $0.element.refused(refusal)) }
    }

    private func finish(_ step: inout Step, _ loaded: Loaded) {
        step.track?.track.endPart()
        step.batch.recordMessageChanges(loaded)
        step.frees = step.batch.tallies.contains { isFree($0, at: step.now) }
        step.changes = step.batch.finish(tallies)
    }

    /// Whether a version of it may leave, or all of it.
    private func isFree(_ number: CampaignNumber, at now: Instant) -> Bool {
        guard let tally = tallies[number] else { return false }
        if context.campaigns.isDeleted(number) { return tally.waiting == 0 }
        guard context.campaigns.versionCount(of: number) > 1, let newest = context.campaigns.head(number)?.version
        else {
            return false
        }
        return context.campaigns.versions(of: number).contains {
            $0.version != newest && tally.mayLeave($0.version, at: now)
        }
    }

    // MARK: Timers

    private mutating func runTimers(_ step: inout Step, _ loaded: inout Loaded) -> Needs? {
        while let timer = step.nextTimer {
            // 14: what waits of a held campaign waits. Its timers stay on disk, and are read again later.
            if context.campaigns.isHeld(timer.campaign) {
                step.takeTimer()
                continue
            }
            if let needs = missing(timer.user, step, loaded) { return needs }
            step.takeTimer()
            // Those of a user whose record is damaged stay on disk, until a start that can read it.
            if loaded.damage(of: timer.user) == nil { turn(timer.user, &step, &loaded) { $0.handle(timer) } }
            if isOverdue(&step) { return nil }
            if step.isPieceDone(largest: limits.largestPiece), step.nextTimer != nil { return Needs() }
        }
        return nil
    }

    /// A slot that came back goes to the head of its campaign's queue at once (14, 10.3), after what came in at the same
    /// instant.
    private mutating func serveQueues(_ step: inout Step, _ loaded: inout Loaded) -> Needs? {
        while true {
            // One that is served may let go of a slot of its own.
            step.freed.formUnion(step.batch.takeSlotsFreed())
            guard !step.freed.isEmpty else { return nil }
            var needs = Needs()
            needs.queues = step.freed.filter { loaded.queue(of: $0) == nil }.sorted()
            if !needs.isEmpty { return needs }
            for campaign in step.freed.sorted() {
                if let needs = serve(campaign, &step, &loaded) { return needs }
                step.freed.remove(campaign)
            }
        }
    }

    private mutating func serve(_ campaign: CampaignNumber, _ step: inout Step, _ loaded: inout Loaded) -> Needs? {
        if context.campaigns.isHeld(campaign) { return nil }  // 14: what waits of it waits.
        let queue = loaded.queue(of: campaign) ?? []
        while step.served[campaign, default: 0] < queue.count {
            let timer = queue[step.served[campaign, default: 0]]
            if let needs = missing(timer.user, step, loaded) { return needs }
            step.served[campaign, default: 0] += 1
            guard isKnown(timer.user, step, loaded) else { continue }  // The record is damaged.
            // The next slot that comes back, or the next minute, serves who is left.
            if !turn(timer.user, &step, &loaded, { $0.takeFreeSlot(timer) }) { return nil }
        }
        return nil
    }

    // MARK: Users

    /// What must be read before the user's turn; with them some whose turns come next.
    func missing(_ user: UserID, _ step: Step, _ loaded: Loaded, ahead items: ArraySlice<Item> = []) -> Needs? {
        guard !hasLooked(for: user, step, loaded) else { return nil }
        var needs = Needs()
        needs.users = [user]
        var (left, seen) = (4 * limits.usersPerRead, Set([user]))
        step.usersAhead(items) { next in
            left -= 1
            if !hasLooked(for: next, step, loaded), seen.insert(next).inserted { needs.users.append(next) }
            return left > 0 && needs.users.count < limits.usersPerRead
        }
        return needs
    }

    func hasLooked(for user: UserID, _ step: Step, _ loaded: Loaded) -> Bool {
        step.batch.holds(user) || step.batch.isForgotten(user) || loaded.hasLooked(for: user)
    }

    /// Whether the user is known, in this step or before.
    func isKnown(_ user: UserID, _ step: Step, _ loaded: Loaded) -> Bool {
        step.batch.holds(user) || loaded.knows(user)
    }

    func currentState(_ user: UserID, _ step: Step, _ loaded: Loaded) -> UserState? {
        step.batch.state(user) ?? loaded.peek(user)
    }

    /// One user's turn, on the state as this step left it.
    @discardableResult
    mutating func turn<Result>(
        _ user: UserID,
        _ step: inout Step,
        _ loaded: inout Loaded,
        tellsNearMisses: Bool = false,
        _ body: (inout Turn) -> Result
    ) -> Result {
        let place = step.batch.place(of: user)
        var state: UserState
        if let known = step.batch.take(place) {
            state = known
        } else if let (known, memory) = loaded.take(user) {
            state = known
            step.userBytes += memory
        } else {
            state = UserState()
        }
        var result: Result?
        var turn = Turn.take(
            user: user,
            state: exchange(&state, with: UserState()),
            context: context,
            now: step.now,
            nextSequence: nextSequence,
            tallies: exchange(&tallies, with: [:]),
            tellsNearMisses: tellsNearMisses || self.tellsNearMisses,
            { result = body(&$0) }
        )
        nextSequence = turn.nextSequence
        tallies = exchange(&turn.tallies, with: [:])
        step.batch.touch(turn.effects.tallies)
        step.batch.put(&turn, at: place)
        guard let result else { preconditionFailure("the turn of \(user) did not run its body") }
        return result
    }

    /// Whether the step is large enough as it is: each user whom it changes is written whole.
    func isOverdue(_ step: inout Step) -> Bool {
        guard step.userBytes > limits.userBytesPerStep else { return false }
        step.userBytes = 0
        return true
    }
}
