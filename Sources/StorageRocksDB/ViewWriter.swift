import CRocksDB
import Glibc
import Storage

/// The thread that lets the families follow the log: it makes one finished table a family of each generation that is
/// full, and RocksDB takes it as it is. No memtable, and no second log.
final class ViewWriter: @unchecked Sendable {
    // Immutable but for `thread`, which its owner starts and joins.
    private let log: CommitLog
    private let access: DatabaseAccess
    private let folder: String
    /// Opens the database again after it has refused; gives whether that may help.
    private let reopen: @Sendable (StoreError) -> Bool
    private var thread = pthread_t()

    /// `folder` holds the tables until RocksDB has taken them.
    init(
        _ log: CommitLog,
        _ access: DatabaseAccess,
        folder: String,
        reopen: @escaping @Sendable (StoreError) -> Bool
    ) {
        (self.log, self.access, self.folder, self.reopen) = (log, access, folder, reopen)
    }

    func start() {
        let state = Unmanaged.passRetained(self).toOpaque()
        let result = pthread_create(
            &thread,
            nil,
            { state in
                Unmanaged<ViewWriter>.fromOpaque(state!).takeRetainedValue().run()
                return nil
            },
            state
        )
        precondition(result == 0, "no thread for the view: \(String(cString: strerror(result)))")
    }

    /// The log is closed.
    func join() { pthread_join(thread, nil) }

    private func run() {
        // Linux gives each thread its own. Where it may not be set, all are equal.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Limits.niceness)
        while let generation = log.takeFilled() {
            do throws(StoreError) {
                try store(generation)
                if log.isClosing { return }
                log.stored(generation)
            } catch {
                if log.isClosing { return }
                log.failed(error)
                if !reopen(error) { log.pause(Limits.viewPause) }
            }
        }
    }

    /// Broken off half-way, it is done again as a whole: what it writes is absolute.
    private func store(_ generation: Generation) throws(StoreError) {
        try Volume.checkRoom(for: generation.used, in: folder)
        for family in Family.allCases where family != .meta {
            if log.isClosing { return }
            try store(family, of: generation)
        }
        try storeMeta(generation)
    }

    private func store(_ family: Family, of generation: Generation) throws(StoreError) {
        guard generation.count(family) > 0 else { return }  // The view lacks nothing of it.
        let entries = generation.sorted(family)
        try waitForCompaction(family)
        try access.read { database throws(StoreError) in
            try StoreError.doing("write a table of \(family.name)", database.folder) { () throws(RocksDBFault) in
                let table = try TableWriter(database, family, in: folder)
                for index in 0..<entries.count {
                    let entry = entries.entry(index, of: generation)
                    try table.add(entry.key, entry.value)
                }
                try table.finish()
            }
        }
    }

    /// Last, and with what stands in its family how far the view is.
    private func storeMeta(_ generation: Generation) throws(StoreError) {
        let entries = generation.sorted(.meta)
        try access.read { database throws(StoreError) in
            try StoreError.doing("write a table", database.folder) { () throws(RocksDBFault) in
                let table = try TableWriter(database, .meta, in: folder)
                var view = ViewKey(log.view(through: generation))
                for index in 0..<entries.count {
                    let entry = entries.entry(index, of: generation)
                    try view.add(to: table, before: entry.key)
                    try table.add(entry.key, entry.value)
                }
                try view.add(to: table, before: nil)
                try table.finish()
            }
        }
    }

    private func waitForCompaction(_ family: Family) throws(StoreError) {
        while !log.isClosing {
            let waits = try access.read { database in
                database.compacts && database.levelZeroTables(family) >= Limits.levelZeroTables
            }
            guard waits else { return }  // Compaction keeps up.
            log.pause(.milliseconds(50))
        }
    }
}

/// The key that tells how far the view is, in its place among the others of its family.
struct ViewKey: ~Copyable {
    private var key = ProtobufWriter(capacity: 16)
    private var value = ProtobufWriter(capacity: 32)
    private var isAdded = false

    init(_ record: ViewRecord) {
        key.viewKey()
        record.encode(into: &value)
    }

    mutating func add(to table: borrowing TableWriter, before next: UnsafeRawBufferPointer?) throws(RocksDBFault) {
        if isAdded { return }
        if let next, !key.bytes.isBefore(next) { return }
        try table.add(key.bytes, value.bytes)
        isAdded = true
    }
}

/// A table of one family, written in the order of its keys and then given to the database.
struct TableWriter: ~Copyable {
    private let database: Database
    private let family: Family
    private let path: String
    private let environment = rocksdb_envoptions_create()
    private let writer: OpaquePointer

    init(_ database: Database, _ family: Family, in folder: String) throws(RocksDBFault) {
        (self.database, self.family) = (database, family)
        path = "\(folder)/\(family.name).sst"
        unlink(path)
        writer = rocksdb_sstfilewriter_create(environment, database.options(of: family))
        try RocksDBFault.check { fault in rocksdb_sstfilewriter_open(writer, path, &fault) }
    }

    deinit {
        rocksdb_sstfilewriter_destroy(writer)
        rocksdb_envoptions_destroy(environment)
        unlink(path)
    }

    /// Nil: deleted.
    func add(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) throws(RocksDBFault) {
        let start = key.baseAddress?.assumingMemoryBound(to: CChar.self)
        try RocksDBFault.check { fault in
            if let value {
                let content = value.baseAddress?.assumingMemoryBound(to: CChar.self)
                rocksdb_sstfilewriter_put(writer, start, key.count, content, value.count, &fault)
            } else {
                rocksdb_sstfilewriter_delete(writer, start, key.count, &fault)
            }
        }
    }

    /// It is in the database, and on disk, when this returns.
    func finish() throws(RocksDBFault) {
        try RocksDBFault.check { fault in rocksdb_sstfilewriter_finish(writer, &fault) }
        try database.ingest(path, family)
    }
}
