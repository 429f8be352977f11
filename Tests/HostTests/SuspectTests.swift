import Engine
import Foundation
import Storage
import Testing

@testable import Core
@testable import Host

/// What a line does with messages that its channel had when the daemon died.
struct SuspectTests: LineSuite {
    private static func machine(
        _ crashes: [UInt64: UInt8],
        setAside: Int = 0,
        _ settings: LineSettings = settings { $0.concurrency = 8 },
        messages: ClosedRange<UInt64> = 1...4
    ) -> LineStateMachine {
        let deaths = crashes.mapValues { DeathCount(crashes: $0) }
        let suspects = Suspects(deaths: deaths, setAside: setAside, now: .at(0))
        var line = LineStateMachine(name: "email", settings: settings, pending: messages.count, suspects: suspects)
        _ = line.next(.at(0))
        line.read(messages.map { OutboxEntry(message: message($0)) }, isAll: true, now: .at(0))
        return line
    }

    private static let disk: [UInt64: OutboxEntry] = Dictionary(
        uniqueKeysWithValues: (1...4).map { ($0, OutboxEntry(message: message($0))) }
    )

    private static func sent(_ line: inout LineStateMachine, _ now: Instant = .at(0)) -> [UInt64] {
        work(&line, now, disk: disk) { _ in "" }.map(\.message.number)
    }

    @Test("after one crash all are sent again at once")
    func once() {
        var line = Self.machine([2: 1, 3: 1])
        line.trySuspects()
        #expect(Self.sent(&line) == [1, 2, 3, 4])
    }

    @Test("once one was there twice, all that were there are tried one at a time, and the others wait for them")
    func oneAtATime() {
        var line = Self.machine([2: 2, 3: 1])
        #expect(Self.sent(&line).isEmpty, "another channel tries its own")
        #expect(line.hasSuspects)
        line.trySuspects()
        #expect(Self.sent(&line) == [2])
        _ = line.ended(2, attempt: 0, Self.accepted, .at(0))
        #expect(Self.sent(&line) == [3])
        _ = line.ended(3, attempt: 0, Self.later, .at(0))
        #expect(Self.sent(&line) == [1, 4])
        #expect(!line.hasSuspects)
    }

    @Test("one that is not answered holds the others up for ten seconds")
    func unanswered() {
        var line = Self.machine([2: 2, 3: 2])
        line.trySuspects()
        #expect(Self.sent(&line) == [2])
        #expect(line.next(.at(0)) == .wait(until: .at(10)))
        #expect(Self.sent(&line, .at(10)) == [3])
        #expect(Self.sent(&line, .at(20)) == [1, 4])
    }

