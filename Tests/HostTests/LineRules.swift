import Engine
import Storage

@testable import Core
@testable import Host

/// What holds of a line whatever happens, said without a line: what was told of each message, and what may follow.
struct LineRules {
    struct Message {
        let user: UserID
        let claimedAt: Instant
        /// Its provider, once the channel was asked, and when it was for that one first: how many were before.
        var service: Text?
        var place = 0
        /// Tries that came to nothing, as the line was last to know.
        var attempts: UInt32 = 0
        var notBefore = Instant(milliseconds: 0)
        var unknowns: UInt32 = 0
        /// On disk, and whether the line was told.
        var isWithdrawn = false
        var isWithdrawnTold = false
        /// Where it may go: to what the line was told last, or to what is on disk since.
        var addresses: [[Text]]
        /// It has a place, and the disk is told that the channel will have it.
        var marking: Text?
        /// That is on disk, and the line was told.
        var isMarked = false
        /// A provider may have it, and nobody knows.
        var isLost = false
        /// The channel has it, and was not given up.
        var isUnderWay = false
    }

    let settings: LineSettings
    /// Those without an outcome.
    private(set) var messages: [UInt64: Message] = [:]
    /// Of each user, in order.
    private var open: [UserID: [UInt64]] = [:]
    private var sorted = 0
    /// Tries that have a place, by provider.
    private var places: [Text: Int] = [:]
    private var starts: [Instant] = []
    private(set) var outcomes = 0
    private(set) var accepted = 0
    private(set) var faults: [String] = []

    init(settings: LineSettings) {
        self.settings = settings
    }

    private mutating func require(_ isSo: Bool, _ rule: @autoclosure () -> String) {
        if !isSo, faults.count < 3 { faults.append(rule()) }
    }

    mutating func fault(_ text: String) { require(false, text) }

    mutating func change(_ number: UInt64, _ body: (inout Message) -> Void) {
        if var message = messages[number] {
            body(&message)
            messages[number] = message
        }
    }

    mutating func claimed(_ message: OutboxMessage) {
        messages[message.number] = Message(
            user: message.user,
            claimedAt: message.claimedAt,
            addresses: [message.addresses]
        )
        open[message.user, default: []].append(message.number)
    }

    /// The channel says which provider it is for.
    mutating func sorted(_ number: UInt64, _ service: Text) {
        guard messages[number]?.service != service else { return }
        sorted += 1
        change(number) { [sorted] in ($0.service, $0.place) = (service, sorted) }
    }

    // MARK: What the line does

    mutating func sent(_ entry: OutboxEntry, _ service: Text, _ now: Instant) {
        let number = entry.message.number
        guard let message = messages[number] else {
            return require(false, "message \(number) is sent, and has an outcome")
        }
        let overtaken = open[message.user]?.first { earlier in
            guard let other = messages[earlier] else { return false }
            return earlier < number && other.service == message.service && other.place <= message.place
        }
        require(overtaken == nil, "message \(number) overtakes an earlier one of its user for the same provider")
        require(!message.isUnderWay, "message \(number) is sent while it is under way")
        require(!message.isWithdrawnTold, "message \(number) is sent and was withdrawn")
        require(now >= message.notBefore, "message \(number) is sent before its pause is over")
        require(now < message.claimedAt + settings.givesUpAfter, "message \(number) is sent after its last instant")
        require(
            entry.attempts == message.attempts,
            "of message \(number) \(message.attempts) tries failed, not as told"
        )
        require(message.addresses.contains(entry.message.addresses), "message \(number) goes to an old address")
        switch settings.unknownPolicy {
        case .again: break
        case .aFewTimes: require(message.unknowns <= 3, "message \(number) is repeated once too often")
        case .neverAgain:
            require(message.isMarked, "message \(number) is sent, and the disk does not know")
            require(!message.isLost, "message \(number) is sent again, and a provider may have it")
        }
        if settings.unknownPolicy != .neverAgain { takesPlace(service, now) }
        change(number) { ($0.isUnderWay, $0.isMarked, $0.marking) = (true, false, nil) }
    }

