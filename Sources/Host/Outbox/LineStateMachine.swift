import Core
import Engine
import Storage

/// A channel's line: which message is handed over when, which waits, and what an outcome means. Decides and does no
/// I/O; `Line` does.
///
/// A message is in one of these states:
/// - *on disk*: its number is above `cursor`, and nothing of it is in memory;
/// - *behind*: an earlier message of its user has no outcome yet (order per user and channel);
/// - *later*: it was tried, and its pause is not over;
/// - *parked*: its provider rests, or has enough to do; memory has its number;
/// - *wanted*: its turn has come, and it is to be read from disk;
/// - *unsorted*: nobody has asked yet which provider it is for;
/// - *ready*: it waits in its provider's lane for a free place;
/// - *marking*: it is being put on disk that the channel will have it (where it is never sent again after a crash);
/// - *under way*: the channel has it;
/// - *overdue*: the channel did not answer in time, and may still do;
/// - *ending*: it ends without another try.
struct LineStateMachine {
    enum Step: Equatable {
        /// To be read from disk, in order, those above `after`.
        case read(after: UInt64, limit: Int)
        /// To be read from disk, one by one.
        case load([UInt64])
        /// To be asked which providers they are for; `sorted` follows.
        case sort([OutboxEntry])
        /// To be handed to the channel now.
        case send(OutboxEntry)
        /// To be put on disk as handed over; `marked` follows.
        case mark(OutboxMessage)
        case settle(OutboxEntry, DeliveryOutcome, deadAddresses: [Text])
        case putOff(OutboxMessage, OutboxState, FailedTry, deadAddresses: [Text])
        /// Nothing to do before.
        case wait(until: Instant)
    }

    private struct UnderWay {
        var entry: OutboxEntry
        var lane: LaneName
        var deadline: Instant
    }

    private struct Try: Hashable {
        var number: UInt64
        var attempt: UInt32
    }

    let settings: LineSettings
    let name: String

    private(set) var cursor: UInt64 = 0
    private(set) var hasMoreOnDisk = true
    /// The highest number that was claimed while memory was behind the disk: a read that began before it was committed
    /// does not show it.
    private var highestOnDisk: UInt64 = 0
    private var isReading = false

    private var lanes: [LaneName: Lane] = [:]
    /// The lanes in which something waits, in the order in which they have their turns.
    private var turns: [LaneName] = []
    private var deaths = Deaths()
    private var unsorted = Fifo<OutboxEntry>()
    private var isSorting = false
    /// Messages that memory holds whole, and that are not with the channel.
    private var held = 0
    private var later = LaterHeap()
    private var wanted: [UInt64] = []
    /// Of parked messages that are being read, the lanes.
    private var unparking: [UInt64: LaneName] = [:]
    private var endings = Fifo<(OutboxEntry, DeliveryOutcome)>()
    /// Users with a message in memory, and the numbers behind it.
    private var users: [UserID: [UInt64]] = [:]
    private var behind = 0
    private var withdrawn: Set<UInt64> = []
    /// Where messages go since their users' addresses changed.
    private var readdressed: [UInt64: [Text]] = [:]
    /// What was put off and is not on disk yet: the disk tells less of these.
    private var unsaved: [UInt64: (state: OutboxState, writes: Int)] = [:]
    private var marking: [UInt64: (entry: OutboxEntry, lane: LaneName)] = [:]
    private var underWay: [UInt64: UnderWay] = [:]
    private var deadlines = Fifo<(at: Instant, number: UInt64)>()
    private var unanswered: [Try: LaneName] = [:]
    private(set) var unrecorded = 0
    /// Messages that have no outcome on disk yet.
    private(set) var pending = 0
    private var rate: Rate
    private(set) var conditions = Conditions()
    private(set) var unknowns = UnknownOutcomes()

    init(name: String, settings: LineSettings, pending: Int) {
        self.name = name
        self.settings = settings
        self.pending = pending
        hasMoreOnDisk = pending > 0
        rate = Rate(perSecond: settings.perSecond)
    }

