import Core
import Engine
import Logging
import Storage

/// A channel's line at work: a thread of its own that does what `LineStateMachine` decides, so that a channel that
/// hangs holds up no other.
final class Line: @unchecked Sendable {
    // What varies is read and written under `condition` alone.
    private let condition = ThreadCondition()
    private var machine: LineStateMachine
    private var isStopping = false
    private var isOver = false

    let name: String
    private let channel: ChannelInstance
    private let store: any Store
    private let clock: Clock
    private let logger: Logger
    private let record: Outbox.Record
    private let conditionsChanged: @Sendable (String, Bool) -> Void
    private let outcomeIsUnknown: @Sendable () -> Void

    /// How long channels may take to end what they have when the daemon ends.
    private static let grace = Length.seconds(10)
    /// How long a store that could not be read is left alone.
    private static let readPause = Length.seconds(1)

    /// - Parameters:
    ///   - pending: the channel's messages in the store.
    ///   - record: puts work into the queue of the engine's thread.
    ///   - conditionsChanged: told whether something is wrong with the channel, when that changes.
    ///   - outcomeIsUnknown: told of each try of which nobody knows what came of it.
    init(
        _ channel: ChannelInstance,
        store: any Store,
        pending: Int,
        clock: Clock,
        logger: Logger,
        record: @escaping Outbox.Record,
        conditionsChanged: @escaping @Sendable (String, Bool) -> Void,
        outcomeIsUnknown: @escaping @Sendable () -> Void
    ) {
        self.channel = channel
        name = channel.name
        machine = LineStateMachine(name: channel.name, settings: channel.line, pending: pending)
        self.store = store
        self.clock = clock
        self.logger = logger
        self.record = record
        self.conditionsChanged = conditionsChanged
        self.outcomeIsUnknown = outcomeIsUnknown
    }

    private func locked<Result>(_ body: (inout LineStateMachine) -> Result) -> Result {
        condition.lock()
        defer { condition.unlock() }
        return body(&machine)
    }

    /// Messages that are on disk as claimed.
    func handOver(_ messages: [OutboxMessage]) {
        let now = clock.now()
        locked { machine in
            for message in messages { machine.handOver(message, now: now) }
            condition.signal()
        }
    }

    /// On disk by now.
    func recorded(_ outcomes: RecordedOutcomes) {
        let becameWell = locked { machine in
            let wasWell = machine.conditions.isEmpty
            machine.recorded(outcomes)
            condition.signal()
            return !wasWell && machine.conditions.isEmpty
        }
        if becameWell { tell(true) }
    }

    func marked(_ number: UInt64) {
        locked { machine in
            machine.marked(number)
            condition.signal()
        }
    }

    func withdraw(_ number: UInt64) {
        let now = clock.now()
        locked { machine in
            machine.withdraw(number, now: now)
            condition.signal()
        }
    }

    func readdress(_ number: UInt64, _ addresses: [Text]) {
        locked { $0.readdress(number, addresses) }
    }

    /// What is wrong, and how many messages have no outcome yet.
    func report() -> (conditions: [String: Conditions.Condition], waiting: Int) {
        locked { ($0.conditions.byService, $0.pending) }
    }

    func unknownOutcomes() -> [String: UnknownOutcomes.Count] { locked { $0.unknowns.byService } }

    /// Until `stop`.
    func run() {
        condition.lock()
        while !isStopping {
            let before = Told(machine)
            let step = machine.next(clock.now())
            let after = Told(machine)
            if case .wait(let until) = step {
                wait(until)
                continue
            }
            condition.unlock()
            tell(before, after)
            perform(step)
            condition.lock()
        }
        isOver = true
        condition.broadcast()
        condition.unlock()
    }

    /// What others are told of when it changes.
    private struct Told {
        let isWell: Bool
        let unknown: Int

        init(_ machine: borrowing LineStateMachine) {
            isWell = machine.conditions.isEmpty
            unknown = machine.unknowns.total
        }
    }

    private func tell(_ before: Told, _ after: Told) {
        if before.isWell != after.isWell { tell(after.isWell) }
        if before.unknown != after.unknown { outcomeIsUnknown() }
    }