    mutating func marks(_ number: UInt64, _ service: Text, _ now: Instant) {
        require(settings.unknownPolicy == .neverAgain, "message \(number) is marked, and may be repeated")
        takesPlace(service, now)
        change(number) { $0.marking = service }
    }

    private mutating func takesPlace(_ service: Text, _ now: Instant) {
        places[service, default: 0] += 1
        let own = places[service, default: 0]
        require(own <= settings.concurrency, "\(service) has more than it may at once")
        let taken = places.values.reduce(0, +)
        require(taken <= settings.mostUnderWay, "the channel has more than it may at once")
        guard let perSecond = settings.perSecond else { return }
        starts.append(now)
        starts.removeAll { $0 <= now - .seconds(1) }
        let count = starts.count
        let burst = max(1, perSecond / 20)
        require(Double(count) <= perSecond + burst + 1, "\(count) in a second of \(perSecond)")
    }

    mutating func placeBack(_ service: Text) {
        places[service, default: 0] -= 1
    }

    mutating func settled(_ number: UInt64, _ outcome: DeliveryOutcome, said: ChannelOutcome?, _ now: Instant) {
        guard let message = messages.removeValue(forKey: number) else {
            return require(false, "message \(number) has two outcomes")
        }
        open[message.user]?.removeAll { $0 == number }
        if let marking = message.marking { placeBack(marking) }
        outcomes += 1
        switch outcome {
        case .accepted:
            accepted += 1
            if case .accepted? = said { break }
            require(false, "message \(number) is accepted, and nobody said so")
        case .gaveUp:
            require(now >= message.claimedAt + settings.givesUpAfter, "message \(number) is given up too early")
        case .withdrawn: require(message.isWithdrawn, "message \(number) is withdrawn, and nobody said so")
        case .unknown:
            let isKnown = settings.unknownPolicy == .again
            require(!isKnown, "message \(number) ends as unknown, and is to be repeated")
        case .refused:
            switch said {
            case .refused, .addressDead: break
            case nil, .accepted, .tryAgain, .unknown: require(false, "message \(number) is refused, nobody said so")
            }
        }
    }

    mutating func putOff(_ number: UInt64, _ state: OutboxState, said: ChannelOutcome?, _ now: Instant) {
        guard let message = messages[number] else {
            return require(false, "message \(number) is put off, and has an outcome")
        }
        let last = message.claimedAt + settings.givesUpAfter
        require(message.isUnderWay, "message \(number) is put off, and was not under way")
        require(state.attempts == message.attempts + 1, "the tries of message \(number) are not counted")
        require(state.notBefore > now && state.notBefore <= last, "message \(number) is put off until when?")
        var isUnknown = said == nil
        if case .unknown? = said { isUnknown = true }
        let unknowns = message.unknowns + (isUnknown && settings.unknownPolicy == .aFewTimes ? 1 : 0)
        require(state.unknowns == unknowns, "of message \(number) \(unknowns) tries are unknown")
        change(number) { message in
            (message.attempts, message.notBefore, message.unknowns) = (state.attempts, state.notBefore, unknowns)
            (message.isUnderWay, message.isLost) = (false, message.isLost || isUnknown)
        }
    }

    /// The daemon ends, and what it did not record is as it was.
    mutating func crashed(_ disk: [UInt64: OutboxEntry]) {
        places = [:]
        for (number, entry) in disk {
            if messages[number] == nil { claimed(entry.message) }
            open[entry.message.user] = Array(Set(open[entry.message.user, default: []] + [number])).sorted()
            change(number) { message in
                if message.isUnderWay { message.isLost = true }
                let state = entry.state ?? OutboxState()
                (message.attempts, message.notBefore, message.unknowns) = (
                    state.attempts, state.notBefore, state.unknowns
                )
                (message.isUnderWay, message.isMarked, message.marking) = (false, false, nil)
                (message.service, message.place) = (nil, 0)
                (message.isWithdrawn, message.isWithdrawnTold) = (state.isWithdrawn, state.isWithdrawn)
                message.addresses = [state.addresses.isEmpty ? entry.message.addresses : state.addresses]
            }
        }
    }
}
