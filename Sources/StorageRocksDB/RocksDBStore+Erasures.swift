import CRocksDB
import Engine
import Storage

// How what was kept of users who were forgotten leaves the disk.
extension RocksDBStore {
    package var oldestErasure: Instant? { erasures.oldest }

    func loadErasures() throws(StoreError) {
        var found: [UserID: Erasure] = [:]
        let prefix = Array(ProtobufWriter.erasurePrefix.utf8)
        var end = prefix
        end[end.count - 1] += 1
        let entries = try list(.meta, KeyRange(lower: prefix, upper: end), limit: .max, isWhole: true) {
            (key, value) throws(ProtobufReader.Fault) in
            var reader = ProtobufReader(UnsafeRawBufferPointer(rebasing: key[prefix.count...]))
            return (try reader.restAsText(), try ErasureRecord.decode(value))
        }
        for (user, erasure) in entries { found[user] = erasure }
        erasures.replace(found)
    }

    /// Rewrites every table that may hold something of theirs; the compactions' filters drop it. What memory holds of
    /// any family goes into tables too, so that no log is left that does.
    package func erase() throws(StoreError) -> [UserID: Erasure] {
        let ended = erasures.all
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
                    case .meta, .campaigns, .tallies: try database.flush(family)
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
        try access.read { database throws(StoreError) in
            try StoreError.doing("erase", folder) { () throws(RocksDBFault) in try database.compact(.meta) }
        }
        do throws(StoreError) {
            // Where readers do not let go in time, the next start does it.
            _ = try access.replace { () throws(StoreError) in try reopened() }
        } catch {
            failure = WriteFailure(Changes(), reason: error)
            throw error
        }
    }
}