    private func tell(_ isWell: Bool) {
        conditionsChanged(name, isWell)
        guard !isWell else {
            logger.notice("the channel \(name) is well again")
            return
        }
        for (service, condition) in report().conditions {
            let provider = service.isEmpty ? name : "\(name) (\(service))"
            logger.warning("the channel \(provider) is degraded, its messages wait: \(condition.reason)")
        }
    }

    private func wait(_ until: Instant) {
        guard until != .never else { return condition.wait() }
        let pause = min(until - clock.now(), WorkQueue.longestWait)
        if pause > .zero { condition.wait(pause) }
    }

    private func perform(_ step: LineStateMachine.Step) {
        switch step {
        case .wait: break
        case .read(let after, let limit):
            guard let entries = read({ try store.outbox(name, after: after, limit: limit) }) else {
                return locked { $0.unread() }
            }
            let now = clock.now()
            locked { $0.read(entries, isAll: entries.count < limit, now: now) }
        case .load(let numbers): load(numbers)
        case .sort(let entries):
            let services = entries.map { ($0, channel.service(of: $0.message)) }
            let now = clock.now()
            locked { $0.sorted(services, now: now) }
        case .send(let entry): send(entry)
        case .mark(let message):
            record(.mark(message)) { [weak self] _ in self?.marked(message.number) }
        case .settle(let entry, let outcome, let dead):
            record(
                .settle(
                    entry.message,
                    outcome,
                    attempts: (entry.state?.attempts ?? 0) + (outcome == .withdrawn ? 0 : 1),
                    hasState: entry.state != nil,
                    deadAddresses: dead
                ),
                nil
            )
        case .putOff(let message, let state, let failed, let dead):
            logger.debug(
                "a message is tried again",
                metadata: [
                    "channel": "\(name)", "key": "\(message.key)", "at": "\(failed.next)",
                    "reason": "\(failed.reason)",
                ]
            )
            record(.putOff(message, state, failed, deadAddresses: dead), nil)
        }
    }

    private func load(_ numbers: [UInt64]) {
        for (index, number) in numbers.enumerated() {
            let place = OutboxPlace(channel: name, number: number)
            guard let entry: OutboxEntry? = read({ try store.outboxEntry(place) }) else {
                locked { $0.unloaded(Array(numbers[index...])) }
                return
            }
            let now = clock.now()
            locked { $0.loaded(number, entry, now: now) }
        }
    }

    /// Nil where the store could not be read; after a pause it is asked again.
    private func read<Value>(_ body: () throws -> Value) -> Value? {
        do {
            return try body()
        } catch {
            logger.error("the outbox cannot be read: \(error)")
            condition.lock()
            condition.wait(Self.readPause)
            condition.unlock()
            return nil
        }
    }

    private func send(_ entry: OutboxEntry) {
        let (message, state) = (entry.message, entry.state)
        let deadline = clock.now() + channel.line.deadline
        let dead = state?.deadAddresses ?? []
        let goesTo = zip(message.addresses, message.addressesSinceAtLatest).filter { !dead.contains($0.0) }
        channel.send(
            message,
            addresses: goesTo.map(\.0),
            addressesSince: goesTo.map(\.1),
            attempt: (state?.attempts ?? 0) + 1,
            deadline: deadline,
            isInDoubt: locked { $0.isInDoubt(message.number) }
        ) { [self] report in
            ended(message.number, entry, report)
        }
    }

    private func ended(_ number: UInt64, _ entry: OutboxEntry, _ report: ChannelReport) -> Bool {
        let now = clock.now()
        condition.lock()
        let before = Told(machine)
        let step = machine.ended(number, attempt: entry.state?.attempts ?? 0, report, now)
        let after = Told(machine)
        condition.signal()
        condition.unlock()
        tell(before, after)
        guard let step else { return false }
        perform(step)
        return true
    }

    /// Hands nothing over any more, and lets the channel end what it has.
    func stop() {
        condition.lock()
        isStopping = true
        condition.broadcast()
        let end = ContinuousClock.now + .milliseconds(Self.grace.milliseconds)
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
