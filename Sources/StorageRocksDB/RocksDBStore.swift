import CRocksDB
import Engine
import Glibc
import Storage

/// The store: a log of commits, and RocksDB's families, which follow it. `lock`, `log/`, `rocksdb/` and `committed` in a
/// data folder that may hold other things beside. docs/storage.md tells what stands where, and what a commit guarantees.
package final class RocksDBStore: Store, @unchecked Sendable {
    // The database is lent by `access`; what is variable here belongs to the one thread that writes.
    package let identity: String
    let access: DatabaseAccess
    let folder: String
    private let retention: Retention
    private var lock: FolderLock?
    /// Nil where it is open for reading only.
    let log: CommitLog?
    private var view: ViewWriter?
    /// What was committed and is not yet in the families.
    let memory: Generations
    private var asked = ManyKeys()
    let opening: Opening
    package let damage: StoreDamage
    let erasures: Erasures
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
        let committed = data + "/committed"
        self.retention = retention
        for folder in [folder, data + "/log"] {
            try FolderLock.make(folder)
            if let fault = FileTrust.fault(of: folder, .folder) { throw .unavailable(fault.description) }
        }
        let files = LogFolder(data + "/log")
        files.removeUnfinished()
        try Volume.checkRoomToOpen(folder, and: files.bytes)
        let check = FolderCheck(folder: folder, committed: committed)
        try check.run()
        notes = check.notes
        erasures = Erasures()
        opening = Opening(folder: folder, retention: retention, erasures: erasures)
        var database = try opening.open()
        let begun = try opening.writing(to: &database, damage) { database throws(StoreError) in
            try FolderStart(database).run(newIdentity: newIdentity)
        }
        identity = begun.identity
        let recovered = try RecoveredLog(files, view: begun.view, committed: check.next, at: committed)
        erasures.replace(try Self.erasures(in: database, over: recovered.memory))
        // All was read: only now is anything written.
        let epoch = recovered.epoch + 1
        memory = recovered.memory
        let view = ViewRecord(next: begun.view.next, epoch: epoch, seal: recovered.seal)
        try opening.writing(to: &database, damage) { database throws(StoreError) in
            try FolderStart.note(view, in: database, by: files.path)
        }
        access = DatabaseAccess(database)
        log = try CommitLog(
            recovered,
            files: files,
            epoch: epoch,
            seal: recovered.seal,
            committed: try CommittedFile(
                committed,
                next: recovered.next,
                manifest: CommittedFile.flushedManifest(in: folder)
            ),
            database: folder
        )
        if log?.isDirect == false {
            notes.append("the volume of \(data) knows no O_DIRECT: commits go by way of its cache")
        }
        startView(files.path)
    }

    /// Opens a data folder for reading, beside a daemon that may be writing: it shows what was committed by now.
    package init(reading data: String, damage: StoreDamage = StoreDamage()) throws(StoreError) {
        self.damage = damage
        folder = data + "/rocksdb"
        retention = Retention()
        erasures = Erasures()
        opening = Opening(folder: folder, retention: retention, erasures: erasures)
        // First the log: what leaves it meanwhile is in the families when they are opened.
        let files = LogFolder(data + "/log")
        let contents = try RecoveredLog.read(files.names.map(files.file))
        let database = try opening.openToRead()
        let begun = try FolderStart.read(database)
        identity = begun?.folder.identity ?? ""
        access = DatabaseAccess(database)
        memory = try RecoveredLog.beside(contents, view: begun?.view ?? .start)
        log = nil
        erasures.replace(try Self.erasures(in: database, over: memory))
    }

    deinit {
        close()
    }

    private func startView(_ folder: String) {
        guard let log else { return }  // It was opened to be read.
        let (access, opening, damage) = (access, opening, damage)
        view = ViewWriter(log, access, folder: folder) { error in
            let isDamage = opening.stopsCompacting(after: error, damage)
            guard isDamage || Volume.canWrite(in: opening.folder) else { return false }
            guard (try? access.replace { () throws(StoreError) in try opening.open() }) == true else { return false }
            log.noteManifest()
            return isDamage
        }
        view?.start()
    }

    /// Waits for reads in progress. Every commit that returned is in the log already.
    package func close() {
        stopErasing()
        log?.close()
        view?.join()
        view = nil
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
        guard let log else { preconditionFailure("a commit to \(folder), which is open for reading") }
        try checkWritable()
        try log.commit(changes)
        erasures.apply(changes)
    }

    package func checkWritable() throws(StoreError) {
        // What the log holds must become tables, and RocksDB may end the process where it has no room. So the volume is
        // asked first: about a microsecond.
        if let free = Volume.freeBytes(of: folder), free < Limits.freeReserve {
            throw .unavailable(
                "less than \(Limits.freeReserve >> 20) MiB are free for \(folder): make room; it goes on by itself"
            )
        }
        try log?.checkWritable()
    }

    private func many<ID, Record>(
        _ family: Family,
        _ ids: [ID],
        _ key: (ID, inout ProtobufWriter) -> Void,
        _ what: String,
        _ decode: (UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> Record
    ) throws(StoreError) -> [Stored<Record>] {
        if ids.isEmpty { return [] }
        asked.fill(ids, key)
        var records = [Stored<Record>?](repeating: nil, count: ids.count)
        func decoded(_ index: Int, _ bytes: UnsafeRawBufferPointer) -> Stored<Record> {
            do throws(ProtobufReader.Fault) {
                return .record(try decode(bytes))
            } catch {
                return damaged("\(what) \(ids[index])", "\(error)")
            }
        }
        memory.reading { reader in
            for index in 0..<ids.count {
                guard let entry = reader.find(family, asked.key(index)) else { continue }
                records[index] = entry.value.map { decoded(index, $0) } ?? .nothing
            }
        }
        asked.keep { records[$0] == nil }
        guard asked.count > 0 else { return records.map { $0! } }
        return try access.read { database throws(StoreError) in
            database.get(family, asked)
            defer { asked.letGo() }
            for place in 0..<asked.count {
                let index = asked.index(place)
                if let fault = asked.fault(place) {
                    guard fault.isCorruption else { throw fault.storeError(doing: "read", folder: folder) }
                    records[index] = damaged("\(what) \(ids[index])", fault.text)
                } else if let found = asked.found[place] {
                    records[index] = decoded(index, Database.bytes(found))
                } else {
                    records[index] = .nothing
                }
            }
            return records.map { $0! }
        }
    }

    private func damaged<Record>(_ place: String, _ why: String) -> Stored<Record> {
        damage.found(place, "\(place): \(why)")
        return .damaged("\(place): \(why)")
    }
}
