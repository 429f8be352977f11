import Engine

extension LineStateMachine {
    /// At the end of each event: debug builds check that what is kept beside the states says the same as they do. All
    /// of it is checked once in as many events as there are messages, so that an event costs the same however many.
    @inline(__always)
    mutating func check(_ now: Instant? = nil) {
        #if DEBUG
            uncheckedEvents += 1
            guard uncheckedEvents > messages.messages.count + lanes.count else { return }
            uncheckedEvents = 0
            if let broken = brokenInvariant(now) { preconditionFailure("a line is not what it should be: \(broken)") }
        #endif
    }

    /// Nil: all is as it should be. `now`: `next` has just said what is to be done.
    func brokenInvariant(_ now: Instant?) -> String? {
        messages.brokenInvariant() ?? brokenBound() ?? brokenLane(now)
    }

    private func brokenBound() -> String? {
        let window = settings.window
        if messages.whole > window + max(1, window / 2) { return "\(messages.whole) messages are whole of \(window)" }
        if messages.tracked > settings.longestTracked { return "\(messages.tracked) messages are tracked" }
        if lanes.count > settings.mostLanes, lanes.idle.count > 0 { return "\(lanes.count) lanes, and some are idle" }
        if lanes.taken > settings.mostUnderWay { return "\(lanes.taken) places are taken" }
        if pending < 0 { return "\(pending) messages are on disk" }
        return nil
    }

    private func brokenLane(_ now: Instant?) -> String? {
        var counted: [LaneID: Counted] = [:]
        for (number, message) in messages.messages { counted.add(number, message.state) }
        for lane in overdueTries.values { counted[lane, default: Counted()].overdue += 1 }
        for (id, lane) in lanes.table.all {
            let counted = counted.removeValue(forKey: id) ?? Counted()
            guard counted.isSame(as: lane) else { return "the lane \(lane.service) holds \(lane), but \(counted)" }
            let beside = lanes.other(id).map { lanes[$0].busy } ?? 0
            if lane.busyBeside != beside {
                return "the lane \(lane.name) has \(beside) beside it, not \(lane.busyBeside)"
            }
            if let now, let broken = broken(lane, now) { return broken }
        }
        if let (id, _) = counted.first { return "messages are in the lane \(id.serial), which was forgotten" }
        let standing = lanes.table.all.map(\.lane.standing)
        let turns = Lane.Turn.allCases.allSatisfy { kind in
            standing.count { $0 == .inTurn(kind) } == lanes.turns[kind.rawValue].count
        }
        let takenBy = Pace.Kind.allCases.map { kind in
            lanes.table.all.reduce(0) { $0 + ($1.lane.kind == kind ? $1.lane.busy : 0) }
        }
        let waiting = Lane.Turn.allCases.allSatisfy { kind in
            standing.count { $0 == .waiting(kind) } == lanes.waiting[kind.rawValue].count
        }
        let share = lanes.table.all.reduce(WholeShare()) { $0 + $1.lane.shareNow }
        if share != lanes.share { return "memory holds \(share), not \(lanes.share)" }
        guard turns, waiting, takenBy == lanes.takenBy,
            standing.count(where: { $0 == .idle }) == lanes.idle.count,
            lanes.table.all.reduce(0, { $0 + $1.lane.busy }) == lanes.taken
        else { return "\(standing) are in the lists and have \(lanes.taken) places" }
        return nil
    }

    /// Nothing that may leave stands aside.
    private func broken(_ lane: Lane, _ now: Instant) -> String? {
        if case .heldUp(let until) = lane.standing, until <= now { return nil }  // Its alarm rings next.
        var lane = lane
        let before = lane.standing
        switch (before, lane.stands(now)) {
        case (.idle, .idle), (.heldUp, .heldUp): break
        case (.inTurn(let before), .inTurn(let now)) where before == now: break
        case (.waiting(let before), .waiting(let now)) where before == now: break
        case (_, let standing): return "the lane \(lane.service) stands \(before) and should \(standing)"
        }
        guard !lane.sharesMemory else { return nil }  // It may wait for room; `nextToRead` gives it some.
        return lane.toUnpark(now) > 0 ? "the lane \(lane.service) has room, and \(lane.parked.count) are parked" : nil
    }
}

/// What the messages' states say of a lane.
private struct Counted {
    var ready: Set<UInt64> = []
    var parked: Set<UInt64> = []
    var unparking = 0
    var places = 0
    var overdue = 0

    func isSame(as lane: Lane) -> Bool {
        lane.ready.count == ready.count && Set(lane.ready.all) == ready && lane.parked.count == parked.count
            && Set(lane.parked.all) == parked && lane.unparking == unparking && lane.busy == places + overdue
            && lane.overdue == overdue
    }
}

extension [LaneID: Counted] {
    fileprivate mutating func add(_ number: UInt64, _ state: MessageState) {
        switch state {
        case .ready(_, let lane): self[lane, default: Counted()].ready.insert(number)
        case .parked(let lane, _): self[lane, default: Counted()].parked.insert(number)
        case .wanted(let lane?), .loading(let lane?): self[lane, default: Counted()].unparking += 1
        case .marking(_, let lane), .marked(_, let lane), .underWay(_, let lane, _):
            self[lane, default: Counted()].places += 1
        case .behind, .later, .suspected, .wanted(nil), .loading(nil), .unsorted, .sorting, .ending, .settled: break
        }
    }
}
