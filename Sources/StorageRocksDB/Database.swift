import CRocksDB
import Storage
import Synchronization

/// One opened RocksDB: handles, and calls that throw. Any thread may read; one writes.
final class Database: @unchecked Sendable {
    // RocksDB locks for itself; what is here does not change until `close`, which the owner calls when it is alone.
    let folder: String
    let handle: OpaquePointer
    private let opened: [OpaquePointer]
    /// By family; nil where it is open for reading only, and an older program made it.
    let columns: [OpaquePointer?]
    private let options: [OpaquePointer?]
    private let read: OpaquePointer
    private let flushed: OpaquePointer
    /// False since a compaction met damage: another would make RocksDB refuse every write.
    let compacts: Bool
    private var isClosed = false
    private let mayCompactAll = Mutex(true)

    /// Opens the folder, which is made if it is missing. Families of a newer program are opened too, so that its
    /// format can be read.
    init(folder: String, retention: Retention, erasures: Erasures, compacts: Bool = true, isReadOnly: Bool = false)
        throws(RocksDBFault)
    {
        let base = Self.baseOptions()
        defer { rocksdb_options_destroy(base) }
        // All tables stay open, since the daemon beside this may remove any that it has rewritten.
        if isReadOnly { rocksdb_options_set_max_open_files(base, -1) }
        let cache = rocksdb_cache_create_lru(Limits.blockCache)!
        defer { rocksdb_cache_destroy(cache) }

        let standing = Self.familiesStanding(in: folder, base)
        // None stand where there is no database, and opening tells why.
        let onlyStanding = isReadOnly && !standing.isEmpty
        let families = Family.allCases.filter { !onlyStanding || standing.contains($0.name) }
        let names = families.map(\.name) + standing.filter { name in !Family.allCases.contains { $0.name == name } }
        var options: [OpaquePointer?] = []
        var isOpened = false
        defer { if !isOpened { for option in options { rocksdb_options_destroy(option) } } }
        for family in families {
            options.append(try family.options(base: base, cache: cache, retention: retention, erasures: erasures))
        }
        if !compacts { for family in options { rocksdb_options_set_disable_auto_compactions(family, 1) } }
        while options.count < names.count { options.append(rocksdb_options_create_copy(base)) }

        let texts = names.map { name in name.withCString { copyOfRocksDB($0) } }
        defer { for text in texts { text.deallocate() } }
        var pointers: [UnsafePointer<CChar>?] = texts.map { UnsafePointer($0) }
        var opened = [OpaquePointer?](repeating: nil, count: names.count)
        handle = try RocksDBFault.check { fault in
            if isReadOnly {
                rocksdb_open_for_read_only_column_families(
                    base,
                    folder,
                    Int32(names.count),
                    &pointers,
                    &options,
                    &opened,
                    0,
                    &fault
                )
            } else {
                rocksdb_open_column_families(
                    base,
                    folder,
                    Int32(names.count),
                    &pointers,
                    &options,
                    &opened,
                    &fault
                )
            }
        }!
        isOpened = true
        self.folder = folder
        self.compacts = compacts
        self.options = options
        self.opened = opened.map { $0! }
        columns = Family.allCases.map { family in families.firstIndex(of: family).flatMap { opened[$0] } }
        read = rocksdb_readoptions_create()
        flushed = rocksdb_writeoptions_create()
        rocksdb_writeoptions_set_sync(flushed, 1)
    }

    deinit {
        close()
    }

    func close() {
        guard !isClosed else { return }  // Whoever lends it closes it, and so does its end.
        isClosed = true
        for column in opened { rocksdb_column_family_handle_destroy(column) }
        rocksdb_readoptions_destroy(read)
        rocksdb_writeoptions_destroy(flushed)
        rocksdb_close(handle)
        for option in options { rocksdb_options_destroy(option) }
    }

