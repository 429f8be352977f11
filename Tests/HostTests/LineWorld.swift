import Engine
import Storage

@testable import Core
@testable import Host

/// What stands around a line: the disk, the engine's thread that records, the line's own thread, the channel with its
/// providers, and time. What happens next is drawn from a seed. `LineRules` looks on.
struct LineWorld {
    /// What was committed and not told to the line yet, in the order in which the engine's thread tells it.
    enum Told {
        case handOver(OutboxMessage)
        case withdraw(UInt64)
        case readdress(UInt64, [Text])
        case recorded(RecordedOutcomes)
        case marked(UInt64)
    }

    /// What the line's thread is doing.
    enum Doing {
        case nothing
        case read(after: UInt64, limit: Int)
        /// The disk was read, and the line was not told yet.
        case hasRead([OutboxEntry], isAll: Bool)
        case load([UInt64])
        case sort([OutboxEntry])
    }

    struct Send {
        var entry: OutboxEntry
        var service: Text
        /// The provider answers when the trouble is over.
        var isSilent: Bool
        /// It is answered already, and will be once more.
        var isAnswered = false
    }

    var random: SplitMix64
    let settings: LineSettings
    let users: Int
    let providers: Int
    var line: LineStateMachine
    var rules: LineRules
    var now = Instant(milliseconds: 1_000_000_000)
    var events = 0
    var lastNumber: UInt64 = 0

    var disk: [UInt64: OutboxEntry] = [:]
    /// What the engine's thread is to record.
    var works: [LineStateMachine.Step] = []
    var told: [Told] = []
    var doing = Doing.nothing
    var sends: [Send] = []
    /// Of each provider, how likely what is: it changes now and then.
    var moods: [Mood] = []
    var phase = Phase.usual
    /// No fault happens any more: everything answers, is accepted and is recorded.
    var isCalm = false
    /// When the line said that nothing is to be done before.
    var waitsUntil = Instant(milliseconds: 0)

    enum Mood: CaseIterable {
        case well, mixed, down, throttling, silent, deadly, lost
    }

    /// What there is much of for a while.
    enum Phase: CaseIterable {
        case usual, claims, diskIsFull, slowLine, silence, haste, changes
    }

    init(seed: UInt64) {
        random = SplitMix64(state: seed)
        var settings = LineSettings(concurrency: random.next(1...8))
        settings.hasServices = random.chance(2, of: 3)
        settings.perSecond = random.chance(1, of: 4) ? Double(random.next(2...60)) : nil
        settings.givesUpAfter = random.chance(1, of: 3) ? .seconds(600) : .days(3)
        settings.unknownPolicy = UnknownPolicy.allCases[random.next(0...2)]
        settings.deathsToStop = random.chance(1, of: 2) ? 5 : nil
        settings.window = random.next(2...40)
        settings.longestTracked = random.next(10...200)
        settings.mostLanes = random.next(1...8)
        settings.leastUnderWay = random.next(1...40)
        settings.sortedAtOnce = random.next(1...16)
        settings.unparkedAtOnce = random.next(1...8)
        settings.mostUnrecorded = random.next(1...50)
        settings.firstOfService = random.next(1...8)
        self.settings = settings
        users = random.next(1...40)
        providers = random.next(1...16)
        moods = (0..<providers).map { _ in .well }
        line = LineStateMachine(name: "line", settings: settings, pending: 0)
        rules = LineRules(settings: settings)
    }

    /// The provider of a message: that of its address.
    func service(of message: OutboxMessage) -> Text {
        settings.hasServices ? "s\(provider(of: message))" : ""
    }

    func provider(of message: OutboxMessage) -> Int {
        (message.addresses.first?.string.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xffff } ?? 0) % providers
    }
}

/// Numbers from a seed: the same everywhere.
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func next(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }

    mutating func chance(_ times: Int, of all: Int) -> Bool { next(1...all) <= times }
}