    var underWayCount: Int { underWay.count }
    var overdue: Int { unanswered.count }

    /// How many a provider may have just now.
    func limit(_ service: String = "") -> Int { lanes[LaneName(service: service)]?.limit ?? settings.concurrency }

    /// Whether so many deaths told by the message's provider are unlikely that it is not believed just now. Of a
    /// message that is under way.
    func isInDoubt(_ number: UInt64) -> Bool {
        underWay[number].map { deaths.isInDoubt($0.lane.service) } ?? false
    }

    // MARK: What comes in

    /// Claimed just now, and on disk.
    mutating func handOver(_ message: OutboxMessage, now: Instant) {
        pending += 1
        guard message.number > cursor else { return }
        guard !hasMoreOnDisk, held < settings.window, tracked < settings.longestTracked else {
            hasMoreOnDisk = true
            highestOnDisk = max(highestOnDisk, message.number)
            return
        }
        cursor = message.number
        admit(OutboxEntry(message: message), now)
    }

    /// What `Step.read` asked for; `isAll`: there is no more on disk.
    mutating func read(_ entries: [OutboxEntry], isAll: Bool, now: Instant) {
        for entry in entries where entry.message.number > cursor {
            cursor = entry.message.number
            if let service = entry.state?.doubtedBy { doubt(service) }
            admit(entry.toNewAddresses, now)
        }
        isReading = false
        // What was changed meanwhile and was not read is read with its state.
        withdrawn = withdrawn.filter { $0 <= cursor }
        readdressed = readdressed.filter { $0.key <= cursor }
        if isAll { hasMoreOnDisk = highestOnDisk > cursor }
    }

    /// What `Step.read` asked for could not be read; it is asked for again.
    mutating func unread() {
        isReading = false
    }

    /// What `Step.load` asked for; nil where it has left the disk meanwhile.
    mutating func loaded(_ number: UInt64, _ entry: OutboxEntry?, now: Instant) {
        guard var entry else {
            if let lane = unparking.removeValue(forKey: number) { lanes[lane]?.unparked(nil) }
            return
        }
        if let newer = unsaved[number] {
            let isWithdrawn = entry.state?.isWithdrawn ?? false
            entry.state = newer.state
            entry.state?.isWithdrawn = isWithdrawn
        }
        place(entry.toNewAddresses, now)
    }

    /// What `Step.load` asked for could not be read; it is asked for again.
    mutating func unloaded(_ numbers: [UInt64]) {
        wanted += numbers
    }

    /// Which provider each of what `Step.sort` asked about is for.
    mutating func sorted(_ entries: [(entry: OutboxEntry, service: String)], now: Instant) {
        isSorting = false
        for (entry, service) in entries {
            held -= 1
            if withdrawn.contains(entry.message.number) { end(entry, .withdrawn) } else { queue(entry, service, now) }
        }
    }

    mutating func marked(_ number: UInt64) {
        guard let (marking, lane) = marking.removeValue(forKey: number) else { return }
        var entry = marking
        var state = entry.state ?? OutboxState()
        state.isHandedOver = true
        entry.state = state
        lanes[lane]?.busy -= 1
        lanes[lane]?.marked.append(entry)
        giveTurns(lane)
    }

    /// Outcomes that are on disk, by the messages' numbers.
    mutating func recorded(_ outcomes: RecordedOutcomes) {
        unrecorded -= outcomes.ended.count + outcomes.putOff.count
        pending -= outcomes.ended.count
        for number in outcomes.ended { withdrawn.remove(number) }
        for number in outcomes.putOff {
            unsaved[number]?.writes -= 1
            if unsaved[number]?.writes == 0 { unsaved[number] = nil }
        }
        // Nothing waits, so nothing would tell that a provider is well again.
        if pending == 0, overdue == 0 { conditions = Conditions() }
    }

    /// The message must not be tried any more. One that is under way ends with that try.
    mutating func withdraw(_ number: UInt64, now: Instant) {
        guard number <= cursor || isReading else { return }
        withdrawn.insert(number)
        if later.bring(number, to: now) { return }
        for lane in turns {
            guard let entry = lanes[lane]?.remove(number) else { continue }
            held -= 1
            return end(entry, .withdrawn)
        }
    }

