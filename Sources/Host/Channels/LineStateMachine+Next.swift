import Engine
import Storage

/// What is to be done.
extension LineStateMachine {
    /// The next thing to do. Ask again until it is to wait.
    package mutating func next(_ now: Instant) -> Step {
        defer { check(now) }
        while let number = messages.popDue(now) {
            if let step = ring(number, now) { return step }
        }
        while let lane = lanes.popDue(now) { stand(lane, now) }
        while let lane = lanes.nextToRead { stand(lane, now) }
        if mayTell, let number = messages.popFirst(.ending) { return settleEnding(number) }
        return load() ?? sort(now) ?? read() ?? start(now)
    }

    /// What becomes of a message by itself.
    private mutating func ring(_ number: UInt64, _ now: Instant) -> Step? {
        switch messages.state(number) {
        case .later, .suspected: messages.move(number, to: .wanted(nil))
        case .parked(let lane, _): unpark(number, lane, now)
        case .ready(let entry, let lane):
            lanes[lane].ready.leave(number)
            end(number, entry, .gaveUp(reason: whyGivenUp(entry.value)))
            stand(lane, now)
        case .underWay: return expire(number, now)
        case nil, .behind, .wanted, .loading, .unsorted, .sorting, .marking, .marked, .ending, .settled:
            messages.impossible("due", number)
        }
        return nil
    }

    private mutating func settleEnding(_ number: UInt64) -> Step {
        guard case .ending(let entry, let outcome)? = messages.state(number) else {
            messages.impossible("settled", number)
        }
        settle(number)
        return .settle(entry.value, outcome.value, deadAddresses: [])
    }

    // MARK: What memory needs

    private mutating func load() -> Step? {
        let most = min(messages.count(.wanted), settings.window - messages.whole)
        guard most > 0 else { return nil }
        var numbers: [UInt64] = []
        while numbers.count < most, let number = messages.popFirst(.wanted) {
            guard case .wanted(let lane)? = messages.state(number) else { messages.impossible("loading", number) }
            messages.move(number, to: .loading(lane))
            numbers.append(number)
        }
        return .load(numbers)
    }

    private mutating func sort(_ now: Instant) -> Step? {
        guard now >= suspects.restUntil, messages.count(.unsorted) > 0, messages.count(.sorting) == 0 else {
            return nil
        }
        var entries: [OutboxEntry] = []
        while entries.count < settings.sortedAtOnce, let number = messages.popFirst(.unsorted) {
            guard case .unsorted(let entry)? = messages.state(number) else { messages.impossible("sorting", number) }
            messages.move(number, to: .sorting(entry))
            entries.append(entry.value)
        }
        return .sort(entries)
    }

    private mutating func read() -> Step? {
        let limit = min(settings.window, settings.longestTracked - messages.tracked)
        guard disk.state.isBehind, messages.whole < max(1, settings.window / 2), limit > 0 else { return nil }
        disk.begin()
        return .read(after: disk.cursor, limit: limit)
    }

    // MARK: Handing over

    /// Each lane in turn hands over one message.
    private mutating func start(_ now: Instant) -> Step {
        let alarm = min(messages.nextAlarm(), lanes.nextAlarm())
        guard mayTell else { return .wait(until: alarm) }
        guard now >= suspects.restUntil else { return .wait(until: min(alarm, suspects.restUntil)) }
        if let number = messages.popFirst(.marked) { return sendMarked(number, now) }
        if let step = tryAlone(alarm, now) { return step }
        guard let lane = lanes.first else { return .wait(until: alarm) }
        let next = rate.next(now)
        guard next <= now else { return .wait(until: min(alarm, next)) }
        guard let number = lanes[lane].ready.popFirst() else {
            preconditionFailure("the lane \(lanes[lane].service) is in turn, and nothing of it is ready")
        }
        return hand(over: number, now)
    }

    /// The message has left its lane's queue.
    mutating func hand(over number: UInt64, _ now: Instant) -> Step {
        guard case .ready(let entry, let lane)? = messages.state(number) else { messages.impossible("handed", number) }
        rate.left()
        lanes[lane].pace.left()
        lanes.takePlace(lane, now)
        defer { stand(lane, now, takesTurn: true) }
        switch settings.unknownPolicy {
        case .again, .aFewTimes: return send(number, entry.value, lane, now)
        case .neverAgain:
            messages.move(number, to: .marking(entry, lane))
            return .mark(entry.value.message)
        }
    }

    /// Where the disk took long to mark it, it may have to end instead.
    private mutating func sendMarked(_ number: UInt64, _ now: Instant) -> Step {
        guard case .marked(let entry, let lane)? = messages.state(number) else { messages.impossible("sent", number) }
        let isWithdrawn = messages.notes(number).isWithdrawn
        guard isWithdrawn || now >= last(entry.value.message) else { return send(number, entry.value, lane, now) }
        lanes.givePlaceBack(lane)
        stand(lane, now)
        settle(number)
        let outcome = isWithdrawn ? DeliveryOutcome.withdrawn : .gaveUp(reason: whyGivenUp(entry.value))
        return .settle(entry.value, outcome, deadAddresses: [])
    }

    private mutating func send(_ number: UInt64, _ entry: OutboxEntry, _ lane: LaneID, _ now: Instant) -> Step {
        var entry = entry
        if let addresses = messages.notes(number).addresses { entry.message.readdress(addresses) }
        messages.move(number, to: .underWay(Box(entry), lane, deadline: now + settings.deadline))
        return .send(entry)
    }

    // MARK: Lanes

    /// A parked message leaves its lane, to be read and to end.
    mutating func unpark(_ number: UInt64, _ lane: LaneID, _ now: Instant) {
        lanes[lane].parked.leave(number)
        messages.move(number, to: .wanted(nil))
        stand(lane, now)
    }

    /// To be called whenever something has happened to a lane: what is ready is parked while its provider rests, what
    /// is parked is read as there is room, and the lane finds its standing. The lane may be forgotten after it.
    mutating func stand(_ lane: LaneID, _ now: Instant, takesTurn: Bool = false) {
        // Both have the provider's places. Where the other one falls idle, this one may be forgotten, if it is idle.
        if let other = lanes.other(lane) { standAlone(other, now, takesTurn: false) }
        if lanes.knows(lane) { standAlone(lane, now, takesTurn: takesTurn) }
    }

    private mutating func standAlone(_ lane: LaneID, _ now: Instant, takesTurn: Bool) {
        if lanes[lane].isToPark(now) { park(lane) }
        for _ in 0..<lanes.toUnpark(lane, now) {
            guard let number = lanes[lane].parked.popFirst() else {
                preconditionFailure("of the lane \(lane.serial) more are to be unparked than it has")
            }
            lanes[lane].unparking += 1
            messages.move(number, to: .wanted(lane))
        }
        lanes.stand(lane, now, takesTurn: takesTurn)
    }

    /// All that is ready, before what is parked already.
    private mutating func park(_ lane: LaneID) {
        let ready = lanes[lane].ready
        lanes[lane].ready = NumberQueue()
        lanes[lane].parked.prepend(ready)
        for number in ready.all {
            guard case .ready(let entry, lane)? = messages.state(number) else { messages.impossible("parked", number) }
            messages.move(number, to: .parked(lane, last: last(entry.value.message)))
        }
    }
}
