import Engine
import Storage

/// One step of everything: what it is made of, how far it is, and, once nothing is left to do, what is to be recorded
/// together and what follows from that.
package struct Step {
    /// Where it stands. Each phase is over before the next begins.
    enum Phase {
        /// What was answered to the ids of all works is to be known first.
        case begun
        /// What is due.
        case timers
        /// What came in.
        case works
        /// Slots of rate limits that came back serve who waits for them.
        case queues
        /// Messages that changed under way are recorded beside what is known of their tries.
        case messages
        case over
    }

    /// The instant of everything in it.
    package let now: Instant
    var phase = Phase.begun
    /// The next one last.
    private var timers: [Timer]
    /// The next one last, each with its number.
    private var works: [(number: Int, work: Work)]
    /// The request of which a part is done.
    var track: (number: Int, track: Track)?
    /// Works and timers until the next look at the clock; and after that one.
    private var piece = 1
    private var nextPiece = 2
    /// About what the users take in memory whom it changed.
    var userBytes = 0
    /// Campaigns of which slots of this minute came back, and how many that wait for one were asked.
    var freed: Set<CampaignNumber> = []
    var served: [CampaignNumber: Int] = [:]
    /// Redriven letters that are answered already.
    var redriven: [RedriveAnswer] = []

    var batch = Batch()

    // MARK: What came of it

    /// What is to be recorded, whole or not at all.
    package internal(set) var changes = Changes()
    /// To be told once the changes are on disk: by the place of each work among those that it was given.
    package internal(set) var answers: [(number: Int, answer: Answer)] = []
    /// Of works that were taken, how many are done, or begun: what comes behind them is as it was.
    package private(set) var begun = 0
    /// Campaigns that were stopped or deleted: what waits of them is to be swept.
    package internal(set) var ended: Set<CampaignNumber> = []
    /// Whether something that may now leave is waited for no longer.
    package internal(set) var frees = false
    package var changesCampaigns: Bool { context != nil }
    /// By which the next step decides.
    var context: Context?

    init(_ works: [Work], timers: [Timer], now: Instant) {
        self.now = now
        self.timers = timers.reversed()
        self.works = works.enumerated().reversed().map { ($0.offset, $0.element) }
    }

    /// The request that goes on in the next step, and the place that it had.
    package var unfinished: (number: Int, work: Work)? { track.map { ($0.number, .track($0.track)) } }
    /// Timers that it did not come to.
    package var timersLeft: [Timer] { timers.reversed() }
    /// Everything that was decided, near misses where they are told, in order.
    package var decided: [Decision] { batch.told(since: (0, 0)) }
    /// Claimed: to be handed to their channels.
    package var claims: [OutboxMessage] { batch.claims }
    /// Claimed messages that must not be tried any more.
    package var withdrawn: [OutboxPlace] { batch.withdrawn }
    /// Claimed messages that go elsewhere from now on.
    package var readdressed: [(place: OutboxPlace, addresses: [Text])] { batch.readdressed }
    /// By channel.
    package var recorded: [String: RecordedOutcomes] { batch.recorded }

    /// One of the users whom it changed; each is given once, when the changes are on disk.
    package mutating func takeUser() -> (UserID, UserState)? { changes.users.popLast() }

    /// Nothing more is begun in its phase, for want of time: what it did not come to is left. At least one thing is
    /// done in each.
    package mutating func hurry() {
        switch phase {
        case .timers: phase = .works
        case .works: phase = .queues
        case .begun, .queues, .messages, .over: break
        }
        (piece, nextPiece) = (1, 2)
    }

    // MARK: Taking what is next

    /// Whether it is time to look at the clock: after one thing, then after two, and so on.
    mutating func isPieceDone(largest: Int) -> Bool {
        piece -= 1
        guard piece <= 0 else { return false }
        piece = nextPiece
        nextPiece = min(2 * nextPiece, largest)
        return true
    }

    var nextTimer: Timer? { timers.last }
    mutating func takeTimer() { timers.removeLast() }

    var nextWork: Work? { works.last?.work }

    mutating func takeWork() -> (number: Int, work: Work) {
        begun += 1
        return works.removeLast()
    }

    /// Whose turns come next, behind those of the items, until `visit` gives false.
    func usersAhead(_ items: ArraySlice<Item>, _ visit: (UserID) -> Bool) {
        for timer in timers.reversed() where !visit(timer.user) { return }
        for item in items where !visit(item.user) { return }
        for (_, work) in works.reversed() {
            switch work.traits.users {
            case .one(let user): if !visit(user) { return }
            case .several(let users): for user in users where !visit(user) { return }
            case .ofItems(let track): for item in track.items[track.done...] where !visit(item.user) { return }
            case .none: break
            }
        }
    }

    /// The ids of everything that it was given.
    func ids(_ most: Int) -> [ItemID] {
        var ids: [ItemID] = []
        for (_, work) in works {
            guard case .track(let track) = work else { continue }
            for item in track.next(most) {
                if let id = item.id { ids.append(ItemID(user: item.user, id: id)) }
            }
        }
        return ids
    }
}

/// What became of tries that a channel's line waits for, by their messages' numbers.
package struct RecordedOutcomes: Sendable {
    /// Of which nothing more comes.
    package var ended: [UInt64] = []
    /// Of which a try came to nothing.
    package var putOff: [UInt64] = []

    package init(ended: [UInt64] = [], putOff: [UInt64] = []) {
        (self.ended, self.putOff) = (ended, putOff)
    }
}