    /// Every further try of the message goes to these addresses.
    mutating func readdress(_ number: UInt64, _ addresses: [Text]) {
        if number <= cursor || isReading { readdressed[number] = addresses }
    }

    private mutating func admit(_ entry: OutboxEntry, _ now: Instant) {
        if users[entry.message.user] != nil {
            users[entry.message.user]?.append(entry.message.number)
            behind += 1
            return
        }
        users[entry.message.user] = []
        place(entry, now)
    }

    private mutating func place(_ entry: OutboxEntry, _ now: Instant) {
        let state = entry.state ?? OutboxState()
        let lane = unparking.removeValue(forKey: entry.message.number)
        var isReady = false
        defer {
            if let lane { lanes[lane]?.unparked(isReady ? entry : nil) }
        }
        if state.isWithdrawn || withdrawn.contains(entry.message.number) { return end(entry, .withdrawn) }
        if state.isHandedOver, settings.unknownPolicy == .neverAgain {
            return end(entry, .unknown(reason: "the daemon ended while the channel had it: nobody knows its outcome"))
        }
        let last = last(entry.message)
        if now >= last { return end(entry, .gaveUp(reason: reason(entry))) }
        if state.notBefore > now {
            later.push(Later(at: min(state.notBefore, last), number: entry.message.number))
        } else if lane != nil {
            isReady = true
            held += 1
        } else if settings.hasServices {
            held += 1
            unsorted.append(entry)
        } else {
            queue(entry, "", now)
        }
    }

    private mutating func queue(_ entry: OutboxEntry, _ service: String, _ now: Instant) {
        // What was called dead and not believed waits aside: nobody stands behind it.
        let lane = LaneName(service: service, isAside: entry.state?.doubtedBy != nil)
        if lanes[lane] == nil {
            if lanes.count >= settings.mostLanes { dropIdleLanes() }
            lanes[lane] = Lane(settings, channel: name, lane, isInDoubt: deaths.isInDoubt(service))
        }
        let last = last(entry.message)
        if lanes[lane]?.add(entry, last: last, now) == true { held += 1 }
        giveTurns(lane)
    }

    private mutating func giveTurns(_ lane: LaneName) {
        guard lanes[lane]?.hasTurns == false else { return }
        lanes[lane]?.hasTurns = true
        turns.append(lane)
    }

    /// What was learned of providers that nothing is for just now.
    private mutating func dropIdleLanes() {
        lanes = lanes.filter { !$0.value.isIdle || $0.value.hasTurns }
    }

    private func reason(_ entry: OutboxEntry) -> String {
        if let reason = entry.state?.reason, !reason.isEmpty { return reason }
        return "it could not be tried within \(settings.givesUpAfter)"
    }

    private mutating func end(_ entry: OutboxEntry, _ outcome: DeliveryOutcome) {
        endings.append((entry, outcome))
    }

    /// Messages that memory knows of, if only by their numbers.
    private var tracked: Int { users.count + behind }

    private func last(_ message: OutboxMessage) -> Instant { message.claimedAt + settings.givesUpAfter }

    // MARK: What is to be done

    /// The next thing to do. Ask again until it is to wait.
    mutating func next(_ now: Instant) -> Step {
        if let step = expire(now) { return step }
        if unrecorded < settings.mostUnrecorded, let (entry, outcome) = endings.popFirst() {
            return settled(entry, outcome, [])
        }
        while let due = later.first, due.at <= now {
            later.pop()
            wanted.append(due.number)
        }
        unpark(now)
        if !wanted.isEmpty {
            defer { wanted.removeAll() }
            return .load(wanted)
        }
        if !unsorted.isEmpty, !isSorting {
            isSorting = true
            var entries: [OutboxEntry] = []
            while entries.count < settings.sortedAtOnce, let entry = unsorted.popFirst() { entries.append(entry) }
            return .sort(entries)
        }
        if hasMoreOnDisk, !isReading, held < settings.window / 2, tracked < settings.longestTracked {
            isReading = true
            return .read(after: cursor, limit: settings.window)
        }
        return start(now)
    }

