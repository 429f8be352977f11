import Engine

/// How fast the messages to one provider leave: so many at once, and none while it takes nothing.
///
/// The number at once falls by half when the provider wants fewer, and rises by one for each round that it took; the
/// messages a second that it takes are found beside. One of
/// several providers begins with a few, and doubles with each round until it wants fewer: whoever hangs from the start
/// never has many.
struct Pace {
    private let settings: LineSettings
    private let name: String
    private let isAside: Bool
    private var allowed: Double
    private var isStarting: Bool
    private var lastFall = Instant(milliseconds: -1_000)
    /// Nothing is handed over before; then one message tries.
    private(set) var restUntil = Instant(milliseconds: 0)
    private var rests: UInt32 = 0
    private var isProbing = false
    /// Whether something went through since it last rested.
    private(set) var isOpen = false
    private var throughput = Throughput()
    /// Nil: it has not wanted fewer.
    private var found: FoundRate?

    /// `name`: makes pauses differ from one provider to another. `isAside`: of messages whose addresses were called dead.
    init(_ settings: LineSettings, name: String, isOneOfSeveral: Bool, isAside: Bool) {
        self.settings = settings
        self.name = name
        self.isAside = isAside
        isStarting = isOneOfSeveral
        allowed = Double(isOneOfSeveral ? min(settings.concurrency, settings.firstOfService) : settings.concurrency)
    }

    var limit: Int { isProbing ? 1 : max(1, Int(allowed)) }

    func isResting(_ now: Instant) -> Bool { now < restUntil }

    /// When another may be handed over, as far as the rate says.
    mutating func next(_ now: Instant) -> Instant { found?.next(now) ?? now }

    mutating func left() { found?.left() }

    /// `isOwn`: whether the outcome is of this provider, and not of another one that the message was for too.
    mutating func learn(_ outcome: ChannelOutcome, isOwn: Bool, _ now: Instant) {
        guard case .tryAgain(let wait, _, let cause) = outcome else {
            if case .unknown = outcome { return }
            wentThrough()
            throughput.took(now)
            found?.took(now)
            if found?.isOver == true { found = nil }
            allowed = min(Double(settings.concurrency), allowed + (isStarting ? 1 : 1 / max(1, allowed)))
            return
        }
        switch cause {
        case .message: wentThrough()
        case .throttled where isOwn:
            // Once a second: what was under way already says the same again.
            if now - lastFall >= .seconds(1) {
                allowed = max(1, allowed / 2)
                isStarting = false
                lastFall = now
                // One that says when it takes more is waited for instead.
                if wait == .zero { fall(now) }
            }
            if wait > .zero { restUntil = max(restUntil, now + asked(wait)) }
        case .unavailable where isOwn: rest(wait, now)
        // That the same is said again of those who wait aside says nothing of the others.
        case .doubted where isOwn: if isAside { rest(wait, now) } else { wentThrough() }
        case .throttled, .unavailable, .doubted: break
        }
    }

    /// No answer came in time: others would wait as long.
    mutating func hung(_ now: Instant) {
        rest(.zero, now)
    }

    /// What it rests for may be over: one message tries.
    mutating func wake(_ now: Instant) {
        restUntil = min(restUntil, now)
    }

    private mutating func fall(_ now: Instant) {
        guard found == nil else {
            found?.fell(now)
            return
        }
        found = FoundRate(observed: throughput.perSecond(now), now)
    }

    private mutating func wentThrough() {
        isProbing = false
        isOpen = true
        rests = 0
    }

    private mutating func rest(_ wait: Length, _ now: Instant) {
        isOpen = false
        if now >= restUntil {
            rests += 1
            isProbing = true
            restUntil = now + BackOff.pause(rests, longest: settings.longestRest, key: name)
        }
        restUntil = max(restUntil, now + asked(wait))
    }

    /// What a provider may ask of all its messages: after this, one of them tries again.
    private func asked(_ wait: Length) -> Length { min(wait, settings.longestAskedRest) }
}
