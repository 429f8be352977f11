import Engine
import Storage
import Testing

@testable import Core
@testable import Host

/// A channel's line, stepped: every test names the message, what the channel says, and what follows.
struct LineTests {
    static func settings(_ change: (inout LineSettings) -> Void = { _ in }) -> LineSettings {
        var settings = LineSettings(concurrency: 2)
        change(&settings)
        return settings
    }

    static func message(_ number: UInt64, user: UserID? = nil, at seconds: Int64 = 0) -> OutboxMessage {
        OutboxMessage(
            number: number,
            key: "key-\(number)",
            user: user ?? "u\(number)",
            version: CampaignVersion(number: 1, version: 1),
            campaign: "C",
            send: number,
            channel: "email",
            addresses: ["\(number)@example.com"],
            fields: [:],
            claimedAt: .at(seconds)
        )
    }

    static func entry(_ number: UInt64, user: UserID? = nil, _ change: (inout OutboxState) -> Void) -> OutboxEntry {
        var state = OutboxState()
        change(&state)
        return OutboxEntry(message: message(number, user: user), state: state)
    }

    static func machine(_ settings: LineSettings = settings(), pending: Int = 0) -> LineStateMachine {
        LineStateMachine(name: "email", settings: settings, pending: pending)
    }

    static let later = ChannelReport(.tryAgain(after: .zero, reason: "451", cause: .message))
    static let gone = ChannelReport(.tryAgain(after: .zero, reason: "refused", cause: .unavailable))
    static let accepted = ChannelReport(.accepted(id: "x"))

