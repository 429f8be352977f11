import CRocksDB
import Engine
import Foundation
import Storage
import Synchronization
import Testing

@testable import StorageRocksDB

/// One record that does not read is told of and passed over; the others are there.
struct DamagedRecordTests {
    private static let garbage: [UInt8] = [0xFF, 0xFF, 0xFF]

    /// Writes bytes that are no record of a family under a key.
    private static func spoil(_ store: RocksDBStore, _ family: Family, _ key: (inout ProtobufWriter) -> Void) throws {
        try store.access.read { database throws(StoreError) in
            let batch = rocksdb_writebatch_create()!
            defer { rocksdb_writebatch_destroy(batch) }
            var writer = ProtobufWriter(capacity: 64)
            key(&writer)
            garbage.withUnsafeBytes { database.put(batch, family, writer.bytes, $0) }
            try StoreError.doing("write", "") { () throws(RocksDBFault) in try database.write(batch) }
        }
    }

    private static func message(_ number: UInt64) -> OutboxMessage {
        OutboxMessage(
            number: number,
            key: "k",
            user: "u",
            version: CampaignVersion(number: 1, version: 1),
            campaign: "c",
            send: number,
            channel: "email",
            addresses: [],
            fields: Object(),
            claimedAt: Instant(milliseconds: 7)
        )
    }

    @Test("lists and walks pass over it, what asks for it is told, and each is named once")
    func records() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "triggerd-bad-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let said = Mutex<[String]>([])
        let store = try RocksDBStore(folder: folder, damage: StoreDamage { text in said.withLock { $0.append(text) } })
        defer { store.close() }
        let at = Instant(milliseconds: 1_000)
        func decision(_ sequence: UInt64) -> StoredDecision {
            StoredDecision(
                decision: Decision(sequence: sequence, at: at, user: "u", campaign: "c", code: .scheduled, rule: "1"),
                previous: sequence - 1
            )
        }
        func letter(_ number: UInt64) -> DeadLetter {
            DeadLetter(message: Self.message(number), failedAt: at, code: .providerRejected, reason: "", attempts: 1)
        }
        var changes = Changes()
        changes.users = [("good", UserState())]
        changes.timersAdded = [1, 3].map { Timer(at: at, send: $0, user: "u", campaign: 1) }
        changes.decisions = [1, 3].map(decision)
        changes.items = [
            (
                ItemID(user: "u", id: "good"),
                ItemReceipt(content: (1, 2), receivedAt: at, firstDecision: 1, decisionCount: 1)
            )
        ]
        changes.outboxAdded = [1, 3].map(Self.message)
        changes.deadLettersAdded = [1, 3].map(letter)
        try store.commit(changes)
        try Self.spoil(store, .users) { $0.userKey("bad") }
        try Self.spoil(store, .items) { $0.itemKey(ItemID(user: "u", id: "bad")) }
        try Self.spoil(store, .timers) { $0.timerKey(Timer(at: at, send: 2, user: "u", campaign: 1)) }
        try Self.spoil(store, .decisions) { $0.bigEndian(2 as UInt64) }
        try Self.spoil(store, .outbox) { $0.outboxKey(OutboxPlace(channel: "email", number: 2), .message) }
        try Self.spoil(store, .failed) { $0.bigEndian(9 as UInt64) }

        for _ in 1...3 {
            let users = try store.users(["good", "bad", "none"])
            #expect(users[0].record == UserState())
            guard case .damaged(let why) = users[1], case .nothing = users[2] else {
                Issue.record("\(users)")
                return
            }
            #expect(why.contains("user bad"))
            let items = try store.receipts(["good", "bad"].map { ItemID(user: "u", id: $0) })
            #expect(items[0].record != nil && items[1].record == nil)
            #expect(try store.timers(after: nil, through: .never, limit: 9).map(\.send) == [1, 3])
            #expect(try store.decisions(before: nil, limit: 9).map(\.decision.sequence) == [3, 1])
            #expect(throws: StoreError.self) { try store.decision(2) }
            #expect(try store.outbox("email", after: 0, limit: 9).map(\.message.number) == [1, 3])
            #expect(try store.deadLetters(after: 0, limit: 9).map(\.message.number) == [1, 3])
            #expect(try store.nextSequence() == 10, "a number is never used again, whatever stands under it")
            #expect(throws: StoreError.self) { try store.user("bad") }
        }
        #expect(store.damage.all.count <= 8, "\(store.damage.all)")
        #expect(said.withLock(\.count) == store.damage.all.count)
    }

    @Test("what cannot be passed over stops the start: campaigns and what is counted of them")
    func campaigns() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "triggerd-bad-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try RocksDBStore(folder: folder)
        defer { store.close() }
        try Self.spoil(store, .campaigns) { $0.campaignKey(CampaignVersion(number: 1, version: 1)) }
        try Self.spoil(store, .tallies) { $0.tallyKey(1) }
        #expect(throws: StoreError.self) { try store.campaigns() }
        #expect(throws: StoreError.self) { try store.tallies() }
    }

    @Test("a compaction that meets damage while a start writes does not refuse the start, and is told")
    func compactionAtStart() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "triggerd-bad-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try RocksDBStore(folder: folder).close()
        let opening = Opening(folder: folder + "/rocksdb", retention: Retention(), erasures: Erasures())
        let damage = StoreDamage()
        var database = try opening.open()
        defer { database.close() }
        var tries: [Bool] = []
        func write(_ fault: StoreError, times: Int) throws(StoreError) -> Int {
            try opening.writing(to: &database, damage) { database throws(StoreError) in
                tries.append(database.compacts)
                if tries.count <= times { throw fault }
                return tries.count
            }
        }
        #expect(try write(.corrupt("a block"), times: 1) == 2)
        #expect(tries == [true, false])
        #expect(damage.all.first.contains { $0.contains("no table is compacted any more") && $0.contains("a block") })
        // Damage of what is written itself stays a refusal.
        #expect(throws: StoreError.self) { try write(.corrupt("a block"), times: 9) }
        #expect(tries == [true, false, false])
        #expect(throws: StoreError.self) { try write(.unavailable("full"), times: 9) }
        #expect(tries.count == 4)
    }

    @Test("the nearest key behind and before another", arguments: [0, 3, 8, 17, 63, 190])
    func keyNumbers(bit: Int) throws {
        let key = KeyNumber([1, 2, 3])
        let up = try #require(key.moved(bit, down: false))
        #expect(up.moved(bit, down: true)?.bytes == key.bytes)
        #expect(key.bytes.lexicographicallyPrecedes(up.bytes))
        #expect(KeyNumber(nil).moved(0, down: false) == nil)
        #expect(KeyNumber([]).moved(bit, down: true) == nil)
    }
}
