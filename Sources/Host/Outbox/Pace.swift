import Engine

/// How fast a line is worked off: so many at once, so many a second, and not at all while its provider takes nothing.
///
/// The number at once falls by half when the provider wants fewer, and rises by one for each round that it took.
struct Pace {
    enum Start: Equatable {
        case free
        case notBefore(Instant)
    }

    private let settings: LineSettings
    private var allowed: Double
    private var lastFall = Instant(milliseconds: -1_000)
    /// What may leave at once, where so many a second may.
    private var tokens: Double
    private var tokensAt: Instant?
    /// Nothing is handed over before; then one message tries.
    private(set) var restUntil = Instant(milliseconds: 0)
    private var rests: UInt32 = 0
    private var isProbing = false

    init(_ settings: LineSettings) {
        self.settings = settings
        allowed = Double(settings.concurrency)
        tokens = Self.burst(settings)
    }

    var limit: Int { isProbing ? 1 : max(1, Int(allowed)) }

    /// A twentieth of a second's worth: the rate holds over any longer time.
    private static func burst(_ settings: LineSettings) -> Double { max(1, (settings.perSecond ?? 0) / 20) }

    /// Whether another may be handed over while `busy` are with the channel. A place that becomes free is told by an
    /// outcome, so that it is no instant.
    mutating func start(_ now: Instant, busy: Int) -> Start {
        if now < restUntil { return .notBefore(restUntil) }
        if busy >= limit { return .notBefore(.never) }
        guard let perSecond = settings.perSecond else { return .free }
        if let before = tokensAt {
            let gained = Double((now - before).milliseconds) / 1_000 * perSecond
            tokens = min(Self.burst(settings), tokens + max(0, gained))
        }
        tokensAt = now
        if tokens >= 1 { return .free }
        return .notBefore(now + Length(milliseconds: Int64(((1 - tokens) / perSecond * 1_000).rounded(.up))))
    }

    mutating func started(_ now: Instant) {
        if settings.perSecond != nil { tokens -= 1 }
    }

    /// What a provider may ask of the whole line: after this, one message tries again.
    private func asked(_ wait: Length) -> Length { min(wait, settings.longestAskedRest) }

    mutating func learn(_ report: ChannelReport, _ now: Instant, _ name: String) {
        guard case .tryAgain(let wait, _, let cause) = report.outcome else {
            isProbing = false
            rests = 0
            allowed = min(Double(settings.concurrency), allowed + 1 / max(1, allowed))
            return
        }
        switch cause {
        case .message:
            isProbing = false
            rests = 0
        case .throttled:
            // Once a second: what was under way already says the same again.
            if now - lastFall >= .seconds(1) {
                allowed = max(1, allowed / 2)
                lastFall = now
            }
            if report.service.isEmpty, wait > .zero { restUntil = max(restUntil, now + asked(wait)) }
        case .unavailable where report.service.isEmpty:
            if now >= restUntil {
                rests += 1
                isProbing = true
                restUntil = now + BackOff.pause(rests, longest: settings.longestRest, key: name)
            }
            restUntil = max(restUntil, now + asked(wait))
        case .unavailable: break
        }
    }
}
