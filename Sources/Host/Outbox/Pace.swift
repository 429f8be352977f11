import Engine

/// How fast the messages to one provider leave: so many at once, and none while it takes nothing.
///
/// The number at once falls by half when the provider wants fewer, and rises by one for each round that it took. One of
/// several providers begins with a few, and doubles with each round until it wants fewer: whoever hangs from the start
/// never has many.
struct Pace {
    private let settings: LineSettings
    private let name: String
    private var allowed: Double
    private var isStarting: Bool
    private var lastFall = Instant(milliseconds: -1_000)
    /// Nothing is handed over before; then one message tries.
    private(set) var restUntil = Instant(milliseconds: 0)
    private var rests: UInt32 = 0
    private var isProbing = false

    /// `name`: makes pauses differ from one provider to another.
    init(_ settings: LineSettings, name: String, isOneOfSeveral: Bool) {
        self.settings = settings
        self.name = name
        isStarting = isOneOfSeveral
        allowed = Double(isOneOfSeveral ? min(settings.concurrency, settings.firstOfService) : settings.concurrency)
    }

    var limit: Int { isProbing ? 1 : max(1, Int(allowed)) }

    func isResting(_ now: Instant) -> Bool { now < restUntil }

    /// `isOwn`: whether the outcome is of this provider, and not of another one that the message was for too.
    mutating func learn(_ outcome: ChannelOutcome, isOwn: Bool, _ now: Instant) {
        guard case .tryAgain(let wait, _, let cause) = outcome else {
            if case .unknown = outcome { return }
            wentThrough()
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
            }
            if wait > .zero { restUntil = max(restUntil, now + asked(wait)) }
        case .unavailable where isOwn: rest(wait, now)
        case .throttled, .unavailable: break
        }
    }

    /// No answer came in time: others would wait as long.
    mutating func hung(_ now: Instant) {
        rest(.zero, now)
    }

    private mutating func wentThrough() {
        isProbing = false
        rests = 0
    }

    private mutating func rest(_ wait: Length, _ now: Instant) {
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
