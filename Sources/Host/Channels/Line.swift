import CCrash
import Core
import Engine
import Logging
import Storage

/// A channel's line at work: a thread of its own that does what `LineStateMachine` decides, so that a channel that
/// hangs holds up no other.
final class Line: @unchecked Sendable {
    // What varies is read and written under `condition` alone.
    let condition = ThreadCondition()
    private(set) var machine: LineStateMachine
    private var conditionLog = ConditionLog()
    private var isStopping = false
    private var isOver = false

    let name: String
    let channel: ChannelInstance
    let store: any Store
    let clock: Clock
    let logger: Logger
    let record: Outbox.Record
    let underWay: UnderWayFile
    private let outcomeIsUnknown: @Sendable () -> Void
    private let suspectsTried: @Sendable () -> Void

    /// - Parameters:
    ///   - pending: the channel's messages in the store.
    ///   - record: puts work into the queue of the engine's thread.
    ///   - outcomeIsUnknown: told of each try of which nobody knows what came of it.
    ///   - suspectsTried: told when others may try what their channels had when the daemon died.
    init(
        _ channel: ChannelInstance,
        store: any Store,
        pending: Int,
        underWay: UnderWayFile,
        clock: Clock,
        logger: Logger,
        record: @escaping Outbox.Record,
        outcomeIsUnknown: @escaping @Sendable () -> Void,
        suspectsTried: @escaping @Sendable () -> Void
    ) {
        self.channel = channel
        name = channel.name
        let suspects = Suspects(
            deaths: underWay.deaths,
            setAside: underWay.setAside(of: channel.name),
            now: clock.now()
        )
        machine = LineStateMachine(name: channel.name, settings: channel.line, pending: pending, suspects: suspects)
        self.underWay = underWay
        self.store = store
        self.clock = clock
        self.logger = logger
        self.record = record
        self.outcomeIsUnknown = outcomeIsUnknown
        self.suspectsTried = suspectsTried
    }

    /// Messages that are on disk as claimed.
    func handOver(_ messages: [OutboxMessage]) {
        let now = clock.now()
        change { machine in
            for message in messages { machine.handOver(message, now: now) }
        }
    }

    /// On disk by now.
    func recorded(_ outcomes: RecordedOutcomes) {
        change { $0.recorded(outcomes) }
        guard !underWay.deaths.isEmpty else { return }  // None was set aside.
        for number in outcomes.ended { underWay.ended(number) }
    }

    /// Gives whether it has any.
    func trySuspects() -> Bool {
        change { machine in
            machine.trySuspects()
            return machine.hasSuspects
        }
    }

    func marked(_ number: UInt64) {
        change { $0.marked(number) }
    }

    func withdraw(_ number: UInt64) {
        let now = clock.now()
        change { $0.withdraw(number, now: now) }
    }

    func readdress(_ number: UInt64, _ addresses: [Text]) {
        change { $0.readdress(number, addresses) }
    }

    /// What is wrong, and what is not quite right.
    func report() -> (degraded: [ChannelCondition], retrying: [ChannelCondition]) {
        let now = clock.now()
        return change { machine in
            var degraded = machine.conditions.byService.merging(machine.silences(now)) { known, _ in known }
            if let rest = machine.rest(now) { degraded[""] = rest }
            let retrying = machine.conditions.retrying.filter { degraded[$0.key] == nil }
            let waiting = degraded.isEmpty && retrying.isEmpty ? [:] : machine.waiting()
            let told = { (service: Text, condition: Conditions.Condition) in
                ChannelCondition(
                    channel: self.name,
                    service: service.string,
                    reason: condition.reason,
                    since: condition.since,
                    // What is of no provider is of all.
                    waiting: waiting[service] ?? (service.isEmpty ? machine.pending : 0)
                )
            }
            return (degraded.map(told), retrying.map(told))
        }
    }

    func hold(of number: UInt64, _ now: Instant) -> LineStateMachine.Hold? { change { $0.hold(of: number, now) } }

    func unknownOutcomes() -> [Text: UnknownOutcomes.Count] { change { $0.unknowns.byService } }

    /// Until `stop`.
    func run() {
        triggerd_note_overflow()
        while let step = next() { perform(step) }
        condition.lock()
        isOver = true
        condition.broadcast()
        condition.unlock()
    }

    /// Waits until there is something to do; nil once the line is to stop.
    private func next() -> LineStateMachine.Step? {
        condition.lock()
        while !isStopping {
            let before = Told(machine)
            let step = machine.next(clock.now())
            if case .wait(let until) = step {
                wait(until)
                continue
            }
            tellEngine(step)
            unlock(telling: before)
            return step
        }
        condition.unlock()
        return nil
    }

    private func wait(_ until: Instant) {
        guard until != .never else { return condition.wait() }
        let pause = min(until - clock.now(), HostLimits.longestWait)
        if pause > .zero { condition.wait(pause) }
    }

    /// Whatever happens to the machine happens here or in `next`.
    func change<Result>(_ body: (inout LineStateMachine) -> Result) -> Result {
        condition.lock()
        let before = Told(machine)
        let result = body(&machine)
        condition.signal()
        unlock(telling: before)
        return result
    }

    /// What others are told of when it changes.
    private struct Told {
        let unknown: Int
        let hasSuspects: Bool

        init(_ machine: borrowing LineStateMachine) {
            unknown = machine.unknowns.total
            hasSuspects = machine.hasSuspects
        }
    }

    /// Others are told under the lock, so that they hear things in the order in which they happened.
    private func unlock(telling before: Told) {
        let after = Told(machine)
        if before.unknown != after.unknown { outcomeIsUnknown() }
        if before.hasSuspects, !after.hasSuspects { suspectsTried() }
        let news = machine.conditions.takeNews()
        let lines = news.isEmpty ? [] : conditionLog.lines(name, news, clock.now())
        condition.unlock()
        for (level, line) in lines { logger.log(level: level, "\(line)") }
    }

    /// Hands nothing over any more, and lets the channel end what it has.
    func stop() {
        condition.lock()
        isStopping = true
        condition.broadcast()
        let end = ContinuousClock.now + .milliseconds(LineLimits.grace.milliseconds)
        while !isOver || machine.underWayCount > 0 {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else { break }
            condition.wait(Length(milliseconds: Int64(left / .milliseconds(1)) + 1))
        }
        let isIdle = machine.underWayCount == 0 && machine.overdue == 0
        let isStuck = !isOver
        condition.unlock()
        if isStuck {
            logger.error("the channel \(name) does not return from a send: it is left behind")
            return
        }
        // One that hangs would drain for ever: it is told to stop at once.
        if isIdle { channel.drain() }
        channel.stop()
    }
}
