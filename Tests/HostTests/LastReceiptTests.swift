import Engine
import Host
import Storage
import Testing

/// From where time goes on after a start.
struct LastReceiptTests {
    private static let now = Instant(milliseconds: 1_700_000_000_000)

    private func store(_ receipts: [Int64]) -> InMemoryStore {
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
        store.commit(changes)
        return store
    }

    @Test(
        "an event that decided nothing holds time too",
        arguments: [
            ([], nil), ([-10], nil), ([-10, 0], nil), ([1], 1), ([-10, 5, 7, 7, 9], 9), ([604_800], 604_800),
        ] as [([Int64], Int64?)]
    )
    func events(receipts: [Int64], expected: Int64?) throws {
        let found = try LastReceipt.after(Self.now, in: store(receipts))
        #expect(found == expected.map { Self.now + .seconds($0) })
    }
}
