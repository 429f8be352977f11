import Engine
import Storage
import Testing

@testable import Core
@testable import Host

/// A channel's line, stepped: every test names the message, what the channel says, and what follows.
struct LineTests: LineSuite {
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

    @Test("with nothing left to wait, nothing is degraded")
    func wellAgain() {
        var line = Self.machine()
        line.handOver(Self.message(1), now: .at(0))
        _ = line.next(.at(0))
        _ = line.ended(1, attempt: 0, Self.gone, .at(0))
        #expect(!line.conditions.isEmpty)
        line.withdraw(1, now: .at(0))
        #expect(line.next(.at(0)) == .load([1]))
        line.loaded(1, OutboxEntry(message: Self.message(1)), now: .at(0))
        guard case .settle(_, .withdrawn, _) = line.next(.at(0)) else {
            Issue.record("it is not withdrawn")
            return
        }
        #expect(!line.conditions.isEmpty)
        line.recorded(RecordedOutcomes(ended: [1], putOff: [1]))
        #expect(line.conditions.isEmpty)
    }
}
