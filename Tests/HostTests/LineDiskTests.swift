import Engine
import Storage
import Testing

@testable import Core
@testable import Host

/// What memory holds of a line, and what it reads.
struct LineDiskTests: LineSuite {
    @Test("a pause survives a restart")
    func pauseOnDisk() {
        var line = Self.machine(pending: 1)
        _ = line.next(.at(0))
        line.read([Self.entry(1) { $0.notBefore = .at(500) }], isAll: true, now: .at(10))
        #expect(line.next(.at(10)) == .wait(until: .at(500)))
        #expect(line.next(.at(500)) == .load([1]))
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

    @Test("a message that the disk does not show any more holds up no other of its user")
    func lost() {
        var line = Self.machine()
        line.handOver(Self.message(1, user: "u"), now: .at(0))
        line.handOver(Self.message(2, user: "u"), now: .at(0))
        _ = line.next(.at(0))
        guard case .putOff(_, let state, _, _)? = line.ended(1, attempt: 0, Self.later, .at(0)) else { return }
        #expect(line.next(state.notBefore) == .load([1]))
        line.loaded(1, nil, now: state.notBefore)
        #expect(line.next(state.notBefore) == .load([2]))
        line.loaded(2, OutboxEntry(message: Self.message(2, user: "u")), now: state.notBefore)
        #expect(line.next(state.notBefore) == .send(OutboxEntry(message: Self.message(2, user: "u"))))
        // What was to be recorded of the first is by now.
        line.recorded(RecordedOutcomes(putOff: [1]))
        #expect(line.unrecorded == 0)
    }

    @Test("a claimed message that a whole read does not show is not waited for")
    func neverShown() {
        var line = Self.machine(Self.settings { $0.window = 1 }, pending: 0)
        for number in UInt64(1)...2 { line.handOver(Self.message(number), now: .at(0)) }
        _ = line.next(.at(0))
        #expect(line.next(.at(0)) == .read(after: 1, limit: 1))
        line.read([], isAll: true, now: .at(0))
        #expect(line.next(.at(0)) == .wait(until: .at(60)))
    }

    @Test("of many messages that are due at once, memory reads a window's worth")
    func loadsWindow() {
        var line = Self.machine(Self.settings { ($0.window, $0.concurrency) = (4, 100) })
        for number in UInt64(1)...20 {
            line.handOver(Self.message(number), now: .at(0))
            _ = line.next(.at(0))
            _ = line.ended(number, attempt: 0, Self.later, .at(0))
        }
        #expect(line.messages.count(.later) == 20)
        var sent = 0
        while sent < 20 {
            switch line.next(.at(2)) {
            case .load(let numbers):
                #expect(numbers.count <= 4)
                for number in numbers { line.loaded(number, OutboxEntry(message: Self.message(number)), now: .at(2)) }
            case .send: sent += 1
            default:
                Issue.record("nothing else is to be done")
                return
            }
        }
    }
}