    private mutating func unpark(_ now: Instant) {
        for name in turns {
            guard var lane = lanes.removeValue(forKey: name) else { continue }
            held -= lane.park(now)
            let numbers = lane.unpark(now)
            lanes[name] = lane
            for number in numbers {
                unparking[number] = name
                wanted.append(number)
            }
        }
    }

    /// Each lane in turn hands over one message, where it may.
    private mutating func start(_ now: Instant) -> Step {
        var wait = min(later.first?.at ?? .never, deadlines.first?.at ?? .never)
        guard unrecorded < settings.mostUnrecorded else { return .wait(until: wait) }
        var place = 0
        while place < turns.count {
            let name = turns[place]
            guard var lane = lanes.removeValue(forKey: name) else { break }
            let found = start(&lane, name, now, &wait)
            lane.hasTurns = lane.isWaiting
            lanes[name] = lane
            if found != nil || !lane.hasTurns { turns.remove(at: place) }
            if found != nil, lane.hasTurns { turns.append(name) }
            if let found { return finish(found, name, now) }
            if lane.hasTurns { place += 1 }
        }
        return .wait(until: wait)
    }

    private enum Found {
        case send(OutboxEntry)
        case mark(OutboxEntry)
        case end(OutboxEntry, DeliveryOutcome)
    }

    /// What a lane has to do; nil where it waits.
    private mutating func start(_ lane: inout Lane, _ name: LaneName, _ now: Instant, _ wait: inout Instant) -> Found? {
        // Also of a lane that rests or hangs: the first in it is the oldest.
        if let first = lane.ready.first {
            let last = last(first.message)
            if now >= last, let entry = lane.popReady() {
                held -= 1
                return .end(entry, .gaveUp(reason: reason(entry)))
            }
            wait = min(wait, last)
        }
        if let parked = lane.parked.first { wait = min(wait, parked.last) }
        if let entry = lane.marked.popFirst() {
            return withdrawn.contains(entry.message.number) ? .end(entry, .withdrawn) : .send(entry)
        }
        guard !(lane.ready.isEmpty && lane.parked.isEmpty) else { return nil }
        if lane.pace.isResting(now) {
            wait = min(wait, lane.pace.restUntil)
            return nil
        }
        guard !lane.ready.isEmpty, lane.busy < lane.limit, underWay.count + overdue < settings.mostUnderWay,
            lane.busy + (lanes[name.other]?.busy ?? 0) < settings.concurrency
        else { return nil }
        let next = max(rate.next(now), lane.pace.next(now))
        guard next <= now else {
            wait = min(wait, next)
            return nil
        }
        guard let entry = lane.popReady() else { return nil }
        held -= 1
        if withdrawn.contains(entry.message.number) { return .end(entry, .withdrawn) }
        rate.left()
        lane.pace.left()
        return settings.unknownPolicy == .neverAgain ? .mark(entry) : .send(entry)
    }

    private mutating func finish(_ found: Found, _ lane: LaneName, _ now: Instant) -> Step {
        switch found {
        case .end(let entry, let outcome): return settled(entry, outcome, [])
        case .mark(let entry):
            lanes[lane]?.busy += 1
            marking[entry.message.number] = (entry, lane)
            return .mark(entry.message)
        case .send(var entry):
            if let addresses = readdressed[entry.message.number] { entry.message.readdress(addresses) }
            lanes[lane]?.busy += 1
            let deadline = now + settings.deadline
            underWay[entry.message.number] = UnderWay(entry: entry, lane: lane, deadline: deadline)
            deadlines.append((deadline, entry.message.number))
            return .send(entry)
        }
    }

