import Core
import Engine
import Storage

/// A channel's line: which message is handed over when, which waits, and what an outcome means. Decides and does no
/// I/O; `Line` does. A value: it is told what happens and when, and has no clock and no chance of its own.
///
/// It is made of machines, each with its states: `MessageTable` (where each message is, `MessageState`), `Lanes` (how
/// each provider's lane stands, `Lane.Standing`, and how fast it leaves, `Pace`), and `DiskWindow` (what memory has seen
/// of the disk). This one passes on what happens to them: `+Messages` what is told of messages, `+Outcomes` what
/// channels say, `+Next` what is to be done.
package struct LineStateMachine {
    package enum Step: Equatable {
        /// To be read from disk, in order, those above `after`.
        case read(after: UInt64, limit: Int)
        /// To be read from disk, one by one.
        case load([UInt64])
        /// To be asked which providers they are for; `sorted` follows.
        case sort([OutboxEntry])
        /// To be handed to the channel now.
        case send(OutboxEntry)
        /// To be put on disk as handed over; `marked` follows.
        case mark(OutboxMessage)
        case settle(OutboxEntry, DeliveryOutcome, deadAddresses: [Text])
        case putOff(OutboxMessage, OutboxState, FailedTry, deadAddresses: [Text])
        /// Nothing to do before.
        case wait(until: Instant)
    }

    struct Try: Hashable {
        var number: UInt64
        /// How many of the message's tries had failed before.
        var attempt: UInt32
    }

    let name: String
    package let settings: LineSettings
    var disk: DiskWindow
    var messages: MessageTable
    var lanes: Lanes
    var deaths = Deaths()
    var rate: Rate
    var suspects: Suspects
    /// Tries that were not answered in time, each with a place in its lane. Their messages went on.
    var overdueTries: [Try: LaneID] = [:]
    /// Messages that have no outcome on disk yet.
    package private(set) var pending: Int
    var conditions = Conditions()
    var unknowns = UnknownOutcomes()
    #if DEBUG
        var uncheckedEvents = 0
    #endif

    /// `pending`: the channel's messages in the store.
    package init(name: String, settings: LineSettings, pending: Int, suspects: Suspects = Suspects()) {
        self.name = name
        self.suspects = suspects
        self.settings = settings
        self.pending = pending
        disk = DiskWindow(isEmpty: pending == 0)
        messages = MessageTable(givesUpAfter: settings.givesUpAfter)
        lanes = Lanes(Box(settings), channel: name)
        rate = Rate(perSecond: settings.perSecond)
    }

    var underWayCount: Int { messages.count(.underWay) }
    var overdue: Int { overdueTries.count }
    var unrecorded: Int { messages.unrecorded }

    /// How many a provider may have just now.
    func limit(_ service: Text = "") -> Int {
        lanes.id(of: LaneName(service: service)).map { lanes[$0].limit } ?? settings.concurrency
    }

    /// Whether so many deaths told by the message's provider are unlikely that it is not believed just now. Of a
    /// message that is under way.
    func isInDoubt(_ number: UInt64) -> Bool {
        guard case .underWay(_, let lane, _)? = messages.state(number) else { return false }  // It has ended by now.
        return deaths.isInDoubt(lanes[lane].service)
    }

    /// Providers that have messages and have answered none of them for long, which may still be in time.
    func silences(_ now: Instant) -> [Text: Conditions.Condition] {
        var silent: [Text: Conditions.Condition] = [:]
        for (_, lane) in lanes.table.all where silent.count < LineLimits.mostTold {
            let waiting = lane.busy - lane.overdue
            // It has nothing, or was heard of lately.
            guard waiting > 0, now - lane.heardAt >= settings.longestSilence else { continue }
            let reason = waiting == 1 ? "a message waits for its answer" : "\(waiting) messages wait for its answer"
            silent[lane.service] = Conditions.Condition(reason: reason, since: lane.heardAt)
        }
        return silent
    }

    /// Nil: nothing keeps it from being worked off but providers.
    func rest(_ now: Instant) -> Conditions.Condition? {
        guard now < suspects.restUntil else { return nil }
        let reason =
            "the daemon died again and again while it had messages: it is left alone until \(suspects.restUntil)"
        return Conditions.Condition(reason: reason, since: now)
    }

    /// Whether what is claimed now comes in at once.
    var hasRoom: Bool { messages.whole < settings.window && messages.tracked < settings.longestTracked }

    /// Whether an outcome may be told: with too many that are not on disk, nothing ends and nothing is handed over.
    var mayTell: Bool { unrecorded < settings.mostUnrecorded }

    func last(_ message: OutboxMessage) -> Instant { message.claimedAt + settings.givesUpAfter }

    mutating func claimed() { pending += 1 }

    /// Outcomes that are on disk, by the messages' numbers.
    package mutating func recorded(_ outcomes: RecordedOutcomes) {
        defer { check() }
        for number in outcomes.putOff {
            // One that the disk does not show any more was forgotten with what was to be recorded of it.
            guard messages.state(number) != nil else { continue }
            messages.change(number) { notes in
                precondition(notes.writes > 0, "message \(number) is recorded as put off once too often")
                notes.writes -= 1
                if notes.writes == 0 { notes.unsaved = nil }
            }
        }
        for number in outcomes.ended { messages.remove(number) }
        pending -= outcomes.ended.count
        // Nothing waits, so nothing would tell that a provider is well again.
        if pending == 0, overdue == 0 { conditions.clearAll() }
    }

    /// The message has its outcome. Where nothing waits for a provider, nothing would tell that it is well again.
    mutating func settle(_ number: UInt64) {
        let service = messages.service(number)
        messages.settle(number)
        guard let service, !conditions.isSilent, overdue == 0, messages.waiting[service] == nil else { return }
        for provider in Self.providers(of: service) where conditions.tells(of: provider) {
            if waiting()[provider] == nil { conditions.clear(provider) }
        }
    }

    /// Messages that have no outcome yet, by provider; what is for several counts for each. Where the channel has one,
    /// all of them, also those that memory has not seen.
    func waiting() -> [Text: Int] {
        guard settings.hasServices else { return ["": pending] }
        var counts: [Text: Int] = [:]
        for (service, count) in messages.waiting {
            for provider in Self.providers(of: service) { counts[provider, default: 0] += count }
        }
        return counts
    }

    /// Channels name several providers with a + between them.
    private static func providers(of service: Text) -> Set<Text> {
        guard service.utf8.contains(UInt8(ascii: "+")) else { return [service] }
        return Set(service.string.split(separator: "+").map { Text($0) }).union([service])
    }
}
