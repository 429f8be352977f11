import Engine

/// Messages of a line that its channel had when the daemon died (`UnderWayFile`): what is done so that the one that
/// made it die is found, and the others are not set aside with it.
package struct Suspects {
    struct Trial: Equatable {
        var number: UInt64
        /// Whatever became of it, others go on then.
        var until: Instant
    }

    /// How often in a row.
    private let deaths: [UInt64: DeathCount]
    /// Those that are to be tried one at a time, and were not yet.
    private var untried: Set<UInt64>
    /// The one that is tried now: no other of the line is handed over.
    private(set) var trial: Trial?
    /// One line after the other tries its own: `Trials`.
    private(set) var isTheirTurn = false
    /// The channel made the daemon die again and again: nothing is handed over before.
    let restUntil: Instant

    /// - Parameters:
    ///   - deaths: of messages of any channel: how often in a row the daemon died while a channel had them.
    ///   - setAside: how many messages of this channel were set aside for that, with no outcome between.
    package init(deaths: [UInt64: DeathCount] = [:], setAside: Int = 0, now: Instant = Instant(milliseconds: 0)) {
        self.deaths = deaths
        untried = deaths.values.contains(where: \.isToTryAlone) ? Set(deaths.keys) : []
        restUntil = setAside < LineLimits.setAsideToRest ? Instant(milliseconds: 0) : now + Self.rest(setAside)
    }

    private static func rest(_ setAside: Int) -> Length {
        let doublings = min(setAside - LineLimits.setAsideToRest, Int(LineLimits.doublings))
        let rest = LineLimits.firstRestAfterCrashes.milliseconds << Int64(doublings)
        return min(Length(milliseconds: rest), LineLimits.longestRestAfterCrashes)
    }

    /// Nil: it may be sent. Otherwise how often in a row the daemon died of it.
    func toSetAside(_ number: UInt64) -> DeathCount? {
        guard let count = deaths[number], count.isToSetAside else { return nil }
        return count
    }

    var hasUntried: Bool { !untried.isEmpty }

    func isToWait(_ number: UInt64) -> Bool { untried.contains(number) }

    mutating func haveTheirTurn() { isTheirTurn = true }

    mutating func begin(_ number: UInt64, until: Instant) {
        untried.remove(number)
        trial = Trial(number: number, until: until)
    }

    /// `isPutBack`: it could not be handed over.
    mutating func endTrial(isPutBack: Bool = false) {
        guard let ended = trial else { preconditionFailure("a trial ends, and nothing is tried") }
        if isPutBack { untried.insert(ended.number) }
        trial = nil
    }
}