    private static func baseOptions() -> OpaquePointer {
        let base = rocksdb_options_create()!
        // Compaction has time: whoever waits for an answer goes first.
        let environment = rocksdb_create_default_env()
        rocksdb_env_lower_thread_pool_cpu_priority(environment)
        rocksdb_options_set_env(base, environment)
        rocksdb_env_destroy(environment)
        rocksdb_options_set_create_if_missing(base, 1)
        rocksdb_options_set_create_missing_column_families(base, 1)
        // RocksDB's own log holds nothing but what is written before the folder is in use, and what an older program
        // left. Point-in-time recovery reads up to the first record that is torn; `FolderCheck` tells a torn end from a
        // damaged one before RocksDB sees the folder.
        rocksdb_options_set_wal_recovery_mode(base, Int32(rocksdb_point_in_time_recovery))
        rocksdb_options_set_recycle_log_file_num(base, 0)
        rocksdb_options_set_bytes_per_sync(base, UInt64(Limits.mebibyte))
        rocksdb_options_increase_parallelism(base, Limits.backgroundJobs)
        rocksdb_options_set_max_open_files(base, Int32(Limits.openFiles))
        rocksdb_options_set_stats_dump_period_sec(base, 0)
        rocksdb_options_set_stats_persist_period_sec(base, 0)
        rocksdb_options_set_info_log_level(base, 2)  // warnings
        rocksdb_options_set_max_log_file_size(base, Limits.logFile)
        rocksdb_options_set_keep_log_file_num(base, Limits.logFiles)
        return base
    }

    /// None where there is no database yet: opening says what else is wrong.
    private static func familiesStanding(in folder: String, _ base: OpaquePointer) -> [String] {
        var count = 0
        var fault: UnsafeMutablePointer<CChar>?
        let list = rocksdb_list_column_families(base, folder, &count, &fault)
        if let fault {
            rocksdb_free(fault)
            return []
        }
        defer { rocksdb_list_column_families_destroy(list, count) }
        return (0..<count).map { String(cString: list![$0]!) }
    }
}

