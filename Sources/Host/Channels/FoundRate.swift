import Engine

/// The messages a second that a provider takes, found by trying: fewer by three tenths whenever it wants fewer, and more
/// by a twentieth of what they were then, or are now, with every second in which it took some: so one whose limit is gone
/// has its old pace after a minute or two, and one that began too low is never let go in a burst.
struct FoundRate {
    private var atFall: Double
    private var grewAt: Instant
    private var bucket: Rate

    private static let fall = 0.7
    private static let growth = 0.05

    /// `observed`: messages a second that it took before.
    init(observed: Double, _ now: Instant) {
        atFall = max(1, observed)
        grewAt = now
        bucket = Rate(perSecond: atFall * Self.fall)
    }

    var perSecond: Double { bucket.perSecond ?? .infinity }
    var isOver: Bool { perSecond > max(LineLimits.endlessRate, atFall * LineLimits.timesRefusedRate) }

    mutating func fell(_ now: Instant) {
        atFall = perSecond
        grewAt = now
        bucket.perSecond = max(LineLimits.slowestRate, atFall * Self.fall)
    }

    mutating func took(_ now: Instant) {
        let seconds = min(Double((now - grewAt).milliseconds) / 1_000, LineLimits.longestGrowthOfRate)
        bucket.perSecond =
            perSecond + max(LineLimits.leastGrowthOfRate, max(atFall, perSecond) * Self.growth) * max(0, seconds)
        grewAt = now
    }

    mutating func next(_ now: Instant) -> Instant { bucket.next(now) }

    mutating func left() { bucket.left() }
}

/// How many messages a second were taken lately.
struct Throughput {
    private var count = 0.0
    private var since: Instant?

    mutating func took(_ now: Instant) {
        let begin = since ?? now
        since = begin
        count += 1
        if now - begin > LineLimits.rateLookedBack {
            // Half of the time before, and half of what was taken in it.
            count /= 2
            since = now - Length(milliseconds: (now - begin).milliseconds / 2)
        }
    }

    func perSecond(_ now: Instant) -> Double {
        guard let since else { return 0 }
        return count / max(1, Double((now - since).milliseconds) / 1_000)
    }
}