    /// A send whose deadline has passed: nobody knows its outcome. It keeps its place until the channel answers.
    private mutating func expire(_ now: Instant) -> Step? {
        while let first = deadlines.first, first.at <= now || underWay[first.number]?.deadline != first.at {
            _ = deadlines.popFirst()
            guard let late = underWay[first.number], late.deadline == first.at else { continue }
            underWay[first.number] = nil
            unanswered[Try(number: first.number, attempt: late.entry.state?.attempts ?? 0)] = late.lane
            lanes[late.lane]?.pace.hung(now)
            conditions.set(late.lane.service, "no answer within \(settings.deadline)", now)
            let report = ChannelReport(
                .unknown(reason: "no answer within \(settings.deadline)"),
                service: late.lane.service
            )
            return outcome(of: late.entry, late.lane, report, now)
        }
        return nil
    }

    // MARK: Outcomes

    /// What the channel says of a message's try, `attempt` of which had failed before; nil where it was given up at its
    /// deadline.
    mutating func ended(_ number: UInt64, attempt: UInt32, _ report: ChannelReport, _ now: Instant) -> Step? {
        guard let sent = underWay[number], sent.entry.state?.attempts ?? 0 == attempt else {
            guard let lane = unanswered.removeValue(forKey: Try(number: number, attempt: attempt)) else {
                return nil
            }
            lanes[lane]?.busy -= 1
            if !unanswered.values.contains(where: { $0.service == lane.service }) { conditions.clear(lane.service) }
            return nil
        }
        underWay[number] = nil
        lanes[sent.lane]?.busy -= 1
        let report = weighed(report, of: sent, now)
        let isOwn = report.service.isEmpty || report.service == sent.lane.service
        lanes[sent.lane]?.pace.learn(report.outcome, isOwn: isOwn, now)
        if !(report.outcome.isRefusal && deaths.isInDoubt(report.service)) {
            conditions.learn(report, now, putOffsToDegrade: settings.putOffsToDegrade)
        }
        return outcome(of: sent.entry, sent.lane, report, now)
    }

    /// What a report says once it is held against what became of the messages before.
    private mutating func weighed(_ report: ChannelReport, of sent: UnderWay, _ now: Instant) -> ChannelReport {
        var report = report
        let service = report.service.isEmpty ? sent.lane.service : report.service
        switch report.outcome {
        case .accepted:
            for service in Set([service, sent.lane.service]) where deaths.accepted(service) { believe(service, now) }
        case .tryAgain(_, _, .doubted): doubt(service)
        case .tryAgain(let wait, let reason, .unavailable):
            // Others go through: it is this message that does not.
            guard sent.entry.state?.attempts ?? 0 >= settings.triesThatHoldUp, lanes[sent.lane]?.pace.isOpen == true
            else { break }
            report.outcome = .tryAgain(after: wait, reason: reason, cause: .message)
        case .addressDead, .tryAgain, .refused, .unknown: break
        }
        guard let limit = settings.deathsToStop, report.callsAddressesDead,
            !deaths.isBelieved(of: sent.entry.message.user, by: service, limit: limit)
        else { return report }
        doubt(service)
        report.deadAddresses = []
        if case .addressDead(_, let reason) = report.outcome {
            let row = "\(limit) addresses and more were called dead, and no message was accepted between"
            report.outcome = .tryAgain(after: .zero, reason: "\(row): \(reason)", cause: .doubted)
        }
        return report
    }

    /// No death that the provider tells is believed from now on: its messages are tried with care.
    private mutating func doubt(_ service: String) {
        deaths.doubt(service)
        lanes[LaneName(service: service)]?.isCareful = true
    }

    /// It accepted a message: what waits aside may try again.
    private mutating func believe(_ service: String, _ now: Instant) {
        lanes[LaneName(service: service)]?.isCareful = false
        lanes[LaneName(service: service, isAside: true)]?.pace.wake(now)
    }

