import Engine
import Storage
import Testing

@testable import Core
@testable import Host

/// How fast a line leaves, and when it rests.
struct LinePaceTests: LineSuite {
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

    @Test("a rate that was found too low grows, and is not let go in a burst")
    func rateGrowsOn() {
        var rate = FoundRate(observed: 0, .at(0))
        for second in Int64(1)...60 {
            rate.took(.at(second))
            #expect(!rate.isOver, "after \(second) s, at \(rate.perSecond)/s")
        }
        #expect(rate.perSecond > 8)
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
}
