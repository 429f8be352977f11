import Engine

/// The part of a line that is for one provider: what waits for it, and how fast it leaves.
struct Lane {
    /// What it does next.
    enum Standing: Equatable {
        /// Nothing waits for it, and its provider has nothing: it may be forgotten.
        case idle
        /// Something may be handed over: it has its turns, among those of this kind.
        case inTurn(Turn)
        /// The same, and its messages are on disk: they are read when those of its kind have room in memory.
        case waiting(Turn)
        /// Something waits that may not be handed over, or its provider has something: until then, or until something
        /// happens.
        case heldUp(until: Instant)
    }

    /// What a provider is handed next is for it: so many may hang that they would have all places.
    enum Turn: Int, CaseIterable {
        /// One more of those that it takes.
        case proven
        /// The first one.
        case first
        /// One more, and it has not said anything yet.
        case further
        /// The one that finds out whether it takes messages again.
        case probing
    }

    let name: LaneName
    private let settings: Box<LineSettings>

    var standing = Standing.heldUp(until: .never)
    /// Its neighbours among those that stand as it does.
    var before: LaneID?
    var after: LaneID?

    /// Messages that are `ready`.
    var ready = NumberQueue()
    /// Messages that are `parked`, behind those that are ready.
    var parked = NumberQueue()
    /// Messages that were parked and are being read: `wanted` or `loading`.
    var unparking = 0
    /// Places taken: by what the provider has or is about to have, and by what it never answered.
    private(set) var busy = 0
    /// When it last answered, or was given something after it had nothing.
    var heardAt = Instant(milliseconds: 0)
    /// Places that the provider's other lane has taken.
    var busyBeside = 0
    /// Of its own, those of tries that were not answered in time.
    var overdue = 0
    var pace: Pace
    /// As which its places are counted.
    var kind = Pace.Kind.unproven
    /// As which its messages in memory are counted.
    var share = WholeShare()
    /// Its provider calls address after address dead: a few messages at a time find out whether that is so.
    var isCareful: Bool

    init(_ settings: Box<LineSettings>, channel: String, _ name: LaneName, isInDoubt: Bool) {
        self.settings = settings
        self.name = name
        isCareful = isInDoubt && !name.isAside
        pace = Pace(
            settings,
            name: "\(channel) \(name.service)",
            isOneOfSeveral: !name.service.isEmpty || name.isAside,
            isAside: name.isAside
        )
    }

    /// The provider; empty: the channel has one.
    var service: Text { name.service }
    private var isOneOfSeveral: Bool { !service.isEmpty || name.isAside }

    /// How many its provider may have at once.
    var limit: Int { isCareful ? min(pace.limit, settings.value.mostInDoubt) : pace.limit }
    /// How many more.
    private var places: Int { max(0, min(limit - busy, settings.value.concurrency - busy - busyBeside)) }

    mutating func takePlace(_ now: Instant) {
        if busy == 0 { heardAt = now }
        busy += 1
    }

    mutating func givePlaceBack() {
        precondition(busy > 0, "a place of the lane \(service) comes back, and none is taken")
        busy -= 1
    }

    /// Messages that memory may hold whole for it: a few rounds' worth. The one lane of a channel has all of the
    /// window. While its provider rests, one of several lanes leaves memory to the others, and a provider that is tried
    /// by one message needs no second one.
    private func window(_ now: Instant) -> Int {
        if !isOneOfSeveral { return .max }
        if pace.isResting(now) { return 0 }
        if pace.isProbing { return places }
        return max(1, min(settings.value.window / 4, max(64, 2 * pace.limit)))
    }

    /// Whether nothing else of its provider's is before the message.
    func isFirst(_ number: UInt64) -> Bool { busy == 0 && (ready.first ?? parked.first) == number }

    /// Whether one more message may be ready, rather than parked.
    func takesReady(_ now: Instant) -> Bool { parked.isEmpty && unparking == 0 && ready.count < window(now) }

    /// Whether those that are ready are to be parked.
    func isToPark(_ now: Instant) -> Bool { isOneOfSeveral && !ready.isEmpty && pace.isResting(now) }

    /// How many parked messages are to be read now.
    func toUnpark(_ now: Instant) -> Int {
        let window = window(now)
        let wanted = window > 1 ? window / 2 : window
        let room = min(wanted - ready.count, settings.value.unparkedAtOnce) - unparking
        return max(0, min(parked.count, room))
    }

    /// What it is handed next is for.
    private var turn: Turn {
        switch pace.kind {
        case .open: .proven
        case .unproven: busy == 0 ? .first : .further
        case .closed: .probing
        }
    }

    /// Whether memory has but so many of its messages, and of all others that are as it is.
    var sharesMemory: Bool { isOneOfSeveral && turn != .proven }

    /// As which its messages in memory count now.
    var shareNow: WholeShare {
        guard sharesMemory else { return WholeShare() }
        let whole = ready.count + unparking
        return switch turn {
        case .proven: WholeShare()
        case .first: WholeShare(first: min(1, whole), further: max(0, whole - 1))
        case .further: WholeShare(further: whole)
        case .probing: WholeShare(probing: whole)
        }
    }

    /// How many more of its messages memory has room for, beside `others`.
    func room(beside others: WholeShare, most: Int) -> Int {
        guard sharesMemory else { return .max }
        switch turn {
        case .proven: return .max
        case .first where ready.isEmpty && unparking == 0:
            return others.first < most ? 1 + max(0, most - others.further) : 0
        case .first, .further: return max(0, most - others.further)
        case .probing: return max(0, most - others.probing)
        }
    }

    /// How it stands now, as far as its own provider says.
    mutating func stands(_ now: Instant) -> Standing {
        if ready.isEmpty, parked.isEmpty, unparking == 0, busy == 0 { return .idle }
        if ready.isEmpty, parked.isEmpty { return .heldUp(until: .never) }
        if pace.isResting(now) { return .heldUp(until: pace.restUntil) }
        guard places > 0 else { return .heldUp(until: .never) }
        if ready.isEmpty {
            return unparking == 0 && sharesMemory ? .waiting(turn) : .heldUp(until: .never)
        }
        let next = pace.next(now)
        return next <= now ? .inTurn(turn) : .heldUp(until: next)
    }
}
