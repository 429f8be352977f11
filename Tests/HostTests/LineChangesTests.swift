import Engine
import Storage
import Testing

@testable import Core
@testable import Host

/// What is withdrawn or goes elsewhere, wherever it is.
struct LineChangesTests: LineSuite {
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

    @Test("a parked message that is withdrawn ends at once, though its provider rests")
    func withdrawnParked() {
        var line = Self.several()
        for number in UInt64(1)...12 { line.handOver(Self.message(number), now: .at(0)) }
        let down = ChannelReport(.tryAgain(after: .seconds(500), reason: "503", cause: .unavailable), service: "a")
        for entry in Self.work(&line, .at(0), service: { _ in "a" }) {
            _ = line.ended(entry.message.number, attempt: 0, down, .at(0))
        }
        line.withdraw(11, now: .at(1))
        #expect(line.next(.at(1)) == .load([11]))
        line.loaded(11, OutboxEntry(message: Self.message(11)), now: .at(1))
        guard case .settle(let entry, .withdrawn, _) = line.next(.at(1)) else {
            Issue.record("it is not withdrawn")
            return
        }
        #expect(entry.message.number == 11)
    }

    @Test("what is withdrawn or readdressed once it has ended leaves nothing behind")
    func changedAfterTheEnd() {
        var line = Self.machine()
        line.handOver(Self.message(1), now: .at(0))
        _ = line.next(.at(0))
        _ = line.ended(1, attempt: 0, Self.accepted, .at(0))
        line.withdraw(1, now: .at(0))
        line.readdress(1, ["new"])
        line.recorded(RecordedOutcomes(ended: [1]))
        line.withdraw(1, now: .at(0))
        line.readdress(1, ["new"])
        #expect(line.messages.messages.isEmpty)
    }

    @Test("a message that the disk took long to mark is not sent where it was withdrawn, or is too old, meanwhile")
    func changedWhileMarking() {
        var line = Self.machine(Self.settings { ($0.unknownPolicy, $0.givesUpAfter) = (.neverAgain, .seconds(100)) })
        for number in UInt64(1)...2 {
            line.handOver(Self.message(number), now: .at(0))
            #expect(line.next(.at(0)) == .mark(Self.message(number)))
        }
        line.withdraw(1, now: .at(1))
        for number in UInt64(1)...2 { line.marked(number) }
        guard case .settle(_, .withdrawn, _) = line.next(.at(100)), case .settle(_, .gaveUp, _) = line.next(.at(100))
        else {
            Issue.record("it is sent")
            return
        }
        #expect(line.next(.at(100)) == .wait(until: .never))
        #expect(line.lanes.taken == 0)
    }
}
