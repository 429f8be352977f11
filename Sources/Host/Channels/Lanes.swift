import Engine

/// A line's lanes. Whatever happens to a message concerns one of them, and costs the same however many there are: those
/// that may hand over stand in a list, in the order of their turns; those that wait for an instant have an alarm.
struct Lanes {
    let settings: Box<LineSettings>
    private let channel: String
    private(set) var table = LaneTable()
    /// By `Lane.Turn`.
    private(set) var turns = Lane.Turn.allCases.map { _ in LaneList() }
    /// By `Lane.Turn`, those that wait for room in memory.
    private(set) var waiting = Lane.Turn.allCases.map { _ in LaneList() }
    /// What memory holds of those that may not take it.
    private(set) var share = WholeShare()
    /// From the one that has been idle longest.
    private(set) var idle = LaneList()
    private(set) var alarms = Alarms<LaneID>()
    /// Places that the channel's messages have, in all lanes.
    private(set) var taken = 0
    /// Of these, by what their providers are: `Pace.Kind`.
    private(set) var takenBy = Pace.Kind.allCases.map { _ in 0 }
    /// Turns that were taken: they go round.
    private var turnsTaken = 0
    /// Of these, those of `Lane.Turn.first`.
    private var firstsTaken = 0

    init(_ settings: Box<LineSettings>, channel: String) {
        self.settings = settings
        self.channel = channel
    }

    var count: Int { table.count }

    /// The lane whose turn it is. The kinds take turns, each as long as it may have places; of those that nothing is
    /// known of the oldest and the newest do, so that no crowd of them stands before everybody who comes later.
    var first: LaneID? {
        let kinds = Lane.Turn.allCases
        for step in kinds.indices {
            let kind = kinds[(turnsTaken + step) % kinds.count]
            guard mayHavePlace(kind) else { continue }
            let list = turns[kind.rawValue]
            if let lane = next(of: list, kind) { return lane }
        }
        return nil
    }

    private func next(of list: LaneList, _ kind: Lane.Turn) -> LaneID? {
        kind == .first && firstsTaken % 2 == 1 ? list.last : list.first
    }

    private func mayHavePlace(_ kind: Lane.Turn) -> Bool {
        let most = settings.value.mostUnderWay
        guard taken < most else { return false }
        return switch kind {
        case .proven: true
        case .first: takenBy[Pace.Kind.unproven.rawValue] < most / 2
        case .further: takenBy[Pace.Kind.unproven.rawValue] < most / 4
        case .probing: takenBy[Pace.Kind.closed.rawValue] < most / 4
        }
    }

    /// A lane, if it is remembered.
    func id(of name: LaneName) -> LaneID? { table.id(of: name) }

    /// The provider's other lane, if it is remembered: both together have its places.
    func other(_ id: LaneID) -> LaneID? { table.id(of: table[id].name.other) }

    func knows(_ id: LaneID) -> Bool { table.standing(id) != nil }

    subscript(id: LaneID) -> Lane {
        _read { yield table[id] }
        _modify { yield &table[id] }
    }

    /// A lane which something is for from now on. `isInDoubt`: its provider is.
    mutating func open(_ name: LaneName, isInDoubt: Bool) -> LaneID {
        if let id = table.id(of: name) { return id }
        forgetIdle(beyond: settings.value.mostLanes - 1)
        let id = table.add(Lane(settings, channel: channel, name, isInDoubt: isInDoubt))
        if let other = other(id) { table[id].busyBeside = table[other].busy }
        return id
    }

    mutating func takePlace(_ id: LaneID, _ now: Instant) {
        if self[id].standing == .inTurn(.first) { firstsTaken += 1 }
        self[id].takePlace(now)
        if let other = other(id) { self[other].busyBeside += 1 }
        taken += 1
        turnsTaken += 1
        takenBy[self[id].kind.rawValue] += 1
    }

