import Engine
import Storage
import Testing

@testable import Core
@testable import Host

/// Several providers behind one channel.
struct LineProvidersTests: LineSuite {
    private static func byParity(_ message: OutboxMessage) -> Text { message.number % 2 == 0 ? "even" : "odd" }

    @Test("one of several providers begins with a few at once, and doubles with each round that it took")
    func slowStart() {
        var line = Self.several()
        for number in UInt64(1)...60 { line.handOver(Self.message(number), now: .at(0)) }
        let first = Self.work(&line, .at(0)) { _ in "a" }
        #expect(first.count == 8)
        for entry in first { _ = line.ended(entry.message.number, attempt: 0, Self.accepted, .at(1)) }
        #expect(Self.work(&line, .at(1)) { _ in "a" }.count == 16)
    }

    @Test("providers are told apart by the bytes of their names")
    func identity() {
        var line = Self.several()
        for number in UInt64(1)...60 { line.handOver(Self.message(number), now: .at(0)) }
        let names: [Text] = ["jos\u{e9}", "jose\u{301}"]
        let first = Self.work(&line, .at(0)) { names[Int($0.number % 2)] }
        #expect(first.count == 16, "a lane each")
        let throttled = ChannelReport(
            .tryAgain(after: .seconds(600), reason: "429", cause: .throttled),
            service: names[0]
        )
        for entry in first {
            let accepted = ChannelReport(.accepted(id: ""), service: names[1])
            let report = entry.message.number % 2 == 0 ? throttled : accepted
            _ = line.ended(entry.message.number, attempt: 0, report, .at(0))
        }
        #expect(line.limit(names[0]) == 4 && line.limit(names[1]) == 16)
        #expect(line.conditions.byService.keys.map { Array($0.utf8) } == [Array(names[0].utf8)])
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

    @Test("more providers than are remembered: each message leaves")
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
        #expect(line.conditions.byService.count == 500)
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

    // MARK: One user's messages

    @Test("a user's message waits for an earlier one to the same provider, and for none to another")
    func orderPerProvider() {
        var line = Self.several()
        for number in UInt64(1)...4 { line.handOver(Self.message(number, user: "u"), now: .at(0)) }
        #expect(Self.work(&line, .at(0), service: Self.byParity).map(\.message.number) == [1, 2])
        let wait = ChannelReport(.tryAgain(after: .seconds(600), reason: "410", cause: .unavailable), service: "odd")
        guard case .putOff? = line.ended(1, attempt: 0, wait, .at(0)) else {
            Issue.record("it is not put off")
            return
        }
        _ = line.ended(2, attempt: 0, ChannelReport(.accepted(id: ""), service: "even"), .at(0))
        let disk = [UInt64(4): OutboxEntry(message: Self.message(4, user: "u"))]
        #expect(Self.work(&line, .at(0), disk: disk, service: Self.byParity).map(\.message.number) == [4])
        #expect(line.messages.waiting == ["odd": 2, "even": 1])
    }

    @Test("what a provider said of a part of it holds up that part alone, in order, from the next question on")
    func partOfAProvider() {
        var line = Self.several()
        var disk: [UInt64: OutboxEntry] = [:]
        for number in UInt64(1)...5 {
            disk[number] = OutboxEntry(message: Self.message(number, user: "u"))
            line.handOver(Self.message(number, user: "u"), now: .at(0))
        }
        var isGone = false
        // 1, 3 and 5 are for one URL of the host, the others for another.
        func service(_ message: OutboxMessage) -> Text { isGone && message.number % 2 == 1 ? "h/gone" : "h" }
        #expect(Self.work(&line, .at(0), disk: disk, service: service).map(\.message.number) == [1])
        isGone = true
        let gone = ChannelReport(.tryAgain(after: .seconds(600), reason: "410", cause: .unavailable), service: "h/gone")
        guard case .putOff(_, let state, _, _)? = line.ended(1, attempt: 0, gone, .at(0)) else {
            Issue.record("it is not put off")
            return
        }
        disk[1]?.state = state
        #expect(line.conditions.byService["h/gone"] != nil && line.conditions.byService["h"] == nil)
        #expect(Self.work(&line, .at(0), disk: disk, service: service).map(\.message.number) == [2])
        _ = line.ended(2, attempt: 0, ChannelReport(.accepted(id: ""), service: "h"), .at(0))
        #expect(Self.work(&line, .at(0), disk: disk, service: service).map(\.message.number) == [4])
        _ = line.ended(4, attempt: 0, ChannelReport(.accepted(id: ""), service: "h"), .at(0))
        #expect(Self.work(&line, .at(599), disk: disk, service: service).isEmpty)
        #expect(line.messages.waiting == ["h/gone": 3])
        for (number, at) in [(UInt64(1), Int64(600)), (3, 601), (5, 602)] {
            #expect(Self.work(&line, .at(at), disk: disk, service: service).map(\.message.number) == [number])
            let attempt: UInt32 = number == 1 ? 1 : 0
            _ = line.ended(number, attempt: attempt, ChannelReport(.accepted(id: ""), service: "h/gone"), .at(at))
        }
        #expect(line.conditions.isEmpty && line.messages.waiting.isEmpty && line.messages.chains.isEmpty)
    }

    @Test("what is tried later keeps its place after a start; another provider's does not wait for it")
    func orderAfterStart() {
        var line = Self.machine(
            Self.settings {
                $0.concurrency = 100
                $0.hasServices = true
            },
            pending: 4
        )
        guard case .read = line.next(.at(0)) else {
            Issue.record("it does not read")
            return
        }
        var disk: [UInt64: OutboxEntry] = [:]
        for number in UInt64(1)...4 { disk[number] = OutboxEntry(message: Self.message(number, user: "u")) }
        disk[1] = Self.entry(1, user: "u") { ($0.attempts, $0.notBefore) = (1, .at(600)) }
        line.read((1...4).map { disk[$0]! }, isAll: true, now: .at(0))
        #expect(Self.work(&line, .at(0), disk: disk, service: Self.byParity).map(\.message.number) == [2])
        #expect(line.messages.state(1)?.kind == .later && line.messages.state(3)?.kind == .behind)
        line.withdraw(1, now: .at(1))
        var sent: [UInt64] = []
        for _ in 0..<20 {
            switch line.next(.at(1)) {
            case .load(let numbers): for number in numbers { line.loaded(number, disk[number], now: .at(1)) }
            case .sort(let entries): line.sorted(entries.map { ($0, Self.byParity($0.message)) }, now: .at(1))
            case .send(let entry): sent.append(entry.message.number)
            case .settle, .wait, .read, .mark, .putOff: break
            }
        }
        #expect(sent == [3])
    }
}
