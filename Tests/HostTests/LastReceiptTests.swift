import Engine
import Host
import Storage
import Testing

/// From where time goes on after a start.
struct LastReceiptTests {
    private static let now = Instant(milliseconds: 1_700_000_000_000)

    private func store(_ receipts: [Int64], decided: Int64? = nil) -> InMemoryStore {
        let store = InMemoryStore(identity: "test")
        var changes = Changes()
        changes.events = receipts.enumerated().map { index, seconds in
            StoredEvent(
                receivedAt: Self.now + .seconds(seconds),
                sequence: UInt64(index),
                user: "a",
                time: nil,
                set: ["plan": "gold"],
                type: "",
                subject: "",
                properties: Object()
            )
        }
        if let decided {
            let decision = Decision(
                sequence: 1,
                at: Self.now + .seconds(decided),
                user: "a",
                campaign: nil,
                code: .duplicateEvent,
                rule: "1.1.4"
            )
            changes.decisions = [StoredDecision(decision: decision, previous: 0)]
        }
        store.commit(changes)
        return store
    }

    @Test(
        "an event that decided nothing holds time too",
        arguments: [
            ([], nil), ([-10], nil), ([-10, 0], nil), ([1], 1), ([-10, 5, 7, 7, 9], 9), ([604_800], 604_800),
            ([604_801], nil), ([500_000, 700_000], 500_000), ([5, 700_000, 800_000], 5),
        ] as [([Int64], Int64?)]
    )
    func events(receipts: [Int64], expected: Int64?) throws {
        let found = try LastReceipt.after(Self.now, in: store(receipts))
        #expect(found == expected.map { Self.now + .seconds($0) })
    }

    @Test(
        "a decision of when the clock was far ahead hides no event that is nearer",
        arguments: [
            ([], 9, 9), ([], -9, nil), ([5], 9, 9), ([9], 5, 9), ([5], 604_800, 604_800), ([5], 604_801, 5),
            ([], 604_801, 604_801),
        ] as [([Int64], Int64, Int64?)]
    )
    func decision(receipts: [Int64], decided: Int64, expected: Int64?) throws {
        let found = try LastReceipt.after(Self.now, in: store(receipts, decided: decided))
        #expect(found == expected.map { Self.now + .seconds($0) })
    }
}