extension Database {
    /// Gives each value as it stands in RocksDB's memory, good within `body`; nil where there is none.
    func get<Result>(
        _ family: Family,
        _ key: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer?) -> Result
    ) throws(RocksDBFault) -> Result {
        guard let column = columns[family.index] else { return body(nil) }
        let found = try RocksDBFault.check { fault in
            rocksdb_get_pinned_cf(
                handle,
                read,
                column,
                key.baseAddress?.assumingMemoryBound(to: CChar.self),
                key.count,
                &fault
            )
        }
        defer { if found != nil { rocksdb_pinnableslice_destroy(found) } }
        return body(found.map(Self.bytes))
    }

    /// Many at once, into `many`, which tells what was found and what could not be read; what was found there before
    /// must have been destroyed.
    func get(_ family: Family, _ many: borrowing ManyKeys) {
        guard let column = columns[family.index] else { return }
        rocksdb_batched_multi_get_cf(
            handle,
            read,
            column,
            many.count,
            many.keys,
            many.sizes,
            many.found,
            many.faults,
            false
        )
    }

    static func bytes(_ found: OpaquePointer) -> UnsafeRawBufferPointer {
        var size = 0
        let start = rocksdb_pinnableslice_value(found, &size)
        return UnsafeRawBufferPointer(start: start, count: size)
    }

    func write(_ batch: OpaquePointer) throws(RocksDBFault) {
        try RocksDBFault.check { fault in rocksdb_write(handle, flushed, batch, &fault) }
    }

    /// For tables of a family that are written beside it.
    func options(of family: Family) -> OpaquePointer? { options[family.index] }

    /// Takes a finished table, which is on disk when this returns.
    func ingest(_ path: String, _ family: Family) throws(RocksDBFault) {
        let how = rocksdb_ingestexternalfileoptions_create()
        defer { rocksdb_ingestexternalfileoptions_destroy(how) }
        rocksdb_ingestexternalfileoptions_set_move_files(how, 1)
        try RocksDBFault.check { fault in
            path.withCString { path in
                var paths: UnsafePointer<CChar>? = path
                rocksdb_ingest_external_file_cf(handle, columns[family.index], &paths, 1, how, &fault)
            }
        }
    }

    /// How many tables of the family each read looks into, beside one of each lower level.
    func levelZeroTables(_ family: Family) -> Int {
        var count: UInt64 = 0
        rocksdb_property_int_cf(handle, columns[family.index], "rocksdb.num-files-at-level0", &count)
        return Int(count)
    }

    func put(_ batch: OpaquePointer, _ family: Family, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        rocksdb_writebatch_put_cf(
            batch,
            columns[family.index],
            key.baseAddress?.assumingMemoryBound(to: CChar.self),
            key.count,
            value.baseAddress?.assumingMemoryBound(to: CChar.self),
            value.count
        )
    }

    func delete(_ batch: OpaquePointer, _ family: Family, _ key: UnsafeRawBufferPointer) {
        rocksdb_writebatch_delete_cf(
            batch,
            columns[family.index],
            key.baseAddress?.assumingMemoryBound(to: CChar.self),
            key.count
        )
    }

    /// What its tables take on disk, in bytes.
    func size(of family: Family) -> UInt64 {
        var size: UInt64 = 0
        rocksdb_property_int_cf(handle, columns[family.index], "rocksdb.total-sst-files-size", &size)
        return size
    }

    /// Removes the tables that hold nothing but smaller keys.
    func dropTables(_ family: Family, below key: UnsafeRawBufferPointer) throws(RocksDBFault) {
        try RocksDBFault.check { fault in
            rocksdb_delete_file_in_range_cf(
                handle,
                columns[family.index],
                "",
                0,
                key.baseAddress?.assumingMemoryBound(to: CChar.self),
                key.count,
                &fault
            )
        }
    }

    /// Writes what memory holds of a family into tables, and the logs of it are needed no more.
    func flush(_ family: Family) throws(RocksDBFault) {
        let options = rocksdb_flushoptions_create()!
        defer { rocksdb_flushoptions_destroy(options) }
        try RocksDBFault.check { fault in rocksdb_flush_cf(handle, options, columns[family.index], &fault) }
    }

    /// Rewriting tells of no failure itself: it succeeded where none was counted meanwhile, and nobody stopped it.
    var backgroundErrors: UInt64 {
        var count: UInt64 = 0
        rocksdb_property_int(handle, "rocksdb.background-errors", &count)
        return count
    }

    var isCompactingAllAllowed: Bool { mayCompactAll.withLock { $0 } }

    /// Those that are under way end soon, and none begins until this is allowed again.
    func allowCompactingAll(_ isAllowed: Bool) {
        mayCompactAll.withLock { may in
            // RocksDB counts, and ends the process where it is allowed more often than forbidden.
            guard may != isAllowed else { return }
            may = isAllowed
            if isAllowed { rocksdb_enable_manual_compaction(handle) } else { rocksdb_disable_manual_compaction(handle) }
        }
    }

    /// Writes everything into tables and rewrites all tables.
    func compact(_ family: Family) throws(RocksDBFault) {
        try flush(family)
        let compaction = rocksdb_compactoptions_create()!
        defer { rocksdb_compactoptions_destroy(compaction) }
        rocksdb_compactoptions_set_bottommost_level_compaction(compaction, 2)  // rewrite the last level too
        rocksdb_compact_range_cf_opt(handle, columns[family.index], compaction, nil, 0, nil, 0)
    }
}

private func copyOfRocksDB(_ text: UnsafePointer<CChar>) -> UnsafeMutablePointer<CChar> {
    var length = 0
    while text[length] != 0 { length += 1 }
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: length + 1)
    copy.initialize(from: text, count: length + 1)
    return copy
}
