import Engine

/// So many messages a second, over any time longer than a moment.
struct Rate {
    var perSecond: Double?
    private var tokens: Double
    private var at: Instant?

    /// `perSecond`: nil for as many as there are.
    init(perSecond: Double?) {
        self.perSecond = perSecond
        tokens = Self.burst(perSecond ?? 0)
    }

    /// What may leave at once: a twentieth of a second's worth.
    private static func burst(_ perSecond: Double) -> Double { max(1, perSecond / 20) }

    /// When another may leave; an instant not after `now` where it may at once.
    mutating func next(_ now: Instant) -> Instant {
        guard let perSecond else { return now }
        if let at {
            let gained = Double((now - at).milliseconds) / 1_000 * perSecond
            tokens = min(Self.burst(perSecond), tokens + max(0, gained))
        }
        at = max(at ?? now, now)
        guard tokens < 1 else { return now }
        return now + Length(milliseconds: Int64(((1 - tokens) / perSecond * 1_000).rounded(.up)))
    }

    mutating func left() {
        if perSecond != nil { tokens -= 1 }
    }
}
