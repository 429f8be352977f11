import CRocksDB
import Engine
import Storage

// How what was kept of users who were forgotten leaves the disk.
extension RocksDBStore {
    package var oldestErasure: Instant? { erasures.oldest }

    /// As a start finds them.
    static func erasures(in database: Database, over memory: Generations) throws(StoreError) -> [UserID: Erasure] {
        var found: [UserID: Erasure] = [:]
        let prefix = Array(ProtobufWriter.erasurePrefix.utf8)
        var end = prefix
        end[end.count - 1] += 1
        func failing(_ fault: RocksDBFault) -> StoreError { fault.storeError(doing: "read", folder: database.folder) }
        var damage: RocksDBFault?
        func damaged(_ fault: RocksDBFault) { damage = damage ?? fault }
        let range = KeyRange(lower: prefix, upper: end)
        try database.scan(.meta, range, over: memory, damaged: damaged, failing: failing) {
            (key, value) throws(StoreError) in
            do throws(ProtobufReader.Fault) {
                var reader = ProtobufReader(UnsafeRawBufferPointer(rebasing: key[prefix.count...]))
                found[try reader.restAsText()] = try ErasureRecord.decode(value)
            } catch {
                throw .corrupt("who was deleted, in \(database.folder): \(error)")
            }
            return true
        }
        if let damage { throw failing(damage) }
        return found
    }

    /// Rewrites every table that may hold something of theirs; the compactions' filters drop it. What the log
    /// holds goes into tables before.
    package func erase() throws(StoreError) -> [UserID: Erasure] {
        let ended = erasures.all
        try log?.storeAll()
        try access.read { database throws(StoreError) in
            guard database.compacts else {
                throw .damaged("a table in \(folder) does not read", cure: "restore the data folder from a copy")
            }
            let errors = database.backgroundErrors
            try StoreError.doing("erase", folder) { () throws(RocksDBFault) in
                database.allowCompactingAll(true)
                for family in Family.allCases {
                    switch family {
                    case .users, .timers, .decisions, .items, .outbox, .failed, .events, .tokens:
                        try database.compact(family)
                    case .meta, .campaigns, .tallies: break
                    }
                }
            }
            guard database.isCompactingAllAllowed, database.backgroundErrors == errors else {
                throw .unavailable("the tables in \(folder) were not all rewritten")
            }
        }
        return ended
    }

    /// Lets a rewriting end that is under way; it begins anew with the next one.
    func stopErasing() {
        guard !erasures.isEmpty else { return }
        try? access.read { database in database.allowCompactingAll(false) }
    }

    /// The database is opened anew, since its MANIFEST names the first and last keys of tables that are gone.
    package func endErasures(_ ended: [UserID: Erasure]) throws(StoreError) {
        let standing = erasures.all
        var changes = Changes()
        changes.erasuresEnded = ended.filter { standing[$0.key] == $0.value }.map(\.key)
        try commit(changes)
        try log?.storeAll()
        try access.read { database throws(StoreError) in
            try StoreError.doing("erase", folder) { () throws(RocksDBFault) in try database.compact(.meta) }
        }
        // Where readers do not let go in time, the next start does it.
        _ = try access.replace { () throws(StoreError) in try opening.open() }
        log?.noteManifest()
    }
}
