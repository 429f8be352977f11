import Engine

/// How fast the messages to one provider leave: so many at once, and none while it takes nothing.
///
/// The number at once falls by half when the provider wants fewer, and rises by one for each round that it took; the
/// messages a second that it takes are found beside. One of several providers begins with a few, and doubles with each
/// round until it wants fewer: whoever hangs from the start never has many.
struct Pace {
    private enum Course: Equatable {
        /// Nothing went through since the start, or since it last said that nothing does.
        case unproven
        /// Something did.
        case open
        /// It takes nothing, so many times in a row: it rests, then one message tries.
        case closed(times: UInt32)
    }

    enum Kind: Int, CaseIterable {
        case unproven, open, closed
    }

    private let settings: Box<LineSettings>
    private let name: String
    private let isAside: Bool
    private var course = Course.unproven
    /// Whether anything ever went through.
    private(set) var hasTaken = false
    private var allowed: Double
    /// Until it wants fewer for the first time.
    private var isStarting: Bool
    private var lastFall = Instant(milliseconds: -1_000)
    /// Nothing is handed over before.
    private(set) var restUntil = Instant(milliseconds: 0)
    private var throughput = Throughput()
    /// Nil: it has not wanted fewer.
    private var found: FoundRate?

    /// `name`: makes pauses differ from one provider to another. `isAside`: of messages whose addresses were called dead.
    init(_ settings: Box<LineSettings>, name: String, isOneOfSeveral: Bool, isAside: Bool) {
        self.settings = settings
        self.name = name
        self.isAside = isAside
        isStarting = isOneOfSeveral
        let (most, first) = (settings.value.concurrency, settings.value.firstOfService)
        allowed = Double(isOneOfSeveral ? min(most, first) : most)
    }

    var limit: Int { isProbing ? 1 : max(1, Int(allowed)) }

    /// Whether one message at a time finds out if it takes messages again.
    var isProbing: Bool {
        switch course {
        case .closed: true
        case .unproven, .open: false
        }
    }

    var kind: Kind {
        switch course {
        case .unproven: .unproven
        case .open: .open
        case .closed: .closed
        }
    }

    /// Whether something went through since it last took nothing.
    var isOpen: Bool { course == .open }

    func isResting(_ now: Instant) -> Bool { now < restUntil }

    /// When another may be handed over, as far as the rate says.
    mutating func next(_ now: Instant) -> Instant { found?.next(now) ?? now }

    mutating func left() { found?.left() }

    /// `isOwn`: whether the outcome is of this provider, and not of another one that the message was for too.
    mutating func learn(_ outcome: ChannelOutcome, isOwn: Bool, _ now: Instant) {
        switch outcome {
        case .unknown: break  // Says nothing of what it takes.
        case .accepted, .refused, .addressDead: took(now)
        case .tryAgain(_, _, .message): course = .open
        case .tryAgain(let wait, _, .throttled) where isOwn: wantsFewer(wait, now)
        case .tryAgain(let wait, _, .unavailable) where isOwn: rest(wait, now)
        // That the same is said again of those who wait aside says nothing of the others.
        case .tryAgain(let wait, _, .doubted) where isOwn: if isAside { rest(wait, now) } else { course = .open }
        case .tryAgain(_, _, .throttled), .tryAgain(_, _, .unavailable), .tryAgain(_, _, .doubted): break
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

    private mutating func took(_ now: Instant) {
        (course, hasTaken) = (.open, true)
        throughput.took(now)
        found?.took(now)
        if found?.isOver == true { found = nil }
        let most = Double(settings.value.concurrency)
        allowed = min(most, allowed + (isStarting ? 1 : 1 / max(1, allowed)))
    }

    private mutating func wantsFewer(_ wait: Length, _ now: Instant) {
        // Once a second: what was under way already says the same again.
        if now - lastFall >= .seconds(1) {
            allowed = max(1, allowed / 2)
            isStarting = false
            lastFall = now
            // One that says when it takes more is waited for instead.
            if wait == .zero { fall(now) }
        }
        if wait > .zero { restUntil = max(restUntil, now + asked(wait)) }
    }

    private mutating func fall(_ now: Instant) {
        if found == nil { found = FoundRate(observed: throughput.perSecond(now), now) } else { found?.fell(now) }
    }

    private mutating func rest(_ wait: Length, _ now: Instant) {
        let isResting = isResting(now)
        switch course {
        case .open where isResting: course = .unproven
        case .unproven where isResting, .closed where isResting: break  // What was under way says the same again.
        case .unproven, .open: close(times: 1, now)
        case .closed(let times): close(times: times + 1, now)
        }
        restUntil = max(restUntil, now + asked(wait))
    }

    private mutating func close(times: UInt32, _ now: Instant) {
        course = .closed(times: times)
        restUntil = now + BackOff.pause(times, longest: settings.value.longestRest, key: name)
    }

    /// What a provider may ask of all its messages: after this, one of them tries again.
    private func asked(_ wait: Length) -> Length { min(wait, settings.value.longestAskedRest) }
}
