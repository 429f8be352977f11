import CRocksDB
import Engine
import Foundation
import Storage
import Testing

@testable import StorageRocksDB

/// A folder that an older program wrote.
struct FormatUpgradeTests {
    @Test("a folder that lacks families of today is read as it stands, and opened with them")
    func lacksFamilies() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "triggerd-old-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let new = try RocksDBStore(folder: folder)
        try StoreContractTests.commit(new) { $0.users = [("u", UserState())] }
        try new.access.read { database throws(StoreError) in
            for family in [Family.tokens, .events, .failed] {
                try StoreError.doing("drop", folder) { () throws(RocksDBFault) in
                    try RocksDBFault.check { fault in
                        rocksdb_drop_column_family(database.handle, database.columns[family.index], &fault)
                    }
                }
            }
        }
        new.close()
        let reading = try RocksDBStore(reading: folder)
        for kind in Family.ofRecords {
            var count = 0
            try reading.dump(kind) { _ in
                count += 1
                return true
            }
            #expect(count == (kind == .users ? 1 : 0))
        }
        #expect(try reading.tokenOwners(["t"])[0].record == nil)
        reading.close()
        let again = try RocksDBStore(folder: folder)
        defer { again.close() }
        #expect(try again.user("u") == UserState())
    }

    @Test("format 1 kept claimed messages by their keys; they are found in their channels' lines")
    func placesMessages() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "triggerd-old-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var message = OutboxMessage(
            number: 0,
            key: "",
            user: "u",
            version: CampaignVersion(number: 1, version: 1),
            campaign: "cart",
            send: 42,
            channel: "email",
            addresses: ["u@example.com"],
            fields: ["subject": "s"],
            claimedAt: Instant(milliseconds: 7)
        )
        let new = try RocksDBStore(folder: folder)
        let identity = new.identity
        try new.access.read { database throws(StoreError) in
            let batch = rocksdb_writebatch_create()!
            defer { rocksdb_writebatch_destroy(batch) }
            var key = ProtobufWriter(capacity: 64)
            var value = ProtobufWriter(capacity: 256)
            key.utf8("old-42-email")
            OutboxRecord.encode(message, into: &value)
            database.put(batch, .outbox, key.bytes, value.bytes)
            key.clear()
            value.clear()
            key.utf8("folder")
            FolderRecord(format: 1, identity: identity).encode(into: &value)
            database.put(batch, .meta, key.bytes, value.bytes)
            try StoreError.doing("write", folder) { () throws(RocksDBFault) in try database.write(batch) }
        }
        new.close()

        (message.key, message.number) = ("old-42-email", 42)
        for _ in 1...2 {
            let store = try RocksDBStore(folder: folder)
            #expect(store.identity == identity)
            #expect(try store.outbox("email", after: 0, limit: 10) == [OutboxEntry(message: message)])
            #expect(try store.outboxCounts() == ["email": 1])
            store.close()
        }
    }

    @Test("format 2 did not tell whose a push token is; it is read from the profiles")
    func indexesTokens() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "triggerd-old-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let old = try RocksDBStore(folder: folder)
        var changes = Changes()
        for name in ["a", "b"] {
            var state = UserState()
            state.profile["push_tokens"] = .array([.string("\(name)1"), .string("\(name)2")])
            changes.users.append((Text(name), state))
        }
        try old.commit(changes)
        try old.compact(.users)  // An older program has them there.
        try old.access.read { database throws(StoreError) in
            let batch = rocksdb_writebatch_create()!
            defer { rocksdb_writebatch_destroy(batch) }
            var key = ProtobufWriter(capacity: 64)
            var value = ProtobufWriter(capacity: 256)
            key.utf8("folder")
            FolderRecord(format: 2, identity: old.identity).encode(into: &value)
            database.put(batch, .meta, key.bytes, value.bytes)
            try StoreError.doing("write", folder) { () throws(RocksDBFault) in try database.write(batch) }
        }
        old.close()

        let store = try RocksDBStore(folder: folder)
        let owners = try store.tokenOwners(["a1", "a2", "b1", "b2", "c"]).map { stored -> UserID? in
            if case .record(let owner) = stored { owner } else { nil }
        }
        #expect(owners == ["a", "a", "b", "b", nil])
        store.close()
    }
}
