import Core
import Engine
import Logging
import Storage

/// The lines of all channels: claimed messages go to them, outcomes come back to the engine's thread.
final class Outbox: Sendable {
    /// Has something recorded, and tells when it is on disk.
    typealias Record = @Sendable (Work, (@Sendable (Answer) -> Void)?) -> Void

    private let lines: [String: Line]

    init(
        channels: [String: ChannelInstance],
        store: any Store,
        underWay: UnderWayFile,
        clock: Clock,
        logger: Logger,
        health: Health,
        record: @escaping Record
    ) throws {
        let counts = try store.outboxCounts()
        let trials = Trials()
        lines = channels.mapValues { channel in
            Line(
                channel,
                store: store,
                pending: counts[channel.name] ?? 0,
                underWay: underWay,
                clock: clock,
                logger: logger,
                record: record,
                outcomeIsUnknown: { health.outcomeIsUnknown() },
                suspectsTried: { trials.next() }
            )
        }
        trials.begin(Array(lines.values))
        Self.tell(underWay, logger)
        for (channel, count) in counts where channels[channel] == nil {
            logger.error("\(count) messages wait for the channel \(channel), which is not loaded")
        }
    }

    private static func tell(_ underWay: UnderWayFile, _ logger: Logger) {
        let deaths = underWay.deaths
        guard !deaths.isEmpty else { return }  // It ended in order, or nothing was under way.
        let how = underWay.isCrash ? "crashed" : "was killed"
        let consequence = deaths.values.contains(where: \.isToTryAlone) ? "tried one at a time" : "sent again"
        logger.warning("the daemon \(how) while channels had messages: \(deaths.count) are \(consequence)")
    }

    /// The body of each line's thread, by the thread's name.
    var threads: [(name: String, body: @Sendable () -> Void)] {
        lines.values.map { line in ("triggerd-\(line.name)", { line.run() }) }
    }

    /// Messages that are on disk as claimed. Those of a channel that is not loaded wait there for a start with it.
    func handOver(_ messages: [OutboxMessage]) {
        guard !messages.isEmpty else { return }
        for (channel, messages) in Dictionary(grouping: messages, by: \.channel) {
            lines[channel]?.handOver(messages)
        }
    }

    /// Outcomes that are on disk.
    func recorded(_ outcomes: [String: RecordedOutcomes]) {
        for (channel, outcomes) in outcomes { lines[channel]?.recorded(outcomes) }
    }

    func withdraw(_ places: [OutboxPlace]) {
        for place in places { lines[place.channel]?.withdraw(place.number) }
    }

    func readdress(_ messages: [(place: OutboxPlace, addresses: [Text])]) {
        for (place, addresses) in messages { lines[place.channel]?.readdress(place.number, addresses) }
    }

    /// What is wrong with channels just now, and what of them is tried again: what most messages wait for first, since
    /// not all may be told.
    func conditions() -> (degraded: [ChannelCondition], retrying: [ChannelCondition]) {
        let reports = lines.values.map { $0.report() }
        func sorted(_ conditions: [ChannelCondition]) -> [ChannelCondition] {
            conditions.sorted { (-$0.waiting, $0.channel, $0.service) < (-$1.waiting, $1.channel, $1.service) }
        }
        return (sorted(reports.flatMap(\.degraded)), sorted(reports.flatMap(\.retrying)))
    }

    /// Why a message was not handed over; nil where nothing holds it.
    func hold(of place: OutboxPlace, _ now: Instant) -> LineStateMachine.Hold? {
        lines[place.channel]?.hold(of: place.number, now)
    }

    /// Tries of which nobody knows what came of them, since the start: by channel, then by provider.
    func unknownOutcomes() -> [(channel: String, service: String, count: UnknownOutcomes.Count)] {
        lines.values.flatMap { line in line.unknownOutcomes().map { (line.name, $0.key.string, $0.value) } }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    }

    /// Hands nothing over any more; what is under way is ended by its channels first, all at once.
    func stop() {
        let stopping = lines.values.map { line in BackgroundThread("triggerd-stop-\(line.name)") { line.stop() } }
        for thread in stopping { thread.join() }
    }
}

/// That something is wrong with a channel, or with one of the providers behind it.
struct ChannelCondition: Hashable, Sendable {
    var channel: String
    var service: String
    var reason: String
    var since: Instant
    /// Its messages that have no outcome yet.
    var waiting: Int
}
