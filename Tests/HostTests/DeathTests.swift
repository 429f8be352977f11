import Engine
import Storage
import Testing

@testable import Core
@testable import Host

/// Addresses that a provider calls dead, one after the other: what is believed, and who waits for whom.
struct DeathTests {
    /// A line and its disk, on a clock that jumps from one thing to do to the next.
    private struct World {
        var line: LineStateMachine
        var disk: [UInt64: OutboxEntry] = [:]
        var now = Instant.at(0)
        /// Whose addresses were taken.
        var burned: Set<UInt64> = []
        var delivered: [UInt64: Instant] = [:]
        /// By message, how often it was tried.
        var tries: [UInt64: Int] = [:]
        var mostAtOnce = 0
        private var underWay: [OutboxEntry] = []

        init(_ change: (inout LineSettings) -> Void = { _ in }, disk: [UInt64: OutboxEntry] = [:]) {
            line = LineTests.machine(
                LineTests.settings {
                    $0.concurrency = 64
                    change(&$0)
                },
                pending: disk.count
            )
            self.disk = disk
        }

        mutating func claim(_ numbers: ClosedRange<UInt64>) {
            for number in numbers {
                let message = LineTests.message(number, at: now.milliseconds / 1_000)
                disk[number] = OutboxEntry(message: message)
                line.handOver(message, now: now)
            }
        }

        /// Until then. The provider answers all that it has at once, and each after 20 ms.
        mutating func run(until end: Instant, _ says: (UInt64) -> ChannelReport) {
            while true {
                switch line.next(now) {
                case .send(let entry):
                    underWay.append(entry)
                    tries[entry.message.number, default: 0] += 1
                case .load(let numbers):
                    for number in numbers { line.loaded(number, disk[number], now: now) }
                case .read(let after, _):
                    line.read(
                        disk.values.filter { $0.message.number > after }.sorted {
                            $0.message.number < $1.message.number
                        },
                        isAll: true,
                        now: now
                    )
                case .wait(let until):
                    guard underWay.isEmpty else {
                        now = now + Length(milliseconds: 20)
                        answer(says)
                        continue
                    }
                    guard until < end else {
                        now = end
                        return
                    }
                    now = max(now, until)
                case let step: record(step)
                }
            }
        }

        private mutating func answer(_ says: (UInt64) -> ChannelReport) {
            mostAtOnce = max(mostAtOnce, underWay.count)
            let all = underWay
            underWay = []
            for entry in all {
                let number = entry.message.number
                guard let step = line.ended(number, attempt: entry.state?.attempts ?? 0, says(number), now) else {
                    continue
                }
                record(step)
            }
        }

        private mutating func record(_ step: LineStateMachine.Step) {
            switch step {
            case .settle(let entry, let outcome, let dead):
                let number = entry.message.number
                disk[number] = nil
                if !dead.isEmpty { burned.insert(number) }
                if case .accepted = outcome { delivered[number] = now }
                line.recorded(RecordedOutcomes(ended: [number], putOff: []))
            case .putOff(let message, let state, _, let dead):
                disk[message.number]?.state = state
                if !dead.isEmpty { burned.insert(message.number) }
                line.recorded(RecordedOutcomes(ended: [], putOff: [message.number]))
            default: Issue.record("\(step)")
            }
        }
    }

    private static func dead(_ number: UInt64) -> ChannelReport {
        let address = Text("\(number)@example.com")
        return ChannelReport(.addressDead(address: address, reason: "550 5.1.1 Nobody"), deadAddresses: [address])
    }

    @Test("four in a row are believed; the others wait aside, and good users stand behind none of them")
    func goodOnesGoOn() {
        var world = World()
        world.claim(1...60)
        world.run(until: .at(20), Self.dead)
        #expect(world.burned.count == 4)
        #expect(world.line.conditions.byService[""]?.reason.hasSuffix("550 5.1.1 Nobody") == true)
        #expect(world.tries.count == 60, "each is tried")
        world.claim(61...65)
        world.run(until: .at(25)) { $0 > 60 ? LineTests.accepted : Self.dead($0) }
        #expect(world.delivered.keys.sorted() == Array(61...65))
    }

