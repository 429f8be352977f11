import Engine
import Storage

/// What the channel had when the daemon died is tried alone.
extension LineStateMachine {
    /// Whether something of what memory knows is tried alone, or waits for that: others wait meanwhile.
    var isTryingAlone: Bool { suspects.trial != nil || messages.count(.suspected) > 0 }

    /// Whether others are to leave it alone, as far as is known.
    var hasSuspects: Bool { isTryingAlone || suspects.hasUntried && disk.isUnread }

    /// Other lines have tried theirs.
    package mutating func trySuspects() {
        defer { check() }
        suspects.haveTheirTurn()
    }

    func whySetAside(_ deaths: DeathCount) -> String {
        "the daemon died \(deaths) while the channel \(name) had the message: nobody knows its outcome"
    }

    /// Nil: nothing is tried alone. Otherwise what is to be done of it.
    mutating func tryAlone(_ alarm: Instant, _ now: Instant) -> Step? {
        lookAtTrial(now)
        guard isTryingAlone else { return nil }
        guard let trial = suspects.trial else {
            guard suspects.isTheirTurn, let number = messages.suspected.min() else { return .wait(until: alarm) }
            suspects.begin(number, until: now + settings.longestTrial)
            messages.move(number, to: .wanted(nil))
            return next(now)
        }
        let until = min(alarm, trial.until)
        let pause = rate.next(now)
        guard pause <= now else { return .wait(until: min(until, pause)) }
        guard case .ready(_, let lane)? = messages.state(trial.number), case .inTurn = lanes[lane].standing else {
            return .wait(until: until)
        }
        lanes[lane].ready.leave(trial.number)
        return hand(over: trial.number, now)
    }

    private mutating func lookAtTrial(_ now: Instant) {
        guard let trial = suspects.trial else { return }  // Mostly.
        switch messages.state(trial.number) {
        // Its provider rests, or an earlier message to it was found.
        case .parked, .behind: suspects.endTrial(isPutBack: true)
        case nil, .later, .settled, .ending: suspects.endTrial()
        case .wanted, .loading, .unsorted, .sorting, .ready, .marking, .marked, .underWay:
            if now >= trial.until { suspects.endTrial() }
        case .suspected: messages.impossible("tried", trial.number)
        }
    }
}
