import CRocksDB
import Engine
import Glibc
import Storage

/// The store on RocksDB: `lock` and `rocksdb/` in a data folder that may hold other things beside. docs/storage.md
/// tells what stands where, and what a commit guarantees.
package final class RocksDBStore: Store, @unchecked Sendable {
    // The database is lent by `access`; what is variable here belongs to the one thread that writes.
    package let identity: String
    let access: DatabaseAccess
    let folder: String
    private let committed: String
    private let retention: Retention
    private var lock: FolderLock?
    private let batch = rocksdb_writebatch_create()!
    private var operations = Operations()
    private var asked = ManyKeys()
    var failure: WriteFailure?
    /// Until a compaction meets damage.
    private var compacts = true
    package let damage: StoreDamage
    let erasures = Erasures()
    /// What the start found that somebody should know.
    package private(set) var notes: [String] = []

    /// Opens the data folder, or makes it. `newIdentity` names a new one; one that exists keeps its name. What is found
    /// damaged while it is read goes to `damage`.
    package init(
        folder data: String,
        retention: Retention = Retention(),
        newIdentity: () -> String = RocksDBStore.randomIdentity,
        damage: StoreDamage = StoreDamage()
    ) throws(StoreError) {
        self.damage = damage
        lock = try FolderLock(folder: data)
        folder = data + "/rocksdb"
        committed = data + "/committed"
        self.retention = retention
        try FolderLock.make(folder)
        if let fault = FileTrust.fault(of: folder, .folder) { throw .unavailable(fault.description) }
        try Volume.checkRoomToOpen(folder)
        let check = FolderCheck(folder: folder, committed: committed)
        try check.run()
        notes = check.notes
        let database = try Self.open(folder, retention, committed, erasures)
        let (identity, format) = try Self.identity(database, new: newIdentity)
        self.identity = identity
        if format < FolderRecord.format { try FormatUpgrade(database, from: format).run(identity: identity) }
        access = DatabaseAccess(database)
        try loadErasures()
    }

    /// Opens a data folder for reading, beside a daemon that may be writing: it shows what was committed by now.
    package init(reading data: String, damage: StoreDamage = StoreDamage()) throws(StoreError) {
        self.damage = damage
        folder = data + "/rocksdb"
        committed = data + "/committed"
        retention = Retention()
        let folder = folder
        let database = try StoreError.doing("open the store", folder) { () throws(RocksDBFault) in
            try Database(folder: folder, retention: Retention(), erasures: Erasures(), isReadOnly: true)
        }
        identity = try Self.identity(database, new: { "" }).identity
        access = DatabaseAccess(database)
        try loadErasures()
    }

    deinit {
        rocksdb_writebatch_destroy(batch)
    }

    /// Waits for reads in progress. Every commit that returned is in the logs already.
    package func close() {
        stopErasing()
        access.close()
        lock = nil
    }

    package static func randomIdentity() -> String {
        let number = UInt64.random(in: .min ... .max)
        return String(number | 1 << 63, radix: 36)
    }

    // MARK: The writer

    package func users(_ ids: [UserID]) throws(StoreError) -> [Stored<UserState>] {
        try many(.users, ids, { $1.userKey($0) }, "user", UserRecord.decode)
    }

    package func receipts(_ ids: [ItemID]) throws(StoreError) -> [Stored<ItemReceipt>] {
        let stored = try many(.items, ids, { $1.itemKey($0) }, "item", ItemRecord.decode)
        guard !erasures.isEmpty else { return stored }
        return zip(ids, stored).map { id, stored in
            stored.record.map { erasures.hides(id.user, number: $0.firstDecision) } ?? false ? .nothing : stored
        }
    }

    package func tokenOwners(_ tokens: [Text]) throws(StoreError) -> [Stored<UserID>] {
        func owner(_ value: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> UserID {
            var reader = ProtobufReader(value)
            return try reader.restAsText()
        }
        return try many(.tokens, tokens, { $1.tokenKey($0) }, "token", owner)
    }

    package func commit(_ changes: Changes) throws(StoreError) {
        if changes.isEmpty { return }
        try checkWritable()
        defer { if failure == nil { erasures.apply(changes) } }
        do throws(StoreError) {
            try write(changes)
        } catch {
            letGo()
            guard error.isDamage, compacts else { throw error }
            // A compaction met a block that does not read, and RocksDB takes no more writes for that. Without
            // compaction everything goes on, but for the records in that block.
            compacts = false
            damage.found("compaction", "no table is compacted any more: \(error)")
            try recover(isAtOnce: true)
            try write(changes)
        }
    }

    package func checkWritable() throws(StoreError) {
        if failure != nil { try recover() }
        // A log that runs into the end of the volume is broken for RocksDB, which then tries to go on with it by
        // itself, and may abort. So the volume is asked first: about a microsecond.
        guard let free = Volume.freeBytes(of: folder) else { return }  // The system does not tell.
        guard free >= Limits.freeReserve else {
            throw .unavailable(
                "less than \(Limits.freeReserve >> 20) MiB are free for \(folder): make room; it goes on by itself"
            )
        }
    }

    private func write(_ changes: Changes) throws(StoreError) {
        try access.read { database throws(StoreError) in
            rocksdb_writebatch_clear(batch)
            operations.each(of: changes) { family, key, value in
                if let value {
                    database.put(batch, family, key, value)
                } else {
                    database.delete(batch, family, key)
                }
            }
            do throws(RocksDBFault) {
                try database.write(batch)
            } catch {
                let reason = error.storeError(doing: "write", folder: folder)
                failure = WriteFailure(changes, reason: reason)
                throw reason
            }
        }
    }

    /// After a write that failed: remembers what it must take back, and closes the database. RocksDB would look for
    /// room by itself 5 s later, and go on with a log whose writer it holds to be broken.
    private func letGo() {
        guard let failure, access.isOpen else { return }  // It is let go of already.
        do throws(StoreError) {
            try access.read { database throws(StoreError) in
                try StoreError.doing("read", folder) { () throws(RocksDBFault) in
                    try failure.prepareUndo(database, &operations)
                }
            }
        } catch {
            return  // Tried again when the database is opened anew.
        }
        access.close()
    }

    private func many<ID, Record>(
        _ family: Family,
        _ ids: [ID],
        _ key: (ID, inout ProtobufWriter) -> Void,
        _ what: String,
        _ decode: (UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> Record
    ) throws(StoreError) -> [Stored<Record>] {
        if ids.isEmpty { return [] }
        if failure != nil, !access.isOpen { try recover() }
        asked.fill(ids, key)
        return try access.read { database throws(StoreError) in
            database.get(family, asked)
            defer { asked.letGo() }
            var records: [Stored<Record>] = []
            records.reserveCapacity(ids.count)
            for index in 0..<ids.count {
                if let fault = asked.fault(index) {
                    guard fault.isCorruption else { throw fault.storeError(doing: "read", folder: folder) }
                    records.append(damaged("\(what) \(ids[index])", fault.text))
                } else if let found = asked.found[index] {
                    do throws(ProtobufReader.Fault) {
                        records.append(.record(try decode(Database.bytes(found))))
                    } catch {
                        records.append(damaged("\(what) \(ids[index])", "\(error)"))
                    }
                } else {
                    records.append(.nothing)
                }
            }
            return records
        }
    }

    private func damaged<Record>(_ place: String, _ why: String) -> Stored<Record> {
        damage.found(place, "\(place): \(why)")
        return .damaged("\(place): \(why)")
    }

    /// Opens the database again if that may help by now; throws the failure's reason where it does not.
    private func recover(isAtOnce: Bool = false) throws(StoreError) {
        guard let failure else { return }  // All is well.
        stopErasing()
        guard isAtOnce || failure.mayTry(), WriteFailure.canWrite(in: folder) else { throw failure.reason }
        if access.isOpen {
            try access.read { database throws(StoreError) in
                try StoreError.doing("read", folder) { () throws(RocksDBFault) in
                    try failure.prepareUndo(database, &operations)
                }
            }
        }
        let isReplaced = try access.replace { () throws(StoreError) in
            try reopened()
        }
        guard isReplaced else { throw failure.reason }
        try access.read { database throws(StoreError) in
            try StoreError.doing("write", folder) { () throws(RocksDBFault) in try failure.takeBack(database) }
        }
        self.failure = nil
    }

    func reopened() throws(StoreError) -> Database {
        try Self.open(folder, retention, committed, erasures, compacts: compacts)
    }

    private static func open(
        _ folder: String,
        _ retention: Retention,
        _ committed: String,
        _ erasures: Erasures,
        compacts: Bool = true
    ) throws(StoreError) -> Database {
        let database = try StoreError.doing("open the store", folder) { () throws(RocksDBFault) in
            try Database(folder: folder, retention: retention, erasures: erasures, compacts: compacts)
        }
        try database.keepCommitted(committed)
        return database
    }

    /// What the folder says of itself; a new one is told.
    private static func identity(
        _ database: Database,
        new: () -> String
    ) throws(StoreError) -> (identity: String, format: UInt32) {
        var key = ProtobufWriter(capacity: 16)
        key.utf8("folder")
        let found = try StoreError.doing("read", database.folder) { () throws(RocksDBFault) in
            try database.get(.meta, key.bytes) { value in
                value.map { value in Result { () throws(ProtobufReader.Fault) in try FolderRecord.decode(value) } }
            }
        }
        switch found {
        case .success(let record) where record.format <= FolderRecord.format: return (record.identity, record.format)
        case .success(let record): throw .newer(folder: record.format, program: FolderRecord.format)
        case .failure(let error): throw .corrupt("what \(database.folder) says of itself: \(error)")
        case nil: break
        }
        let record = FolderRecord(identity: new())
        var value = ProtobufWriter(capacity: 64)
        record.encode(into: &value)
        let batch = rocksdb_writebatch_create()!
        defer { rocksdb_writebatch_destroy(batch) }
        database.put(batch, .meta, key.bytes, value.bytes)
        try StoreError.doing("write", database.folder) { () throws(RocksDBFault) in try database.write(batch) }
        return (record.identity, record.format)
    }
}