    @Test("a list of a thousand dead addresses holds what comes after it up for seconds")
    func longList() {
        var world = World()
        world.claim(1...1_000)
        world.claim(1_001...1_001)
        world.run(until: .at(30)) { $0 > 1_000 ? LineTests.accepted : Self.dead($0) }
        #expect(world.delivered[1_001].map { $0 < .at(8) } == true, "\(String(describing: world.delivered))")
    }

    @Test("one accepted letter among dead ones lets four more be believed, and no more")
    func oneAcceptance() {
        var world = World()
        world.claim(1...100)
        world.run(until: .at(10), Self.dead)
        #expect(world.burned.count == 4)
        var taken = false
        world.run(until: .at(300)) { number in
            defer { taken = true }
            return taken ? Self.dead(number) : LineTests.accepted
        }
        #expect(world.delivered.count == 1)
        #expect(world.burned.count == 8)
        #expect(!world.line.conditions.isEmpty)
    }

    @Test("while a provider is doubted it has few at once, and those that were called dead one by one")
    func withCare() {
        var world = World()
        world.claim(1...64)
        world.run(until: .at(10), Self.dead)
        world.mostAtOnce = 0
        let before = world.tries.values.reduce(0, +)
        world.claim(65...200)
        world.run(until: .at(310), Self.dead)
        #expect(world.mostAtOnce <= 5)
        let again = world.tries.values.reduce(0, +) - before - 136
        #expect((5...12).contains(again), "\(again) of those waiting aside were tried in five minutes")
        #expect(world.burned.count == 4)
    }

    @Test("once it is mended, all that waited aside goes within a minute")
    func mended() {
        var world = World()
        world.claim(1...500)
        world.run(until: .at(200), Self.dead)
        #expect(world.burned.count == 4)
        world.run(until: .at(262)) { _ in LineTests.accepted }
        #expect(world.delivered.count == 496)
        #expect(world.line.conditions.isEmpty && world.disk.isEmpty)
    }

    @Test("after a start the row is as long as before it")
    func start() {
        var before = World()
        before.claim(1...20)
        before.run(until: .at(5), Self.dead)
        #expect(before.burned.count == 4)
        var after = World(disk: before.disk)
        after.now = .at(6)
        after.run(until: .at(7), Self.dead)
        after.claim(21...40)
        after.run(until: .at(100), Self.dead)
        #expect(after.burned.isEmpty)
        after.claim(41...41)
        after.run(until: .at(200)) { $0 == 41 ? LineTests.accepted : Self.dead($0) }
        #expect(after.burned.count == 4)
    }

    @Test("an address of a list is taken in doubt no more than a user's only one")
    func lists() {
        var world = World()
        world.claim(1...30)
        world.run(until: .at(5)) { number in
            var report = LineTests.later
            report.deadAddresses = Self.dead(number).deadAddresses
            return report
        }
        #expect(world.burned.count == 4)
    }

    @Test("a channel's own doubt counts as well, by its provider, and where it has one place it has one")
    func ofTheChannel() {
        var world = World {
            $0.deathsToStop = nil
            $0.concurrency = 1
        }
        world.claim(1...10)
        let doubted = ChannelReport(.tryAgain(after: .zero, reason: "BadDeviceToken", cause: .doubted))
        world.run(until: .at(1)) { $0 == 5 ? LineTests.accepted : doubted }
        #expect(world.delivered.keys.sorted() == [5])
        #expect(world.mostAtOnce == 1)
        #expect(world.disk[6]?.state?.doubtedBy == "")
        world.line.handOver(LineTests.message(11), now: world.now)
        guard case .send(let entry) = world.line.next(world.now) else {
            Issue.record("nothing goes")
            return
        }
        #expect(world.line.isInDoubt(entry.message.number))
    }
}
