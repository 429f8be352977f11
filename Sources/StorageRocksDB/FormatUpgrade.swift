import CRocksDB
import Engine
import Storage

/// Makes the records of an older folder those that this program writes. Broken off, it begins again.
struct FormatUpgrade {
    private let database: Database
    private let format: UInt32

    init(_ database: Database, from format: UInt32) {
        self.database = database
        self.format = format
    }

    func run(identity: String) throws(StoreError) {
        let batch = rocksdb_writebatch_create()!
        defer { rocksdb_writebatch_destroy(batch) }
        if format < 2 { try placeMessages(batch) }
        if format < 3 { try indexTokens(batch) }
        var key = ProtobufWriter(capacity: 16)
        key.utf8("folder")
        var value = ProtobufWriter(capacity: 64)
        FolderRecord(identity: identity).encode(into: &value)
        database.put(batch, .meta, key.bytes, value.bytes)
        try write(batch)
    }

    private func write(_ batch: OpaquePointer) throws(StoreError) {
        try StoreError.doing("write", database.folder) { () throws(RocksDBFault) in try database.write(batch) }
        rocksdb_writebatch_clear(batch)
    }

    /// Since format 3 the store tells which profile a push token belongs to. Of several that have it the last that is
    /// read: which registered it last, an older folder does not say.
    private func indexTokens(_ batch: OpaquePointer) throws(StoreError) {
        let folder = database.folder
        var key = ProtobufWriter(capacity: 256)
        var owner = ProtobufWriter(capacity: 64)
        func fault(_ fault: RocksDBFault) -> StoreError { fault.storeError(doing: "read", folder: folder) }
        // A record that does not read is told of where it is asked for.
        func passOver(_ fault: RocksDBFault) {}
        try database.scan(.users, over: nil, damaged: passOver, failing: fault) { (id, bytes) throws(StoreError) in
            var reader = ProtobufReader(id)
            guard let user = try? reader.userKey(), let state = try? UserRecord.decode(bytes) else { return true }
            owner.clear()
            owner.utf8(user)
            for token in state.profile[Event.pushTokens]?.texts ?? [] {
                key.clear()
                key.tokenKey(token)
                database.put(batch, .tokens, key.bytes, owner.bytes)
            }
            if rocksdb_writebatch_count(batch) >= Self.putsPerWrite { try write(batch) }
            return true
        }
    }

    private static let putsPerWrite: Int32 = 65_536

    /// Format 1 kept claimed messages by their idempotency keys; now they stand by their places in their channels'
    /// lines. Their sends' order is the nearest to that in which they were claimed.
    private func placeMessages(_ batch: OpaquePointer) throws(StoreError) {
        let folder = database.folder
        var newKey = ProtobufWriter(capacity: 64)
        var value = ProtobufWriter()
        var damage: RocksDBFault?
        func fault(_ fault: RocksDBFault) -> StoreError { fault.storeError(doing: "read", folder: folder) }
        func damaged(_ fault: RocksDBFault) { damage = damage ?? fault }
        try database.scan(.outbox, over: nil, damaged: damaged, failing: fault) { (key, bytes) throws(StoreError) in
            do throws(ProtobufReader.Fault) {
                var message = try OutboxRecord.decode(bytes)
                message.key = String(decoding: key, as: UTF8.self)
                message.number = message.send
                newKey.clear()
                value.clear()
                newKey.outboxKey(message.place, .message)
                OutboxRecord.encode(message, into: &value)
            } catch {
                throw .corrupt("outbox, key \(String(decoding: key, as: UTF8.self)): \(error)")
            }
            database.delete(batch, .outbox, key)
            database.put(batch, .outbox, newKey.bytes, value.bytes)
            return true
        }
        // Nothing is left behind: what this program does not find by its new key would never be sent.
        if let damage { throw fault(damage) }
    }
}
