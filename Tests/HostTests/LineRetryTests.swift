import Engine
import Storage
import Testing

@testable import Core
@testable import Host

/// When a message is tried again, and when it is given up.
struct LineRetryTests: LineSuite {
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

    @Test("a provider that has messages and answers none of them is told of, though it is in time")
    func silence() {
        var line = Self.machine(Self.settings { ($0.concurrency, $0.deadline) = (2, .seconds(600)) })
        for number in UInt64(1)...3 { line.handOver(Self.message(number), now: .at(0)) }
        _ = line.next(.at(5))
        _ = line.next(.at(20))
        #expect(line.silences(.at(34)).isEmpty)
        #expect(line.silences(.at(35))[""]?.reason == "2 messages wait for its answer")
        #expect(line.silences(.at(35))[""]?.since == .at(5))
        _ = line.ended(1, attempt: 0, Self.accepted, .at(40))
        #expect(line.silences(.at(69)).isEmpty)
        #expect(line.silences(.at(70))[""]?.reason == "a message waits for its answer")
        _ = line.ended(2, attempt: 0, Self.accepted, .at(80))
        #expect(line.silences(.at(500)).isEmpty)
    }

    @Test("a provider that answers nothing rests, whatever the outcome's policy; one lost answer rests nobody")
    func hangs() {
        for isHanging in [false, true] {
            var line = Self.machine(Self.settings { $0.unknownPolicy = .neverAgain })
            line.handOver(Self.message(1), now: .at(0))
            guard case .mark? = Optional(line.next(.at(0))) else {
                Issue.record("it was not marked")
                return
            }
            line.marked(1)
            _ = line.next(.at(0))
            var report = ChannelReport(.unknown(reason: "no answer"))
            report.isHanging = isHanging
            guard case .settle(_, .unknown, _)? = line.ended(1, attempt: 0, report, .at(1)) else {
                Issue.record("it did not end")
                return
            }
            #expect(line.limit() == (isHanging ? 1 : 2))
            #expect(line.conditions.isEmpty == !isHanging)
        }
    }

    @Test("what a provider did not answer goes again when its lane does, where it may be sent again at once")
    func hangsAgain() {
        var line = Self.machine(Self.settings { $0.unknownPolicy = .again })
        line.handOver(Self.message(1), now: .at(0))
        _ = line.next(.at(0))
        var report = ChannelReport(.unknown(reason: "no answer"))
        report.isHanging = true
        var entry = OutboxEntry(message: Self.message(1))
        var now = Instant.at(0)
        for attempt in 0..<LineSettings(concurrency: 2).triesThatHoldUp + 6 {
            guard case .putOff(_, let state, _, _)? = line.ended(1, attempt: attempt, report, now) else {
                Issue.record("it was not put off")
                return
            }
            #expect(state.notBefore - now <= .seconds(60), "after \(attempt + 1) tries")
            now = state.notBefore
            entry.state = state
            _ = line.next(now)
            line.loaded(1, entry, now: now)
            _ = line.next(now)
        }
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

    @Test("a provider that asks for a year is asked again after an hour")
    func absurdWait() {
        var line = Self.machine(Self.settings { $0.concurrency = 1 })
        for number in 1...2 { line.handOver(Self.message(UInt64(number)), now: .at(0)) }
        _ = line.next(.at(0))
        let report = ChannelReport(.tryAgain(after: .days(365), reason: "503", cause: .unavailable))
        _ = line.ended(1, attempt: 0, report, .at(0))
        #expect(line.next(.at(1)) == .wait(until: .at(3_600)))
    }
}
