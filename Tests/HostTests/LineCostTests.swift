import Engine
import Storage
import Testing

@testable import Core
@testable import Host

/// What a message costs, in lanes that are looked at: counted, since times are noisy.
struct LineCostTests: LineSuite {
    #if DEBUG
        /// So many providers have messages and take none: a third rests, a third hangs, a third was never tried beyond
        /// its places. Gives how many lanes are looked at for a hundred messages of another one, some of them withdrawn.
        private static func looks(beside providers: Int) -> Int {
            var line = several { $0.leastUnderWay = 1_000_000 }
            var disk: [UInt64: OutboxEntry] = [:]
            var number: UInt64 = 0
            func claim(_ now: Instant) {
                number += 1
                disk[number] = OutboxEntry(message: message(number))
                line.handOver(message(number), now: now)
            }
            for provider in 0..<providers {
                for _ in 0..<12 { claim(.at(0)) }
                for entry in work(&line, .at(0), disk: disk, service: { _ in "s\(provider)" }) where provider % 3 == 0 {
                    let down = ChannelReport(
                        .tryAgain(after: .seconds(600), reason: "503", cause: .unavailable),
                        service: "s\(provider)"
                    )
                    _ = line.ended(entry.message.number, attempt: 0, down, .at(0))
                }
                if provider % 3 == 1 { _ = line.next(.at(0)) }
            }
            #expect(line.lanes.count == providers)
            let before = line.lanes.table.looks
            for round in 0..<100 {
                claim(.at(1))
                guard case .sort(let entries) = line.next(.at(1)) else { return 0 }
                line.sorted(entries.map { ($0, "well") }, now: .at(1))
                if round % 10 == 0 {
                    line.withdraw(number, now: .at(1))
                    guard case .settle(_, .withdrawn, _) = line.next(.at(1)) else { return 0 }
                } else {
                    guard case .send = line.next(.at(1)) else { return 0 }
                    _ = line.ended(number, attempt: 0, Self.accepted, .at(1))
                }
                line.recorded(RecordedOutcomes(ended: [number]))
                guard case .wait = line.next(.at(1)) else { return 0 }
            }
            return line.lanes.table.looks - before
        }

        @Test("what a message costs does not grow with the providers that have messages waiting")
        func lanes() {
            let few = Self.looks(beside: 3)
            let many = Self.looks(beside: 300)
            #expect(few > 0 && few < 100 * 30)
            #expect(few == many)
        }
    #endif

    @Test("of alarms that are not meant any more few are kept")
    func alarms() {
        var alarms = Alarms<UInt64>()
        var meant: [UInt64: Instant] = [:]
        for round in Int64(0)..<10_000 {
            let key = UInt64(round % 10)
            meant[key] = .at(round)
            alarms.set(Alarms.Alarm(at: .at(round), key: key), meant: meant.count) { [meant] in meant[$0.key] == $0.at }
        }
        #expect(alarms.count < 100)
        var order: [Instant] = []
        while let first = alarms.first(isMeant: { [meant] in meant[$0.key] == $0.at }) {
            order.append(first.at)
            alarms.removeFirst()
        }
        #expect(order == (9_990..<10_000).map { Instant.at($0) })
    }

    @Test("numbers leave a queue from anywhere, and come again in order")
    func queue() {
        var queue = NumberQueue()
        for number in UInt64(1)...200 { queue.append(number) }
        for number in UInt64(50)...150 { queue.leave(number) }
        #expect(queue.count == 99)
        let first = queue.popFirst()
        queue.append(60)
        queue.leave(2)
        queue.append(2)
        var other = NumberQueue()
        other.append(300)
        other.append(61)
        queue.prepend(other)
        #expect(first == 1)
        #expect(queue.all == [300, 61] + Array(3...49) + Array(151...200) + [60, 2])
        var order: [UInt64] = []
        while let next = queue.popFirst() { order.append(next) }
        #expect(order.count == 101 && queue.isEmpty)
    }
}
