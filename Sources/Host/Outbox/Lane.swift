import Engine
import Storage

/// The part of a line that is for one provider: what waits for it, and how fast it leaves.
struct Lane {
    /// A message that memory knows by its number; the rest of it is on disk.
    struct Parked {
        var number: UInt64
        /// When it is given up.
        var last: Instant
    }

    private(set) var ready = Fifo<OutboxEntry>()
    /// Behind those that are ready.
    private(set) var parked = Fifo<Parked>()
    /// On disk as handed over.
    var marked = Fifo<OutboxEntry>()
    /// What the provider has, or is about to have; what it never answered too.
    var busy = 0
    /// Parked messages that are being read.
    private var unparking = 0
    var pace: Pace
    /// Its provider calls address after address dead: a few messages at a time find out whether that is so.
    var isCareful: Bool
    /// Whether it has its turns.
    var hasTurns = false
    private let isOneOfSeveral: Bool
    private let settings: LineSettings

    init(_ settings: LineSettings, channel: String, _ name: LaneName, isInDoubt: Bool) {
        self.settings = settings
        isOneOfSeveral = !name.service.isEmpty || name.isAside
        isCareful = isInDoubt && !name.isAside
        pace = Pace(
            settings,
            name: "\(channel) \(name.service)",
            isOneOfSeveral: isOneOfSeveral,
            isAside: name.isAside
        )
    }

    /// How many its provider may have at once.
    var limit: Int { isCareful ? min(pace.limit, settings.mostInDoubt) : pace.limit }

    /// Whether something waits in it.
    var isWaiting: Bool { !(ready.isEmpty && parked.isEmpty && marked.isEmpty && unparking == 0) }
    var isIdle: Bool { !isWaiting && busy == 0 }

    /// Messages in memory for it: a few rounds' worth. The one lane of a channel has all of the window.
    private var window: Int { isOneOfSeveral ? min(settings.window / 4, max(64, 2 * pace.limit)) : .max }

    /// Gives whether the message itself is kept; parked, only its number is.
    mutating func add(_ entry: OutboxEntry, last: Instant, _ now: Instant) -> Bool {
        guard parked.isEmpty, unparking == 0, ready.count < window, !(isOneOfSeveral && pace.isResting(now)) else {
            parked.append(Parked(number: entry.message.number, last: last))
            return false
        }
        ready.append(entry)
        return true
    }

    /// While its provider rests, one of several lanes leaves memory to the others. Gives how many it let go.
    mutating func park(_ now: Instant) -> Int {
        guard isOneOfSeveral, !ready.isEmpty, pace.isResting(now) else { return 0 }
        var all = Fifo<Parked>()
        let count = ready.count
        while let entry = ready.popFirst() {
            let last = entry.message.claimedAt + settings.givesUpAfter
            all.append(Parked(number: entry.message.number, last: last))
        }
        while let behind = parked.popFirst() { all.append(behind) }
        parked = all
        return count
    }

    /// Parked messages to be read now: those whose turn comes, and those that are too old.
    mutating func unpark(_ now: Instant) -> [UInt64] {
        var numbers: [UInt64] = []
        while let first = parked.first, numbers.count < settings.unparkedAtOnce {
            let isWanted = !pace.isResting(now) && ready.count + unparking < window / 2
            guard isWanted || first.last <= now else { break }
            _ = parked.popFirst()
            unparking += 1
            numbers.append(first.number)
        }
        return numbers
    }

    /// What `unpark` asked for; nil where it ends otherwise.
    mutating func unparked(_ entry: OutboxEntry?) {
        unparking -= 1
        if let entry { ready.append(entry) }
    }

    mutating func popReady() -> OutboxEntry? { ready.popFirst() }

    mutating func remove(_ number: UInt64) -> OutboxEntry? { ready.removeFirst { $0.message.number == number } }
}