    @Test("messages leave in order, as many at once as the channel takes")
    func concurrency() {
        var line = Self.machine()
        for number in 1...3 { line.handOver(Self.message(UInt64(number)), now: .at(0)) }
        #expect(line.next(.at(0)) == .send(OutboxEntry(message: Self.message(1))))
        #expect(line.next(.at(0)) == .send(OutboxEntry(message: Self.message(2))))
        #expect(line.next(.at(0)) == .wait(until: .at(60)))
        #expect(
            line.ended(1, attempt: 0, Self.accepted, .at(1))
                == .settle(OutboxEntry(message: Self.message(1)), .accepted(id: "x"), deadAddresses: [])
        )
        #expect(line.next(.at(1)) == .send(OutboxEntry(message: Self.message(3))))
    }

    @Test("one user's messages leave one after the other, also when the first is put off")
    func order() {
        var line = Self.machine()
        line.handOver(Self.message(1, user: "u"), now: .at(0))
        line.handOver(Self.message(2, user: "u"), now: .at(0))
        line.handOver(Self.message(3), now: .at(0))
        #expect(line.next(.at(0)) == .send(OutboxEntry(message: Self.message(1, user: "u"))))
        #expect(line.next(.at(0)) == .send(OutboxEntry(message: Self.message(3))))
        guard case .putOff(_, let state, _, _)? = line.ended(1, attempt: 0, Self.later, .at(1)) else {
            Issue.record("it is not put off")
            return
        }
        _ = line.ended(3, attempt: 0, Self.accepted, .at(1))
        guard case .wait = line.next(.at(1)) else {
            Issue.record("the second overtakes the first")
            return
        }
        #expect(line.next(state.notBefore) == .load([1]))
        let tried = OutboxEntry(message: Self.message(1, user: "u"), state: state)
        line.loaded(1, tried, now: state.notBefore)
        #expect(line.next(state.notBefore) == .send(tried))
        _ = line.ended(1, attempt: 1, Self.accepted, .at(3))
        #expect(line.next(.at(3)) == .load([2]))
        line.loaded(2, OutboxEntry(message: Self.message(2, user: "u")), now: .at(3))
        #expect(line.next(.at(3)) == .send(OutboxEntry(message: Self.message(2, user: "u"))))
    }

    @Test("pauses double up to their longest, differ from message to message, and are the same every time")
    func backOff() {
        for attempt in UInt32(1)...40 {
            let whole = min(900_000, Int64(1_000) << Int64(min(attempt - 1, 20)))
            let pause = BackOff.pause(attempt, longest: .seconds(900), key: "a").milliseconds
            #expect(pause >= whole * 3 / 4 && pause <= whole)
            #expect(pause == BackOff.pause(attempt, longest: .seconds(900), key: "a").milliseconds)
        }
        let pauses = Set((0..<100).map { BackOff.pause(3, longest: .seconds(900), key: "key-\($0)").milliseconds })
        #expect(pauses.count > 50)
    }

    @Test("what the provider asks for is obeyed, however long")
    func retryAfter() {
        var line = Self.machine()
        line.handOver(Self.message(1), now: .at(0))
        _ = line.next(.at(0))
        let report = ChannelReport(.tryAgain(after: .seconds(3_600), reason: "429", cause: .message))
        guard case .putOff(_, let state, let failed, _)? = line.ended(1, attempt: 0, report, .at(1)) else {
            Issue.record("it is not put off")
            return
        }
        #expect(state.notBefore == .at(3_601))
        #expect(failed == FailedTry(reason: "429", attempt: 1, next: .at(3_601)))
        #expect(line.next(.at(2)) == .wait(until: .at(3_601)))
    }

    @Test("at its last instant a message is given up, whether it was tried or never could be")
    func givesUp() {
        var line = Self.machine(Self.settings { $0.givesUpAfter = .seconds(100) }, pending: 1)
        #expect(line.next(.at(100)) == .read(after: 0, limit: 2_048))
        line.read([OutboxEntry(message: Self.message(1))], isAll: true, now: .at(100))
        #expect(
            line.next(.at(100))
                == .settle(
                    OutboxEntry(message: Self.message(1)),
                    .gaveUp(reason: "it could not be tried within 100s"),
                    deadAddresses: []
                )
        )
        var tried = Self.machine(Self.settings { $0.givesUpAfter = .seconds(100) })
        tried.handOver(Self.message(1), now: .at(0))
        _ = tried.next(.at(99))
        guard case .putOff(_, let state, _, _)? = tried.ended(1, attempt: 0, Self.later, .at(99)) else {
            Issue.record("it is not put off")
            return
        }
        #expect(state.notBefore <= .at(100))
        let entry = OutboxEntry(message: Self.message(1), state: state)
        #expect(tried.next(.at(100)) == .load([1]))
        tried.loaded(1, entry, now: .at(100))
        #expect(tried.next(.at(100)) == .settle(entry, .gaveUp(reason: "451"), deadAddresses: []))
    }

    @Test("a provider that takes nothing: the line rests, then one message tries, then all go on")
    func rests() {
        var line = Self.machine(Self.settings { $0.concurrency = 4 })
        for number in 1...8 { line.handOver(Self.message(UInt64(number)), now: .at(0)) }
        for _ in 1...4 { _ = line.next(.at(0)) }
        for number in 1...4 { _ = line.ended(UInt64(number), attempt: 0, Self.gone, .at(0)) }
        #expect(line.conditions.byService[""]?.reason == "refused")
        guard case .wait(let until) = line.next(.at(0)) else {
            Issue.record("it does not rest")
            return
        }
        #expect(until > .at(0) && until <= .at(1))
        // The rest is over: messages that failed come again with it, and one of all tries.
        guard case .load(let numbers) = line.next(until) else {
            Issue.record("those that failed do not come again")
            return
        }
        for number in numbers { line.loaded(number, Self.entry(number) { $0.attempts = 1 }, now: until) }
        guard case .send(let probe) = line.next(until), case .wait = line.next(until) else {
            Issue.record("not one alone tries")
            return
        }
        _ = line.ended(probe.message.number, attempt: probe.state?.attempts ?? 0, Self.accepted, until)
        #expect(line.conditions.isEmpty)
        for _ in 1...4 {
            guard case .send = line.next(until) else {
                Issue.record("it does not go on")
                return
            }
        }
    }

    @Test("rests double up to a minute")
    func restsDouble() {
        var line = Self.machine(Self.settings { $0.concurrency = 1 })
        for number in 1...40 { line.handOver(Self.message(UInt64(number)), now: .at(0)) }
        var now = Instant.at(0)
        var rests: [Int64] = []
        for _ in 1...12 {
            var step = line.next(now)
            while case .load(let numbers) = step {
                for number in numbers { line.loaded(number, Self.entry(number) { $0.attempts = 1 }, now: now) }
                step = line.next(now)
            }
            guard case .send(let entry) = step else {
                Issue.record("nothing tries")
                return
            }
            _ = line.ended(entry.message.number, attempt: entry.state?.attempts ?? 0, Self.gone, now)
            guard case .wait(let until) = line.next(now) else {
                Issue.record("it does not rest")
                return
            }
            rests.append((until - now).milliseconds)
            now = until
        }
        #expect(rests[0] <= 1_000 && rests[4] > 8_000)
        #expect(rests.allSatisfy { $0 <= 60_000 } && rests.last! >= 45_000)
    }

    @Test("a provider that wants fewer gets half as many at once, and more again with every round")
    func throttled() {
        var line = Self.machine(Self.settings { $0.concurrency = 8 })
        for number in 1...400 { line.handOver(Self.message(UInt64(number)), now: .at(0)) }
        for _ in 1...8 { _ = line.next(.at(0)) }
        let report = ChannelReport(.tryAgain(after: .zero, reason: "429", cause: .throttled))
        for number in 1...4 { _ = line.ended(UInt64(number), attempt: 0, report, .at(0)) }
        #expect(line.limit() == 4)
        for number in 5...8 { _ = line.ended(UInt64(number), attempt: 0, Self.accepted, .at(0)) }
        // Not all at once: it has a rate, too.
        var (under, now) = (0, Instant.at(0))
        while now < .at(10) {
            switch line.next(now) {
            case .send: under += 1
            case .load(let numbers):
                for number in numbers { line.loaded(number, Self.entry(number) { $0.attempts = 1 }, now: now) }
            case .wait(let until): now = max(until, now + Length(milliseconds: 1))
            default: Issue.record("nothing else is to be done")
            }
        }
        #expect(under == line.limit())
        #expect(line.limit() == 5 || line.limit() == 4)
    }

    /// A provider that takes 20 a second and refuses the others, asked for a minute.
    @Test(
        "a throttled provider's rate is found: nearly all that it takes, and few are refused, also where it began too low",
        arguments: [(64, 20), (64, 5)]
    )
    func rateIsFound(atOnce: Int, perSecond: Int) {
        var line = Self.machine(Self.settings { $0.concurrency = atOnce })
        for number in 1...2_000 { line.handOver(Self.message(UInt64(number)), now: .at(0)) }
        let throttled = ChannelReport(.tryAgain(after: .zero, reason: "454 Throttling failure", cause: .throttled))
        var (taken, refused, now, second, inSecond) = (0, 0, Instant.at(0), Int64(0), 0)
        var mostLater = 0
        var states: [UInt64: OutboxState] = [:]
        while now < .at(60) {
            switch line.next(now) {
            case .send(let entry):
                if now.milliseconds / 1_000 != second { (second, inSecond) = (now.milliseconds / 1_000, 0) }
                inSecond += 1
                let number = entry.message.number
                let report = inSecond <= perSecond ? Self.accepted : throttled
                if inSecond <= perSecond { taken += 1 } else { refused += 1 }
                if second > 1 { mostLater = max(mostLater, inSecond - perSecond) }
                if case .putOff(_, let state, _, _)? = line.ended(
                    number,
                    attempt: entry.state?.attempts ?? 0,
                    report,
                    now
                ) {
                    states[number] = state
                }
            case .load(let numbers):
                for number in numbers {
                    line.loaded(number, OutboxEntry(message: Self.message(number), state: states[number]), now: now)
                }
            case .wait(let until): now = max(until, now + Length(milliseconds: 1))
            case .read: line.read([], isAll: true, now: now)
            case .settle, .putOff: break
            default: Issue.record("nothing else is to be done")
            }
        }
        #expect(taken > 40 * perSecond, "\(taken) of \(60 * perSecond) taken, \(refused) refused")
        #expect(refused < taken / 5 + atOnce, "\(taken) taken, \(refused) refused")
        #expect(mostLater < 6, "\(mostLater) refused in one second")
    }

    static let dead = ChannelReport(.addressDead(address: "x", reason: "550 5.1.1 Nobody"))

    private func isDead(_ step: LineStateMachine.Step?) -> Bool {
        if case .settle(_, .refused, let dead)? = step { !dead.isEmpty } else { false }
    }

    @Test("an address that has no state of its own is believed dead every time")
    func tokensAreBelieved() {
        var line = Self.machine(Self.settings { ($0.concurrency, $0.deathsToStop) = (1, nil) })
        for number in UInt64(1)...20 {
            line.handOver(Self.message(number), now: .at(0))
            _ = line.next(.at(0))
            #expect(isDead(line.ended(number, attempt: 0, Self.dead, .at(0))))
        }
    }

    @Test("a message that is refused as if nothing got through, while others do, soon holds up itself alone")
    func holdsUpItself() {
        var line = Self.machine(Self.settings { $0.concurrency = 1 })
        line.handOver(Self.message(1), now: .at(0))
        var now = Instant.at(0)
        var rested: [Bool] = []
        for attempt in UInt32(0)..<5 {
            guard case .send(let entry) = line.next(now), entry.message.number == 1,
                case .putOff(_, let state, _, _)? = line.ended(1, attempt: attempt, Self.gone, now)
            else {
                Issue.record("it is not tried again")
                return
            }
            let other = UInt64(attempt) + 2
            line.handOver(Self.message(other), now: now)
            if case .wait = line.next(now) { rested.append(true) } else { rested.append(false) }
            if rested.last == false { _ = line.ended(other, attempt: 0, Self.accepted, now) }
            now = state.notBefore
            #expect(line.next(now) == .load([1]))
            line.loaded(1, OutboxEntry(message: Self.message(1), state: state), now: now)
            guard rested.last == true else { continue }
            #expect(line.next(now) == .send(OutboxEntry(message: Self.message(other))))
            _ = line.ended(other, attempt: 0, Self.accepted, now)
        }
        #expect(rested == [true, true, true, false, false])
    }

    @Test("an unknown outcome is repeated three times, later and later, and then is a dead letter")
    func unknownAFewTimes() {
        var line = Self.machine(Self.settings { $0.unknownPolicy = .aFewTimes })
        let report = ChannelReport(.unknown(reason: "no answer"))
        line.handOver(Self.message(1), now: .at(0))
        var (now, pauses) = (Instant.at(0), [Int64]())
        var entry = OutboxEntry(message: Self.message(1))
        #expect(line.next(now) == .send(entry))
        while case .putOff(_, let state, _, _)? = line.ended(1, attempt: UInt32(pauses.count), report, now) {
            pauses.append((state.notBefore - now).milliseconds / 1_000)
            #expect(state.unknowns == pauses.count)
            now = state.notBefore
            entry.state = state
            #expect(line.next(now) == .load([1]))
            line.loaded(1, entry, now: now)
            #expect(line.next(now) == .send(entry))
            if pauses.count > 5 { break }
        }
        #expect(pauses == [5, 60, 900])
        #expect(line.unknowns.total == 4)
        #expect(line.unknowns.byService[""]?.count == 4)
    }

    @Test("no more in a second than the setting says")
    func rate() {
        var line = Self.machine(Self.settings { ($0.concurrency, $0.perSecond) = (1_000, 100) })
        for number in 1...500 { line.handOver(Self.message(UInt64(number)), now: .at(0)) }
        var sent = 0
        var now = Instant.at(0)
        while now < .at(2) {
            switch line.next(now) {
            case .send: sent += 1
            case .wait(let until): now = max(until, now + Length(milliseconds: 1))
            default: Issue.record("nothing else is to be done")
            }
        }
        #expect((195...206).contains(sent))
    }

    @Test("a send without an answer is given up, keeps its place, and does not end the message's next try")
    func overdue() {
        var line = Self.machine(Self.settings { $0.concurrency = 1 })
        line.handOver(Self.message(1), now: .at(0))
        line.handOver(Self.message(2), now: .at(0))
        _ = line.next(.at(0))
        guard case .putOff = line.next(.at(60)) else {
            Issue.record("it is not given up")
            return
        }
        #expect(line.overdue == 1)
        #expect(line.conditions.byService[""] != nil)
        // The only place is taken: the channel hangs, and its messages wait.
        guard case .wait = line.next(.at(60)) else {
            Issue.record("a channel that hangs is given more")
            return
        }
        #expect(line.ended(1, attempt: 0, Self.accepted, .at(61)) == nil)
        #expect(line.overdue == 0)
        #expect(line.conditions.byService[""] == nil)
        // Whoever hung rests like a provider that takes nothing.
        #expect(line.next(.at(62)) == .load([1]))
        line.loaded(1, Self.entry(1) { $0.attempts = 1 }, now: .at(62))
        #expect(line.next(.at(62)) == .send(OutboxEntry(message: Self.message(2))))
    }

    @Test("never again: put on disk before the channel has it; after a crash it is not sent")
    func neverAgain() {
        let settings = Self.settings { $0.unknownPolicy = .neverAgain }
        var line = Self.machine(settings)
        line.handOver(Self.message(1), now: .at(0))
        #expect(line.next(.at(0)) == .mark(Self.message(1)))
        #expect(line.next(.at(0)) == .wait(until: .never))
        line.marked(1)
        #expect(line.next(.at(0)) == .send(Self.entry(1) { $0.isHandedOver = true }))
        guard case .settle(_, .unknown, _)? = line.ended(1, attempt: 0, ChannelReport(.unknown(reason: "?")), .at(1))
        else {
            Issue.record("it is sent again")
            return
        }
        var after = Self.machine(settings, pending: 1)
        _ = after.next(.at(0))
        after.read([Self.entry(1) { $0.isHandedOver = true }], isAll: true, now: .at(0))
        guard case .settle(_, .unknown, _) = after.next(.at(0)) else {
            Issue.record("it is sent again after a crash")
            return
        }
        var again = Self.machine(pending: 1)
        _ = again.next(.at(0))
        again.read([Self.entry(1) { $0.isHandedOver = true }], isAll: true, now: .at(0))
        guard case .send = again.next(.at(0)) else {
            Issue.record("a channel that sends again does not")
            return
        }
    }

    @Test("a pause survives a restart")
    func pauseOnDisk() {
        var line = Self.machine(pending: 1)
        _ = line.next(.at(0))
        line.read([Self.entry(1) { $0.notBefore = .at(500) }], isAll: true, now: .at(10))
        #expect(line.next(.at(10)) == .wait(until: .at(500)))
        #expect(line.next(.at(500)) == .load([1]))
    }

    @Test("a withdrawn message ends without a try, wherever it is", arguments: ["ready", "later", "under way", "disk"])
    func withdrawn(place: String) {
        var line = Self.machine(pending: place == "disk" ? 1 : 0)
        func isWithdrawn(_ step: LineStateMachine.Step?) -> Bool {
            if case .settle(_, .withdrawn, _)? = step { true } else { false }
        }
        switch place {
        case "ready":
            line.handOver(Self.message(1), now: .at(0))
            line.withdraw(1, now: .at(0))
            #expect(isWithdrawn(line.next(.at(0))))
        case "later":
            line.handOver(Self.message(1), now: .at(0))
            _ = line.next(.at(0))
            guard case .putOff(_, var state, _, _)? = line.ended(1, attempt: 0, Self.later, .at(0)) else { return }
            line.withdraw(1, now: .at(0))
            #expect(line.next(.at(0)) == .load([1]))
            state.isWithdrawn = true
            line.loaded(1, OutboxEntry(message: Self.message(1), state: state), now: .at(0))
            #expect(isWithdrawn(line.next(.at(0))))
        case "under way":
            line.handOver(Self.message(1), now: .at(0))
            _ = line.next(.at(0))
            line.withdraw(1, now: .at(0))
            #expect(line.next(.at(0)) == .wait(until: .at(60)))
            #expect(isWithdrawn(line.ended(1, attempt: 0, Self.later, .at(1))))
        default:
            _ = line.next(.at(0))
            line.withdraw(1, now: .at(0))
            line.read([Self.entry(1) { $0.isWithdrawn = true }], isAll: true, now: .at(0))
            #expect(isWithdrawn(line.next(.at(0))))
        }
    }

    @Test(
        "a message whose user's addresses changed goes to those of now, wherever it is",
        arguments: ["ready", "later", "under way", "disk", "behind"]
    )
    func readdressed(place: String) {
        var line = Self.machine(pending: place == "disk" ? 1 : 0)
        func tried(_ step: LineStateMachine.Step) -> [Text]? {
            if case .send(let entry) = step { entry.message.addresses } else { nil }
        }
        switch place {
        case "ready":
            line.handOver(Self.message(1), now: .at(0))
            line.readdress(1, ["new"])
            #expect(tried(line.next(.at(0))) == ["new"])
        case "later", "under way":
            line.handOver(Self.message(1), now: .at(0))
            _ = line.next(.at(0))
            if place == "under way" { line.readdress(1, ["new"]) }
            guard case .putOff(_, let state, _, _)? = line.ended(1, attempt: 0, Self.later, .at(0)) else {
                Issue.record("it is not put off")
                return
            }
            if place == "under way" { #expect(state.addresses == ["new"], "or a restart would not know") }
            if place == "later" { line.readdress(1, ["new"]) }
            #expect(line.next(state.notBefore) == .load([1]))
            line.loaded(1, OutboxEntry(message: Self.message(1), state: state), now: state.notBefore)
            #expect(tried(line.next(state.notBefore)) == ["new"])
        case "behind":
            line.handOver(Self.message(1, user: "u"), now: .at(0))
            line.handOver(Self.message(2, user: "u"), now: .at(0))
            _ = line.next(.at(0))
            line.readdress(2, ["new"])
            _ = line.ended(1, attempt: 0, Self.accepted, .at(0))
            #expect(line.next(.at(0)) == .load([2]))
            line.loaded(2, Self.entry(2, user: "u") { $0.addresses = ["new"] }, now: .at(0))
            #expect(tried(line.next(.at(0))) == ["new"])
        default:
            _ = line.next(.at(0))
            line.read([Self.entry(1) { $0.addresses = ["new"] }], isAll: true, now: .at(0))
            #expect(tried(line.next(.at(0))) == ["new"])
        }
    }

    @Test("memory holds a window of what waits; the rest comes from disk in order")
    func window() {
        var line = Self.machine(Self.settings { $0.window = 4 })
        for number in 1...10 { line.handOver(Self.message(UInt64(number)), now: .at(0)) }
        var sent: [UInt64] = []
        for _ in 1...40 where sent.count < 10 {
            switch line.next(.at(0)) {
            case .send(let entry):
                sent.append(entry.message.number)
                _ = line.ended(entry.message.number, attempt: 0, Self.accepted, .at(0))
                line.recorded(RecordedOutcomes(ended: [entry.message.number]))
            case .read(let after, let limit):
                let numbers = (after + 1...10).prefix(limit)
                line.read(
                    numbers.map { OutboxEntry(message: Self.message($0)) },
                    isAll: numbers.count < limit,
                    now: .at(0)
                )
            default: Issue.record("nothing else is to be done")
            }
        }
        #expect(sent == Array(1...10))
        #expect(line.pending == 0)
    }

    @Test("outcomes that are not on disk bound what is handed over")
    func unrecorded() {
        var line = Self.machine(Self.settings { $0.mostUnrecorded = 2 })
        for number in 1...4 { line.handOver(Self.message(UInt64(number)), now: .at(0)) }
        for number in [UInt64(1), 2] {
            _ = line.next(.at(0))
            _ = line.ended(number, attempt: 0, Self.accepted, .at(0))
        }
        guard case .wait = line.next(.at(0)) else {
            Issue.record("it goes on")
            return
        }
        line.recorded(RecordedOutcomes(ended: [1]))
        guard case .send = line.next(.at(0)) else {
            Issue.record("it does not go on")
            return
        }
    }

    @Test("what is claimed while the disk is read is read next: a read does not show what came after it began")
    func claimedWhileReading() {
        var line = Self.machine(pending: 1)
        #expect(line.next(.at(0)) == .read(after: 0, limit: 2_048))
        line.handOver(Self.message(2), now: .at(0))
        line.read([OutboxEntry(message: Self.message(1))], isAll: true, now: .at(0))
        #expect(line.next(.at(0)) == .read(after: 1, limit: 2_048))
        line.handOver(Self.message(3), now: .at(0))
        line.read(
            [OutboxEntry(message: Self.message(2)), OutboxEntry(message: Self.message(3))],
            isAll: true,
            now: .at(0)
        )
        #expect(line.next(.at(0)) == .send(OutboxEntry(message: Self.message(1))))
        #expect(line.next(.at(0)) == .send(OutboxEntry(message: Self.message(2))))
        line.handOver(Self.message(4), now: .at(0))
        _ = line.ended(1, attempt: 0, Self.accepted, .at(0))
        _ = line.ended(2, attempt: 0, Self.accepted, .at(0))
        #expect(line.next(.at(0)) == .send(OutboxEntry(message: Self.message(3))))
        #expect(line.next(.at(0)) == .send(OutboxEntry(message: Self.message(4))))
    }

    @Test("what is withdrawn while the disk is read is not sent, though the read does not show it")
    func withdrawnWhileReading() {
        var line = Self.machine(pending: 2)
        _ = line.next(.at(0))
        line.withdraw(2, now: .at(0))
        line.read([1, 2].map { OutboxEntry(message: Self.message($0)) }, isAll: true, now: .at(0))
        guard case .settle(let entry, .withdrawn, _) = line.next(.at(0)) else {
            Issue.record("it is not withdrawn")
            return
        }
        #expect(entry.message.number == 2)
    }

    @Test("a message that waits for its turn is given up at its last instant, also while its line rests or hangs")
    func givesUpWaiting() {
        var line = Self.machine(Self.settings { ($0.concurrency, $0.givesUpAfter) = (1, .seconds(5)) })
        for number in 1...3 { line.handOver(Self.message(UInt64(number)), now: .at(0)) }
        _ = line.next(.at(0))
        #expect(line.next(.at(0)) == .wait(until: .at(5)))
        for number in [UInt64(2), 3] {
            guard case .settle(let entry, .gaveUp, _) = line.next(.at(5)) else {
                Issue.record("it goes on waiting")
                return
            }
            #expect(entry.message.number == number)
        }
    }

    @Test("until a put-off is on disk, memory knows better how often a message was tried")
    func unsaved() {
        var line = Self.machine()
        line.handOver(Self.message(1), now: .at(0))
        _ = line.next(.at(0))
        guard case .putOff(_, let state, _, _)? = line.ended(1, attempt: 0, Self.later, .at(0)) else { return }
        #expect(line.next(.at(2)) == .load([1]))
        // The disk does not have it yet.
        line.loaded(1, OutboxEntry(message: Self.message(1)), now: .at(2))
        #expect(line.next(.at(2)) == .send(OutboxEntry(message: Self.message(1), state: state)))
        guard case .putOff(_, let second, _, _)? = line.ended(1, attempt: 1, Self.later, .at(2)) else { return }
        #expect(second.attempts == 2)
        // The first of the two is on disk by now, the second is not.
        line.recorded(RecordedOutcomes(putOff: [1]))
        _ = line.next(.at(10))
        line.loaded(1, OutboxEntry(message: Self.message(1), state: state), now: .at(10))
        #expect(line.next(.at(10)) == .send(OutboxEntry(message: Self.message(1), state: second)))
    }

    @Test("with nothing left to wait, nothing is degraded")
    func wellAgain() {
        var line = Self.machine()
        line.handOver(Self.message(1), now: .at(0))
        _ = line.next(.at(0))
        _ = line.ended(1, attempt: 0, Self.gone, .at(0))
        #expect(!line.conditions.isEmpty)
        line.recorded(RecordedOutcomes(ended: [1]))
        #expect(line.conditions.isEmpty)
    }

    @Test("a provider that asks for a year is asked again after an hour")
    func absurdWait() {
        var line = Self.machine(Self.settings { $0.concurrency = 1 })
        for number in 1...2 { line.handOver(Self.message(UInt64(number)), now: .at(0)) }
        _ = line.next(.at(0))
        let report = ChannelReport(.tryAgain(after: .days(365), reason: "503", cause: .unavailable))
        _ = line.ended(1, attempt: 0, report, .at(0))
        #expect(line.next(.at(1)) == .wait(until: .at(3_600)))
    }

    @Test("messages that are tried later come by their instants, one brought forward too")
    func later() {
        var heap = LaterHeap()
        for number in UInt64(1)...50 { heap.push(Later(at: .at(Int64(number * 37 % 50)), number: number)) }
        let known = heap.bring(7, to: .at(-1))
        let unknown = heap.bring(99, to: .at(-1))
        #expect(known && !unknown)
        var order: [Later] = []
        while let first = heap.first {
            order.append(first)
            heap.pop()
        }
        #expect(order.first == Later(at: .at(-1), number: 7))
        #expect(order.count == 50 && order == order.sorted())
        #expect(heap.count == 0)
    }

    /// A line with several providers, each user's messages for the one that their user's name begins with.
    static func several(_ change: (inout LineSettings) -> Void = { _ in }) -> LineStateMachine {
        machine(
            settings {
                $0.concurrency = 100
                $0.hasServices = true
                change(&$0)
            }
        )
    }

    /// Does what is to be done until the line waits, and gives what it sent. Parked messages are read from `disk`.
    static func work(
        _ line: inout LineStateMachine,
        _ now: Instant,
        disk: [UInt64: OutboxEntry] = [:],
        service: (OutboxMessage) -> String
    ) -> [OutboxEntry] {
        var sent: [OutboxEntry] = []
        for _ in 0..<10_000 {
            switch line.next(now) {
            case .wait: return sent
            case .sort(let entries): line.sorted(entries.map { ($0, service($0.message)) }, now: now)
            case .load(let numbers): for number in numbers { line.loaded(number, disk[number], now: now) }
            case .send(let entry): sent.append(entry)
            case .read, .mark, .settle, .putOff: Issue.record("nothing else is to be done")
            }
        }
        Issue.record("it never waits")
        return sent
    }

    private static func byParity(_ message: OutboxMessage) -> String { message.number % 2 == 0 ? "even" : "odd" }

    @Test("one of several providers begins with a few at once, and doubles with each round that it took")
    func slowStart() {
        var line = Self.several()
        for number in UInt64(1)...60 { line.handOver(Self.message(number), now: .at(0)) }
        let first = Self.work(&line, .at(0)) { _ in "a" }
        #expect(first.count == 8)
        for entry in first { _ = line.ended(entry.message.number, attempt: 0, Self.accepted, .at(1)) }
        #expect(Self.work(&line, .at(1)) { _ in "a" }.count == 16)
    }

    @Test("a provider that hangs from the start never has many, and holds up no other")
    func hangs() {
        var line = Self.several()
        var hanging = 0
        var healthy = 0
        for round in Int64(0)..<50 {
            for number in UInt64(round * 20 + 1)...UInt64(round * 20 + 20) {
                line.handOver(Self.message(number), now: .at(round))
            }
            for entry in Self.work(&line, .at(round), service: Self.byParity) {
                if entry.message.number % 2 == 0 {
                    hanging += 1
                } else {
                    healthy += 1
                    let report = ChannelReport(.accepted(id: ""), service: "odd")
                    _ = line.ended(entry.message.number, attempt: 0, report, .at(round))
                }
            }
        }
        #expect(hanging == 8)
        // All but what the last round's limit left.
        #expect(healthy >= 490)
    }

    @Test("what one provider wants fewer of does not slow down another; while it rests, its messages leave memory")
    func throttledAlone() {
        var line = Self.several()
        var disk: [UInt64: OutboxEntry] = [:]
        for number in UInt64(1)...40 {
            disk[number] = OutboxEntry(message: Self.message(number))
            line.handOver(Self.message(number), now: .at(0))
        }
        let first = Self.work(&line, .at(0), disk: disk, service: Self.byParity)
        #expect(first.count == 16)
        let throttled = ChannelReport(
            .tryAgain(after: .seconds(600), reason: "429", cause: .throttled),
            service: "even"
        )
        for entry in first {
            let report = entry.message.number % 2 == 0 ? throttled : ChannelReport(.accepted(id: ""), service: "odd")
            _ = line.ended(entry.message.number, attempt: 0, report, .at(0))
        }
        #expect(line.limit("even") == 4)
        #expect(line.limit("odd") == 16)
        let second = Self.work(&line, .at(1), disk: disk, service: Self.byParity)
        #expect(second.count == 12 && second.allSatisfy { $0.message.number % 2 == 1 })
        // After what it asked for, it gets those that waited, in order, and no more at once than it wants.
        for entry in second { _ = line.ended(entry.message.number, attempt: 0, Self.accepted, .at(1)) }
        for (number, _) in disk where number % 2 == 0 && number <= 16 {
            disk[number] = Self.entry(number) { ($0.attempts, $0.notBefore) = (1, .at(600)) }
        }
        let third = Self.work(&line, .at(600), disk: disk, service: Self.byParity)
        #expect(third.map(\.message.number) == [18, 20, 22, 24])
    }

    @Test("a provider that takes nothing rests alone, and one message tries it")
    func restsAlone() {
        var line = Self.several()
        var disk: [UInt64: OutboxEntry] = [:]
        for number in UInt64(1)...40 {
            disk[number] = OutboxEntry(message: Self.message(number))
            line.handOver(Self.message(number), now: .at(0))
        }
        let down = ChannelReport(.tryAgain(after: .zero, reason: "503", cause: .unavailable), service: "even")
        for entry in Self.work(&line, .at(0), disk: disk, service: Self.byParity) where entry.message.number % 2 == 0 {
            guard case .putOff(_, let state, _, _)? = line.ended(entry.message.number, attempt: 0, down, .at(0)) else {
                Issue.record("it is not put off")
                return
            }
            disk[entry.message.number]?.state = state
        }
        #expect(line.conditions.byService["even"]?.reason == "503")
        #expect(Self.work(&line, .at(0), disk: disk, service: Self.byParity).isEmpty)
        #expect(Self.work(&line, .at(1), disk: disk, service: Self.byParity).count == 1)
    }

    @Test("a parked message is given up at its last instant, and one that is withdrawn ends")
    func parkedEnds() {
        var line = Self.several { $0.givesUpAfter = .seconds(100) }
        var disk: [UInt64: OutboxEntry] = [:]
        for number in UInt64(1)...12 {
            disk[number] = OutboxEntry(message: Self.message(number))
            line.handOver(Self.message(number), now: .at(0))
        }
        let down = ChannelReport(.tryAgain(after: .seconds(500), reason: "503", cause: .unavailable), service: "a")
        for entry in Self.work(&line, .at(0), disk: disk, service: { _ in "a" }) {
            _ = line.ended(entry.message.number, attempt: 0, down, .at(0))
        }
        guard case .wait(let until) = line.next(.at(1)) else {
            Issue.record("it does not wait")
            return
        }
        #expect(until == .at(100))
        var ended = 0
        for _ in 0..<100 {
            switch line.next(.at(100)) {
            case .load(let numbers):
                for number in numbers { line.loaded(number, disk[number], now: .at(100)) }
            case .settle(_, .gaveUp, _): ended += 1
            default: break
            }
        }
        #expect(ended == 12)
    }

    @Test("more providers than are remembered: each message leaves, and what is wrong with them is bounded")
    func manyProviders() {
        var line = Self.several { $0.mostLanes = 2 }
        var sent: [UInt64] = []
        for number in UInt64(1)...1_000 {
            line.handOver(Self.message(number), now: .at(0))
            let entries = Self.work(&line, .at(0)) { "s\($0.number)" }
            sent += entries.map(\.message.number)
            let down = ChannelReport(
                .tryAgain(after: .zero, reason: "503", cause: .unavailable),
                service: "s\(number)"
            )
            for entry in entries {
                let report = number % 2 == 0 ? down : ChannelReport(.accepted(id: ""), service: "s\(number)")
                _ = line.ended(entry.message.number, attempt: 0, report, .at(0))
            }
        }
        #expect(sent == Array(1...1_000))
        #expect(line.conditions.byService.count == 256)
        // A provider whose only message was withdrawn is forgotten, and stands in nobody's way.
        var forgetful = Self.several { $0.mostLanes = 1 }
        forgetful.handOver(Self.message(1), now: .at(0))
        guard case .sort(let entries) = forgetful.next(.at(0)) else {
            Issue.record("it is not sorted")
            return
        }
        forgetful.sorted(entries.map { ($0, "a") }, now: .at(0))
        forgetful.withdraw(1, now: .at(0))
        guard case .settle(_, .withdrawn, _) = forgetful.next(.at(0)) else {
            Issue.record("it is not withdrawn")
            return
        }
        forgetful.handOver(Self.message(2), now: .at(0))
        #expect(Self.work(&forgetful, .at(0)) { _ in "b" }.count == 1)
    }

    @Test("one of several providers that takes nothing is named, and holds nothing up")
    func services() {
        var line = Self.machine()
        for number in 1...3 { line.handOver(Self.message(UInt64(number)), now: .at(0)) }
        _ = line.next(.at(0))
        let report = ChannelReport(.tryAgain(after: .zero, reason: "down", cause: .unavailable), service: "fcm")
        guard case .putOff? = line.ended(1, attempt: 0, report, .at(0)) else {
            Issue.record("it is not put off")
            return
        }
        #expect(line.conditions.byService["fcm"]?.reason == "down")
        guard case .send = line.next(.at(0)) else {
            Issue.record("the line rests")
            return
        }
        _ = line.ended(2, attempt: 0, ChannelReport(.accepted(id: ""), service: "apns"), .at(0))
        #expect(line.conditions.byService["fcm"] != nil)
    }
}

extension Instant {
    static func at(_ seconds: Int64) -> Instant { Instant(milliseconds: seconds * 1_000) }
}
