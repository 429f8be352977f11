import Core
import Engine
import Storage

/// What a line does of what its machine decides.
extension Line {
    func perform(_ step: LineStateMachine.Step) {
        switch step {
        case .wait, .mark, .settle, .putOff: break  // The engine was told of it.
        case .read(let after, let limit): read(after, limit)
        case .load(let numbers): load(numbers)
        case .sort(let entries):
            let services = entries.map { ($0, service(of: $0.message)) }
            let now = clock.now()
            change { $0.sorted(services, now: now) }
        case .send(let entry): send(entry)
        }
    }

    /// Puts what the engine's thread is to do into its queue: under the line's lock, so that what becomes of one
    /// message stands there in the order in which it happened, whichever threads it happened on.
    ///
    /// - Parameter endsTry: whether the channel said so of a try that was under way.
    func tellEngine(_ step: LineStateMachine.Step, endsTry: Bool = false) {
        switch step {
        case .wait, .read, .load, .sort, .send: break  // The line's own.
        case .mark(let message): record(.mark(message)) { [weak self] _ in self?.marked(message.number) }
        case .settle(let entry, let outcome, let dead):
            noteEnd(of: entry.message, outcome)
            record(
                .settle(
                    entry.message,
                    outcome,
                    attempts: entry.attempts + (outcome.isOfTry || endsTry ? 1 : 0),
                    hasState: entry.state != nil,
                    deadAddresses: dead
                ),
                nil
            )
        case .putOff(let message, let state, let failed, let dead):
            underWay.ended(message.number)
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

    // MARK: The disk

    private func read(_ after: UInt64, _ limit: Int) {
        guard let entries = fromDisk({ try store.outbox(name, after: after, limit: limit) }) else {
            return change { $0.unread() }
        }
        let now = clock.now()
        change { $0.read(entries, isAll: entries.count < limit, now: now) }
    }

    private func load(_ numbers: [UInt64]) {
        for (index, number) in numbers.enumerated() {
            let place = OutboxPlace(channel: name, number: number)
            guard let entry: OutboxEntry? = fromDisk({ try store.outboxEntry(place) }) else {
                change { $0.unloaded(Array(numbers[index...])) }
                return
            }
            let now = clock.now()
            change { $0.loaded(number, entry, now: now) }
        }
    }

    /// Nil where the store could not be read; after a pause it is asked again.
    private func fromDisk<Value>(_ body: () throws -> Value) -> Value? {
        do {
            return try body()
        } catch {
            logger.error("the outbox cannot be read: \(error)")
            condition.lock()
            condition.wait(LineLimits.readPause)
            condition.unlock()
            return nil
        }
    }

    // MARK: The channel

    private func service(of message: OutboxMessage) -> Text {
        guard channel.line.hasServices else { return "" }
        underWay.begins(message.number)
        defer { underWay.returned(message.number) }
        return channel.service(of: message)
    }

    /// One that is set aside since the daemon dies of it is remembered until that is on disk.
    private func noteEnd(of message: OutboxMessage, _ outcome: DeliveryOutcome) {
        guard case .unknown(let reason) = outcome, machine.suspects.toSetAside(message.number) != nil else {
            return underWay.ended(message.number)
        }
        underWay.setsAside(name)
        logger.error("a message is set aside: \(reason)", metadata: ["channel": "\(name)", "key": "\(message.key)"])
    }

    private func send(_ entry: OutboxEntry) {
        let (message, state) = (entry.message, entry.state)
        let deadline = clock.now() + channel.line.deadline
        let dead = state?.deadAddresses ?? []
        let isInDoubt = change { $0.isInDoubt(message.number) }
        let goesTo = zip(message.addresses, message.addressesSinceAtLatest).filter { !dead.contains($0.0) }
        underWay.begins(message.number)
        channel.send(
            message,
            addresses: goesTo.map(\.0),
            addressesSince: goesTo.map(\.1),
            attempt: (state?.attempts ?? 0) + 1,
            deadline: deadline,
            isInDoubt: isInDoubt
        ) { [self] report in
            ended(message.number, entry, report)
        }
    }

    /// Gives false where the machine had given the try up.
    private func ended(_ number: UInt64, _ entry: OutboxEntry, _ report: ChannelReport) -> Bool {
        let now = clock.now()
        underWay.answered(name)
        return change { machine in
            guard let step = machine.ended(number, attempt: entry.attempts, report, now) else { return false }
            tellEngine(step, endsTry: true)
            return true
        }
    }
}

extension DeliveryOutcome {
    /// Whether it can only come of a try.
    fileprivate var isOfTry: Bool {
        switch self {
        case .accepted, .refused, .unknown: true
        case .gaveUp, .withdrawn: false
        }
    }
}