    mutating func givePlaceBack(_ id: LaneID) {
        self[id].givePlaceBack()
        if let other = other(id) { self[other].busyBeside -= 1 }
        taken -= 1
        takenBy[self[id].kind.rawValue] -= 1
    }

    // MARK: Room in memory

    /// Whether one more message may be ready, rather than parked.
    func takesReady(_ id: LaneID, _ now: Instant) -> Bool {
        table[id].takesReady(now) && room(id) > 0
    }

    /// How many parked messages are to be read now.
    mutating func toUnpark(_ id: LaneID, _ now: Instant) -> Int {
        count(id)
        return min(table[id].toUnpark(now), room(id))
    }

    private func room(_ id: LaneID) -> Int {
        table[id].room(beside: share, most: settings.value.mostWholeOfKind)
    }

    /// A lane that waited for room, and has it: it is to find its standing. Where the newest has the next turn, it is
    /// read for that.
    var nextToRead: LaneID? {
        for kind in Lane.Turn.allCases where share.hasRoom(kind, most: settings.value.mostWholeOfKind) {
            if let lane = next(of: waiting[kind.rawValue], kind) { return lane }
        }
        return nil
    }

    // MARK: Standing

    /// Finds out how the lane stands. One that keeps its standing keeps its place; `takesTurn`: it had its turn just
    /// now, and is the last one.
    mutating func stand(_ id: LaneID, _ now: Instant, takesTurn: Bool = false) {
        count(id)
        let before = self[id].standing
        let standing = self[id].stands(now)
        guard standing != before || takesTurn else { return }
        switch before {
        case .idle: idle.remove(id, in: &table)
        case .inTurn(let kind): turns[kind.rawValue].remove(id, in: &table)
        case .waiting(let kind): waiting[kind.rawValue].remove(id, in: &table)
        case .heldUp: break
        }
        self[id].standing = standing
        switch standing {
        case .idle:
            idle.append(id, in: &table)
            forgetIdle(beyond: settings.value.mostLanes)
        case .inTurn(let kind): turns[kind.rawValue].append(id, in: &table)
        case .waiting(let kind): waiting[kind.rawValue].append(id, in: &table)
        case .heldUp(let until) where until != .never:
            alarms.set(Alarms.Alarm(at: until, key: id), meant: table.count) { [table] in Self.isMeant($0, table) }
        case .heldUp: break
        }
    }

    /// Its places, and what memory holds of it, count as what its provider is by now.
    private mutating func count(_ id: LaneID) {
        let (shareBefore, shareNow) = (table[id].share, table[id].shareNow)
        if shareNow != shareBefore {
            share = share - shareBefore + shareNow
            table[id].share = shareNow
        }
        let (before, kind) = (self[id].kind, self[id].pace.kind)
        guard kind != before else { return }
        self[id].kind = kind
        takenBy[before.rawValue] -= self[id].busy
        takenBy[kind.rawValue] += self[id].busy
    }

    // MARK: Alarms

    /// When a lane stands otherwise by itself.
    mutating func nextAlarm() -> Instant { firstAlarm()?.at ?? .never }

    /// A lane whose wait is over by now. It has to find its standing.
    mutating func popDue(_ now: Instant) -> LaneID? {
        guard let alarm = firstAlarm(), alarm.at <= now else { return nil }
        alarms.removeFirst()
        return alarm.key
    }

    private mutating func firstAlarm() -> Alarms<LaneID>.Alarm? {
        alarms.first { [table] in Self.isMeant($0, table) }
    }

    private static func isMeant(_ alarm: Alarms<LaneID>.Alarm, _ lanes: LaneTable) -> Bool {
        lanes.standing(alarm.key) == .heldUp(until: alarm.at)
    }

    /// What was learned of providers that nothing is for just now.
    private mutating func forgetIdle(beyond most: Int) {
        while table.count > most, let id = idle.first {
            idle.remove(id, in: &table)
            table.remove(id)
        }
    }
}