    @Test("one that is withdrawn is not waited for")
    func withdrawn() {
        var line = Self.machine([2: 2])
        line.withdraw(2, now: .at(0))
        #expect(line.next(.at(0)) == .load([2]))
        line.loaded(2, Self.disk[2], now: .at(0))
        #expect(
            line.next(.at(0)) == .settle(OutboxEntry(message: Self.message(2)), .withdrawn, deadAddresses: [])
        )
        #expect(Self.sent(&line) == [1, 3, 4])
    }

    @Test("at the third crash it ends, and the reason names the channel")
    func setAside() {
        var line = Self.machine([2: 3])
        line.trySuspects()
        guard case .settle(let entry, .unknown(let reason), _) = line.next(.at(0)) else {
            Issue.record("it is not set aside")
            return
        }
        #expect(entry.message.number == 2)
        #expect(reason.contains("3 times in a row while the channel email had"))
        #expect(Self.sent(&line) == [1, 3, 4])
    }

    @Test("one whose provider rests is tried alone when that is over")
    func parked() {
        var line = Self.machine([:], Self.settings { $0.hasServices = true }, messages: 1...1)
        #expect(Self.work(&line, .at(0)) { _ in "a" }.count == 1)
        _ = line.ended(1, attempt: 0, Self.gone, .at(0))
        // The same with a suspect: it is parked when its lane begins to rest.
        var other = Self.machine([2: 2], Self.settings { $0.hasServices = true }, messages: 1...2)
        other.trySuspects()
        #expect(Self.work(&other, .at(0), disk: Self.disk) { _ in "a" }.map(\.message.number) == [2])
        _ = other.ended(2, attempt: 0, Self.gone, .at(0))
        #expect(Self.work(&other, .at(0), disk: Self.disk) { _ in "a" }.isEmpty, "the lane rests")
        #expect(!other.hasSuspects)
    }

    @Test("a channel of which three in a row were set aside rests at the start, longer each time")
    func rests() {
        for (setAside, rest) in [(2, 0), (3, 10), (4, 20), (60, 900)] as [(Int, Int64)] {
            var line = Self.machine([:], setAside: setAside)
            #expect(Self.sent(&line) == (rest == 0 ? [1, 2, 3, 4] : []))
            #expect((line.rest(.at(0)) != nil) == (rest > 0))
            guard rest > 0 else { continue }
            #expect(line.next(.at(0)) == .wait(until: .at(rest)))
            #expect(Self.sent(&line, .at(rest)) == [1, 2, 3, 4])
        }
    }
}

/// How many deaths are too many.
struct DeathCountTests {
    @Test("three crashes, or twelve deaths of any kind")
    func limits() {
        for (crashes, kills, isAlone, isAside) in [
            (1, 0, false, false), (2, 0, true, false), (3, 0, true, true), (0, 5, false, false), (0, 6, true, false),
            (0, 11, true, false), (0, 12, true, true), (2, 9, true, false), (2, 10, true, true),
        ] as [(UInt8, UInt8, Bool, Bool)] {
            let count = DeathCount(crashes: crashes, kills: kills)
            #expect(count.isToTryAlone == isAlone && count.isToSetAside == isAside, "\(crashes), \(kills)")
        }
    }
}

/// What the next start finds of what channels had.
@Suite(.serialized)
struct UnderWayFileTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "under-way-\(UUID())").path

    @Test("what was under way is counted at each start; what ended, and what only waited, is not")
    func counts() throws {
        defer { unlink(path) }
        let first = try UnderWayFile(path)
        #expect(first.deaths.isEmpty)
        for number in 1...5 as ClosedRange<UInt64> { first.begins(number) }
        first.ended(2)
        first.returned(3)
        let second = try UnderWayFile(path)
        #expect(second.deaths.mapValues(\.kills) == [1: 1, 4: 1, 5: 1])
        second.begins(1)
        second.begins(4)
        second.returned(4)
        second.begins(6)
        let third = try UnderWayFile(path)
        #expect(third.deaths.mapValues(\.kills) == [1: 2, 4: 1, 5: 1, 6: 1])
        third.close()
        third.begins(7)
        #expect(try UnderWayFile(path).deaths.isEmpty)
    }

    @Test("a channel's messages that were set aside are counted until it answers")
    func channels() throws {
        defer { unlink(path) }
        let first = try UnderWayFile(path)
        first.setsAside("email")
        first.setsAside("email")
        let second = try UnderWayFile(path)
        #expect(second.setAside(of: "email") == 2)
        #expect(second.setAside(of: "push") == 0)
        second.answered("email")
        #expect(try UnderWayFile(path).setAside(of: "email") == 0)
    }

    @Test("a place that does not read says nothing, and the others do")
    func damaged() throws {
        defer { unlink(path) }
        let first = try UnderWayFile(path)
        for number in 1...3 as ClosedRange<UInt64> { first.begins(number) }
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[33] ^= 4
        try Data(bytes + [1, 2, 3]).write(to: URL(fileURLWithPath: path))
        #expect(Set(try UnderWayFile(path).deaths.keys) == [1, 3])
    }
}