    private mutating func outcome(
        of entry: OutboxEntry,
        _ lane: LaneName,
        _ report: ChannelReport,
        _ now: Instant
    ) -> Step {
        let dead = report.deadAddresses
        switch report.outcome {
        case .accepted(let id): return settled(entry, .accepted(id: id), dead)
        case .refused(let reason): return settled(entry, .refused(reason: reason), dead)
        case .addressDead(let address, let reason):
            return settled(entry, .refused(reason: reason), dead.contains(address) ? dead : dead + [address])
        case .unknown(let reason):
            unknowns.add(lane.service, reason, now)
            return unknown(entry, reason, dead, now)
        case .tryAgain(let wait, let reason, .doubted):
            var entry = entry
            var state = entry.state ?? OutboxState()
            state.doubtedBy = report.service.isEmpty ? lane.service : report.service
            entry.state = state
            // Soon at hand again: its turn comes when its lane says so.
            let pause = { [settings] in BackOff.pause($0, longest: min($1, settings.longestRest), key: $2) }
            return putOff(entry, reason, pause, wait, dead, now)
        case .tryAgain(let wait, let reason, let cause):
            // The whole lane rests: the message goes when it does.
            let rest = (lanes[lane]?.pace.restUntil ?? now) - now
            if cause == .unavailable, report.service.isEmpty || report.service == lane.service, rest > .zero {
                return putOff(entry, reason, { _, _, _ in rest }, .zero, dead, now)
            }
            return putOff(entry, reason, BackOff.pause, wait, dead, now)
        }
    }

    /// Nobody knows whether the provider has it.
    private mutating func unknown(_ entry: OutboxEntry, _ reason: String, _ dead: [Text], _ now: Instant) -> Step {
        var entry = entry
        let before = Int(entry.state?.unknowns ?? 0)
        switch settings.unknownPolicy {
        case .neverAgain: return settled(entry, .unknown(reason: reason), dead)
        case .again: return putOff(entry, reason, BackOff.pause, .zero, dead, now)
        case .aFewTimes:
            guard before < settings.unknownPauses.count else {
                let reason = "sent \(before + 1) times, and nobody knows whether it came: \(reason)"
                return settled(entry, .unknown(reason: reason), dead)
            }
            var state = entry.state ?? OutboxState()
            state.unknowns += 1
            entry.state = state
            return putOff(entry, reason, BackOff.pause, settings.unknownPauses[before], dead, now)
        }
    }

    private mutating func putOff(
        _ entry: OutboxEntry,
        _ reason: String,
        _ pause: (UInt32, Length, String) -> Length,
        _ asked: Length,
        _ dead: [Text],
        _ now: Instant
    ) -> Step {
        let message = entry.message
        if withdrawn.contains(message.number) { return settled(entry, .withdrawn, dead) }
        let last = last(message)
        guard now < last else { return settled(entry, .gaveUp(reason: reason), dead) }
        var state = entry.state ?? OutboxState()
        state.attempts += 1
        state.notBefore = min(now + max(asked, pause(state.attempts, settings.longestPause, message.key)), last)
        state.reason = reason
        state.isHandedOver = false
        state.addresses = readdressed[message.number] ?? state.addresses
        state.deadAddresses += dead.filter { !state.deadAddresses.contains($0) }
        later.push(Later(at: state.notBefore, number: message.number))
        unsaved[message.number] = (state, (unsaved[message.number]?.writes ?? 0) + 1)
        unrecorded += 1
        let failed = FailedTry(reason: reason, attempt: state.attempts, next: state.notBefore)
        return .putOff(message, state, failed, deadAddresses: dead)
    }

    private mutating func settled(_ entry: OutboxEntry, _ outcome: DeliveryOutcome, _ dead: [Text]) -> Step {
        unrecorded += 1
        withdrawn.remove(entry.message.number)
        readdressed[entry.message.number] = nil
        unsaved[entry.message.number] = nil
        // The user's next message has its turn.
        if var line = users[entry.message.user] {
            if line.isEmpty {
                users[entry.message.user] = nil
            } else {
                wanted.append(line.removeFirst())
                behind -= 1
                users[entry.message.user] = line
            }
        }
        return .settle(entry, outcome, deadAddresses: dead)
    }
}

extension OutboxEntry {
    /// As it is to be tried next.
    fileprivate var toNewAddresses: OutboxEntry {
        guard let state, !state.addresses.isEmpty else { return self }
        var entry = self
        entry.message.readdress(state.addresses)
        return entry
    }
}
