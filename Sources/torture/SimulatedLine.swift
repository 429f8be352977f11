import Core
import Engine
import Host
import Storage

/// A channel's line: the real machine, and in the place of `Line`'s thread turns that chance gives it.
final class SimulatedLine {
    private unowned let server: Server
    private let provider: Provider
    var channel: String { provider.channel }
    private(set) var machine: LineStateMachine
    /// What the thread is at: others may come between it and what the machine decided.
    private var inFlight: LineStateMachine.Step?
    /// When there is something to do, unless the machine was told something meanwhile.
    private var wakesAt: Instant?
    /// Messages of which no further try may come, as far as the machine said so.
    private(set) var ended: Set<UInt64> = []
    /// Of which provider's the channel said that a message is, and how many it had said that of before.
    private var services: [UInt64: (name: Text, place: Int)] = [:]

    init(_ server: Server, _ provider: Provider, pending: Int) {
        self.server = server
        self.provider = provider
        machine = LineStateMachine(name: provider.channel, settings: provider.settings, pending: pending)
    }

    private var now: Instant { server.clock.now() }

    /// Nil: there is something to do at once.
    func wakes() -> Instant? { inFlight == nil ? wakesAt : nil }

    func run() throws {
        if let step = inFlight {
            inFlight = nil
            return perform(step)
        }
        switch machine.next(now) {
        case .wait(let until): wakesAt = until
        case let step:
            wakesAt = nil
            tellEngine(step)
            switch step {
            case .send(let entry):
                // What happens to the message from now on comes too late for this try.
                try server.world.sends.send(entry, addresses(of: entry), self, server, now)
                inFlight = step
            case .read, .load, .sort: inFlight = step
            case .wait, .mark, .settle, .putOff: break
            }
        }
    }

    private func change(_ body: (inout LineStateMachine) -> Void) {
        body(&machine)
        wakesAt = nil
    }

    func handOver(_ message: OutboxMessage) { change { $0.handOver(message, now: now) } }
    func recorded(_ outcomes: RecordedOutcomes) { change { $0.recorded(outcomes) } }
    func marked(_ number: UInt64) { change { $0.marked(number) } }
    func withdraw(_ number: UInt64) { change { $0.withdraw(number, now: now) } }
    func readdress(_ number: UInt64, _ addresses: [Text]) { change { $0.readdress(number, addresses) } }

    private func perform(_ step: LineStateMachine.Step) {
        switch step {
        case .wait, .mark, .settle, .putOff: break  // The engine was told of it.
        case .read(let after, let limit):
            if server.world.chance.happens(server.world.weather.fullDisk) { return change { $0.unread() } }
            let entries = server.store.outbox(channel, after: after, limit: limit)
            change { $0.read(entries, isAll: entries.count < limit, now: now) }
        case .load(let numbers):
            for number in numbers {
                let entry = server.store.outboxEntry(OutboxPlace(channel: channel, number: number))
                change { $0.loaded(number, entry, now: now) }
            }
        case .sort(let entries):
            let sorted = entries.map { ($0, provider.service(of: $0.message)) }
            for (entry, name) in sorted where services[entry.message.number]?.name != name {
                services[entry.message.number] = (name, services.count)
            }
            change { $0.sorted(sorted, now: now) }
        case .send(let entry): send(entry)
        }
    }

    /// Whether the first of these, of one user and in order, has to have its outcome before the second is sent.
    func isOrdered(_ first: UInt64, _ second: UInt64) -> Bool {
        guard machine.settings.hasServices else { return true }
        guard let (name, place) = services[first], let other = services[second] else { return false }
        return name == other.name && place < other.place
    }

    private func tellEngine(_ step: LineStateMachine.Step) {
        switch step {
        case .wait, .read, .load, .sort, .send: break  // The line's own.
        case .mark(let message):
            put(.mark(message), .mark(channel: channel, number: message.number))
        case .settle(let entry, let outcome, let dead):
            ended.insert(entry.message.number)
            put(
                .settle(
                    entry.message,
                    outcome,
                    attempts: (entry.state?.attempts ?? 0) + (outcome == .withdrawn ? 0 : 1),
                    hasState: entry.state != nil,
                    deadAddresses: dead
                )
            )
        case .putOff(let message, let state, let failed, let dead):
            put(.putOff(message, state, failed, deadAddresses: dead))
        }
    }

    private func put(_ work: Work, _ tell: Server.Tell = .nobody) {
        server.queue.append(Server.Queued(work: work, tell: tell))
    }

    private func addresses(of entry: OutboxEntry) -> [Text] {
        let dead = entry.state?.deadAddresses ?? []
        return entry.message.addresses.filter { !dead.contains($0) }
    }

    private func send(_ entry: OutboxEntry) {
        server.world.trace.add(now, "\(channel): sends \(entry.message.key), try \((entry.state?.attempts ?? 0) + 1)")
        provider.send(entry.message, attempt: entry.state?.attempts ?? 0, addresses(of: entry), now, server.world)
    }

    /// What the channel says of a try.
    func ended(_ number: UInt64, attempt: UInt32, _ report: ChannelReport) {
        change { machine in
            guard let step = machine.ended(number, attempt: attempt, report, now) else { return }
            tellEngine(step)
        }
    }

    var pending: Int { machine.pending }
}
