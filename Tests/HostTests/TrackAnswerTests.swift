import Engine
import Storage
import Testing

@testable import Host

/// The answer to a request that was taken: one frame, whatever was decided.
struct TrackAnswerTests {
    private static func decision(_ sequence: UInt64, _ bytes: Int) -> Decision {
        Decision(
            sequence: sequence,
            at: Instant(milliseconds: 0),
            user: "u",
            campaign: "c",
            code: .scheduled,
            rule: "1",
            why: ["x": .string(String(repeating: "x", count: bytes))]
        )
    }

    @Test("a repeated item whose decisions do not fit is answered with those that do, and the rest is counted")
    func repeated() throws {
        var answers = TrackAnswers(capacity: 3)
        let receipt = ItemReceipt(
            content: (1, 2),
            receivedAt: Instant(milliseconds: 0),
            firstDecision: 1,
            decisionCount: 10
        )
        for _ in 0..<3 { answers.add("u", repeated: receipt, in: nil) }
        var reads = 0
        let read = try answers.read(Batch()) { sequence throws(StoreError) in
            reads += 1
            return StoredDecision(decision: Self.decision(sequence, 600_000), previous: 0)
        }
        #expect(read.allSatisfy { if case .duplicate = $0.result { true } else { false } })
        #expect(read.map(\.decisions.count).reduce(0, +) == 6)
        #expect(read.map { $0.dropped + $0.decisions.count } == [10, 10, 10])
        #expect(reads < 20)
    }

    @Test("why 10,000 items are refused fits a reply, whatever the ids that it names")
    func refused() throws {
        var answers = TrackAnswers(capacity: 10_000)
        let why = "user \(String(repeating: "u", count: 512)): " + String(repeating: "x", count: 10_000)
        for _ in 0..<10_000 { answers.add("u", refused: .damaged(why)) }
        let read = try answers.read(Batch()) { _ throws(StoreError) in nil }
        let bytes = read.reduce(0) { bytes, answer in
            guard case .refused(_, let text) = answer.result else { return .max }
            return bytes + text.utf8.count + 32
        }
        #expect(bytes < ReplyRoom.bytes)
    }

    @Test("numbers that are looked for in vain are bounded")
    func inVain() throws {
        var answers = TrackAnswers(capacity: 10_000)
        let receipt = ItemReceipt(
            content: (1, 2),
            receivedAt: Instant(milliseconds: 0),
            firstDecision: 1,
            decisionCount: 1_000
        )
        for _ in 0..<10_000 { answers.add("u", repeated: receipt, in: nil) }
        var reads = 0
        let read = try answers.read(Batch()) { _ throws(StoreError) in
            reads += 1
            return nil
        }
        #expect(read.count == 10_000)
        #expect(read.allSatisfy { $0.dropped == 1_000 })
        #expect(reads <= 100_000)
    }
}
