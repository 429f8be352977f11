import Engine
import Storage
import Testing

@testable import Core
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

    private static let receipt = ItemReceipt(
        content: (1, 2),
        receivedAt: Instant(milliseconds: 0),
        firstDecision: 1,
        decisionCount: 10
    )

    @Test("a repeated item whose decisions do not fit is answered with those that do, and the rest is counted")
    func repeated() throws {
        let answers = [ItemAnswer](repeating: ItemAnswer(.duplicate, .stored("u", Self.receipt)), count: 3)
        var reads = 0
        let rows = try TrackReply(answers) { sequence throws(StoreError) in
            reads += 1
            return StoredDecision(decision: Self.decision(sequence, 600_000), previous: 0)
        }.rows
        #expect(rows.allSatisfy { if case .duplicate = $0.result { true } else { false } })
        #expect(rows.map(\.decisions.count).reduce(0, +) == 6)
        #expect(rows.map { $0.dropped + $0.decisions.count } == [10, 10, 10])
        #expect(reads < 20)
    }

    @Test("why 10,000 items are refused fits a reply, whatever the ids that it names")
    func refused() throws {
        let why = "user \(String(repeating: "u", count: 512)): " + String(repeating: "x", count: 10_000)
        let answers = [ItemAnswer](repeating: ItemAnswer(.refused(.damaged(why))), count: 10_000)
        let rows = try TrackReply(answers) { _ throws(StoreError) in nil }.rows
        let bytes = rows.reduce(0) { $0 + ($1.refusal?.message.utf8.count ?? .max) + 32 }
        #expect(bytes < ReplyRoom.bytes)
    }

    @Test("numbers that are looked for in vain are bounded")
    func inVain() throws {
        var receipt = Self.receipt
        receipt.decisionCount = 1_000
        let answers = [ItemAnswer](repeating: ItemAnswer(.duplicate, .stored("u", receipt)), count: 10_000)
        var reads = 0
        let rows = try TrackReply(answers) { _ throws(StoreError) in
            reads += 1
            return nil
        }.rows
        #expect(rows.count == 10_000)
        #expect(rows.allSatisfy { $0.dropped == 1_000 })
        #expect(reads <= 100_000)
    }
}
