import Engine
import Storage
import Testing

@testable import Core
@testable import Host

/// Thousands of providers that hang, behind one channel.
struct LineCrowdTests: LineSuite {
    /// A line, and what is on disk of it.
    private struct Crowd {
        var line = LineCrowdTests.several { $0.concurrency = 32 }
        private var names: [UInt64: Text] = [:]
        private var disk: [UInt64: OutboxEntry] = [:]
        private var number: UInt64 = 0
        private(set) var tried: Set<Text> = []

        /// Gives the last one's number.
        @discardableResult
        mutating func hand(_ count: Int, at seconds: Int64, to name: (Int) -> Text) -> UInt64 {
            for index in 0..<count {
                number += 1
                names[number] = name(index)
                let message = LineCrowdTests.message(number, at: seconds)
                disk[number] = OutboxEntry(message: message)
                line.handOver(message, now: .at(seconds))
            }
            return number
        }

        mutating func sent(_ seconds: Int64) -> [OutboxEntry] {
            let names = names
            let sent = LineCrowdTests.work(&line, .at(seconds), disk: disk) { names[$0.number] ?? "" }
            tried.formUnion(sent.map { name($0) })
            return sent
        }

        func name(_ entry: OutboxEntry) -> Text { names[entry.message.number] ?? "" }

        mutating func accept(_ entries: [OutboxEntry], _ seconds: Int64) {
            for entry in entries { end(entry, .accepted(id: ""), seconds) }
        }

        mutating func hang(_ entries: [OutboxEntry], _ seconds: Int64) {
            for entry in entries { end(entry, .unknown(reason: "no answer in time"), seconds, isHanging: true) }
        }

        private mutating func end(
            _ entry: OutboxEntry,
            _ outcome: ChannelOutcome,
            _ seconds: Int64,
            isHanging: Bool = false
        ) {
            let number = entry.message.number
            var report = ChannelReport(outcome, service: name(entry))
            report.isHanging = isHanging
            switch line.ended(number, attempt: entry.state?.attempts ?? 0, report, .at(seconds)) {
            case .putOff(_, let state, _, _)?:
                disk[number]?.state = state
                line.recorded(RecordedOutcomes(putOff: [number]))
            case .settle?:
                disk[number] = nil
                line.recorded(RecordedOutcomes(ended: [number]))
            case let step: Issue.record("\(number) has no outcome: \(step.debugDescription)")
            }
        }
    }

    @Test("thousands of providers that hang hold up neither one that answers nor, for long, one that is new")
    func places() {
        var crowd = Crowd()
        crowd.hand(1, at: 0) { _ in "known" }
        crowd.accept(crowd.sent(0), 0)
        crowd.hand(1_500, at: 1) { "hanging-\($0)" }
        let hanging = crowd.sent(1)
        #expect(hanging.count == 512)
        // One that answers has the other half.
        crowd.hand(20, at: 2) { _ in "known" }
        let known = crowd.sent(2)
        #expect(!known.isEmpty && known.allSatisfy { crowd.name($0) == "known" })
        crowd.accept(known, 2)
        // One that is new is asked with the first places that come back, though a thousand came before it.
        let new = crowd.hand(1, at: 3) { _ in "new" }
        crowd.hang(Array(hanging.prefix(100)), 21)
        #expect(crowd.sent(21).contains { $0.message.number == new })
        // Those that took nothing are asked again, a few at once, beside the new ones.
        let lanes = crowd.line.lanes
        #expect(lanes.takenBy.reduce(0, +) == lanes.taken && lanes.taken <= 1_024)
    }

    /// One message each, and many of fewer providers.
    @Test(
        "nor do they fill memory, so that what is behind them on disk is not read",
        arguments: [(5_000, 1), (300, 40)]
    )
    func memory(_ providers: Int, _ each: Int) {
        var crowd = Crowd()
        crowd.hand(1, at: 0) { _ in "known" }
        crowd.accept(crowd.sent(0), 0)
        crowd.hand(providers * each, at: 1) { "hanging-\($0 % providers)" }
        crowd.hang(crowd.sent(1), 19)
        // Each try takes 20 s.
        for round in Int64(1)...20 {
            let now = 20 * round
            crowd.hand(20, at: now) { _ in "known" }
            crowd.hand(1, at: now) { _ in "new-\(round)" }
            let sent = crowd.sent(now)
            let healthy = sent.filter { !crowd.name($0).string.hasPrefix("hanging") }
            #expect(Set(healthy.map { crowd.name($0) }) == ["known", Text("new-\(round)")], "round \(round)")
            crowd.accept(healthy, now)
            crowd.hang(sent.filter { crowd.name($0).string.hasPrefix("hanging") }, now + 19)
            #expect(crowd.line.messages.whole < 2_048 / 2, "round \(round)")
            #expect(crowd.line.brokenInvariant(nil) == nil)
        }
        #expect(crowd.tried.count { $0.string.hasPrefix("hanging") } == providers, "each was tried")
    }
}
