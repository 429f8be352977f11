import Engine

/// What is done where nobody knows whether a provider has a message.
package enum UnknownPolicy: String, Hashable, Sendable, CaseIterable {
    /// With the same key.
    case again
    /// With the same key, a few times, with growing pauses; then it is set aside.
    case aFewTimes = "a_few_times"
    /// It is set aside as failed.
    case neverAgain = "never_again"
}

/// How a channel's line is worked off. What nobody sets stands in `LineLimits`.
package struct LineSettings: Hashable, Sendable {
    /// Messages that each provider behind the channel has at once, at most.
    package var concurrency: Int
    /// Whether several providers may stand behind the channel.
    package var hasServices = false
    /// Messages handed over in a second, at most; nil: as many as the channel takes.
    package var perSecond: Double?
    /// 13, Hand-over: a message that was not accepted for so long has failed.
    package var givesUpAfter = Length.days(3)
    package var unknownPolicy = UnknownPolicy.again
    /// How long the channel may take for one message before its outcome counts as unknown.
    package var deadline = Length.seconds(60)

    /// Addresses called dead one after the other, with no message accepted between them, before none is believed: a
    /// relay that is set up wrong says of everybody that nobody has the address. Nil: each is believed.
    package var deathsToStop: Int? = 5
    /// Messages at once to a provider whose deaths are not believed: enough that a list of dead addresses goes by in
    /// seconds, each tried once, and few for a relay that refuses everybody.
    package var mostInDoubt = 4
    /// The pauses before a message is sent again of which nobody knows whether it came, where that is done a few times:
    /// each is a copy too many if it did.
    package var unknownPauses = [Length.seconds(5), .seconds(60), .seconds(900)]
    /// Tries after which a message that is refused as if nothing got through, while others do, holds up itself alone.
    package var triesThatHoldUp: UInt32 = 3

    /// Messages in memory that wait for nothing but their turn; the rest wait on disk.
    package var window = 2_048
    /// Of these, those for providers that have not answered anything (the first of each, and further ones) and for those
    /// that take nothing: each kind so many. Together they leave more than half of the window to what goes through.
    var mostWholeOfKind: Int { max(1, window / 8) }
    /// Messages known by their numbers alone: those that are tried later, those of providers that rest, and those
    /// behind them. About 200 bytes each.
    package var longestTracked = 250_000
    /// What one of several providers has at once in the beginning.
    package var firstOfService = 8
    /// Providers of which something is remembered while nothing is for them: web push has as many as browsers do,
    /// webhooks as many as receivers. One that is forgotten is new again. About 400 bytes each.
    package var mostLanes = 10_000
    /// Messages that the channel has at once, whoever they are for: providers that all hang bound memory. A channel that
    /// may have more of one provider may have so many of four. Those that have not answered anything yet have half of
    /// it together (for more than the first that they are handed a quarter), those that take nothing a quarter: thousands
    /// that hang stand in nobody's way.
    package var mostUnderWay: Int { max(leastUnderWay, 4 * concurrency) }
    package var leastUnderWay = 1_024
    /// Messages asked about at once.
    package var sortedAtOnce = 128
    /// Messages of a provider read at once when it takes messages again.
    package var unparkedAtOnce = 64
    /// Outcomes that are not on disk yet: with more nothing is handed over, so that a disk that is full bounds what a
    /// crash would make the provider see twice.
    package var mostUnrecorded = 4_096
    /// The longest pause before a message's next try, unless its provider asks for a longer one.
    package var longestPause = Length.seconds(900)
    /// The longest pause of a line whose provider takes nothing: it is soon noticed that it takes messages again.
    package var longestRest = Length.seconds(60)
    /// The longest rest that a provider may ask of the whole line: then one message asks it again.
    package var longestAskedRest = Length.seconds(3_600)
    /// So long a provider may answer nothing of what it has before that is told: a mail server has ten minutes for a
    /// letter, and seldom takes seconds.
    package var longestSilence = Length.seconds(30)
    /// Messages put off one after the other before the line counts as degraded.
    package var putOffsToDegrade = 20

    /// How long a message is tried alone: a channel that crashes does so soon, and all others of it wait.
    package var longestTrial = Length.seconds(10)

    package init(concurrency: Int) {
        self.concurrency = concurrency
    }
}

/// Pauses that double from a second on. Up to a quarter is taken off by chance that the key decides, so that messages
/// that failed together are not tried together.
enum BackOff {
    static func pause(_ attempt: UInt32, longest: Length, key: String) -> Length {
        let whole = min(
            longest.milliseconds,
            1_000 << Int64(min(attempt.subtractingSaturating(1), LineLimits.doublings))
        )
        var hash = StableHash()
        hash.combine(key)
        hash.combine(word: UInt64(attempt))
        let off = Double(hash.value % 1_024) / 4_096
        return Length(milliseconds: Int64(Double(whole) * (1 - off)))
    }
}

extension UInt32 {
    fileprivate func subtractingSaturating(_ other: UInt32) -> UInt32 { self > other ? self - other : 0 }
}
