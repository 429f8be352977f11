import Engine
import Host
import Storage

/// What providers see, over all starts of the daemon.
struct SendChecks {
    private struct Message: Hashable {
        var send: UInt64
        var channel: String
    }

    private(set) var count = 0
    private var keys: [Message: String] = [:]
    private var owners: [String: Message] = [:]
    /// Messages that are never to be sent again unless their provider says that it has not taken them.
    private var unsure: Set<OutboxPlace> = []

    /// Tries that nobody has heard of since, of this start of the daemon.
    private var underWay: [OutboxPlace: (attempt: UInt32, until: Instant)] = [:]

    mutating func started() { underWay = [:] }

    mutating func heard(_ place: OutboxPlace, _ attempt: UInt32, _ outcome: ChannelOutcome, _ now: Instant) {
        guard let tried = underWay[place], tried.attempt == attempt else { return }  // It was heard of.
        underWay[place] = nil
        switch outcome {
        case .tryAgain, .refused, .addressDead: if now < tried.until { unsure.remove(place) }
        case .accepted, .unknown: break
        }
    }

    /// Whose profile changed while a channel's plug-in was missing: nobody could say which of it are addresses.
    private var strangers: Set<UserID> = []

    mutating func committed(_ commit: Commit) {
        guard commit.lacks?.hasPrefix("channel-") == true else { return }
        strangers.formUnion(commit.changes.users.map(\.id))
    }

    mutating func send(
        _ entry: OutboxEntry,
        _ addresses: [Text],
        _ line: SimulatedLine,
        _ server: Server,
        _ now: Instant
    ) throws {
        count += 1
        let message = entry.message
        let store = server.store
        guard let stored = store.outboxEntry(message.place) else {
            throw Violation("\(message.key) is sent, and is not on disk")
        }
        if let earlier = underWay[message.place] {
            try check(now >= earlier.until, "\(message.key) is sent while its try \(earlier.attempt) is under way")
        }
        underWay[message.place] = (entry.state?.attempts ?? 0, now + line.machine.settings.deadline)
        if line.machine.settings.unknownPolicy == .neverAgain {
            try check(
                unsure.insert(message.place).inserted,
                "\(message.key) is sent again, and nobody knows whether it came"
            )
        }
        let name = Message(send: message.send, channel: message.channel)
        try check(keys[name, default: message.key] == message.key, "\(name) is sent under a second key, \(message.key)")
        try check(owners[message.key, default: name] == name, "two messages have the key \(message.key)")
        (keys[name], owners[message.key]) = (message.key, name)
        try check(!line.ended.contains(message.number), "\(message.key) is sent after its end")
        try check(stored.message.fields == message.fields, "\(message.key) is sent with other fields than were claimed")
        if line.machine.settings.unknownPolicy == .neverAgain, stored.state?.attempts ?? 0 == 0 {
            try check(stored.state?.isHandedOver == true, "\(message.key) is sent before that is on disk")
        }
        if let state = stored.state {
            try check(!state.isWithdrawn, "\(message.key) is sent to a user who must not be reached")
        }
        let last = message.claimedAt + line.machine.settings.givesUpAfter
        try check(now < last, "\(message.key) is sent at \(now), after \(last)")
        for other in store.outbox(message.channel, after: 0, limit: .max)
        where other.message.user == message.user && other.message.number < message.number
            && line.isOrdered(other.message.number, message.number)
        {
            try check(line.ended.contains(other.message.number), "\(message.key) overtakes \(other.message.key)")
        }
        guard !strangers.contains(message.user) else { return }
        if let user = store.user(message.user), let rules = server.core.context.channels[message.channel],
            let field = rules.addressField
        {
            if let consent = rules.consentField {
                let isRefused = user.profile[consent]?.string == "unsubscribed"
                try check(!isRefused, "\(message.key) goes to a user who unsubscribed")
            }
            let known = user.profile[field]?.texts ?? []
            let strange = addresses.filter { !known.contains($0) }
            try check(strange.isEmpty, "\(message.key) goes to \(strange), and the user has \(known)")
        }
    }
}
