import Glibc
import Storage
import Synchronization

/// How the database of a folder is opened, each time.
final class Opening: Sendable {
    let folder: String
    private let retention: Retention
    private let erasures: Erasures
    /// Until a compaction meets damage.
    private let compacts = Mutex(true)

    init(folder: String, retention: Retention, erasures: Erasures) {
        (self.folder, self.retention, self.erasures) = (folder, retention, erasures)
    }

    func open(isReadOnly: Bool = false) throws(StoreError) -> Database {
        let compacts = compacts.withLock { $0 }
        return try StoreError.doing("open the store", folder) { () throws(RocksDBFault) in
            try Database(
                folder: folder,
                retention: retention,
                erasures: erasures,
                compacts: compacts,
                isReadOnly: isReadOnly
            )
        }
    }

    /// Beside a daemon, which may just be removing a table that the MANIFEST read here still names.
    func openToRead() throws(StoreError) -> Database {
        for _ in 1..<Limits.triesToRead where StoreFiles(folder).hasCurrent {
            if let database = try? open(isReadOnly: true) { return database }
            usleep(Limits.pauseBetweenTriesToRead)
        }
        return try open(isReadOnly: true)
    }

    /// A compaction met a block that does not read, and RocksDB takes nothing more for that. Without compaction
    /// everything goes on, but for the records in that block. False where opening again would not help.
    func stopsCompacting(after error: StoreError, _ damage: StoreDamage) -> Bool {
        let stops =
            error.isDamage
            && compacts.withLock { compacts in
                defer { compacts = false }
                return compacts
            }
        if stops { damage.found("compaction", "no table is compacted any more: \(error)") }
        return stops
    }

    /// What a start writes, while compaction goes on already; gives the database that is open then.
    func writing<Result>(
        to database: inout Database,
        _ damage: StoreDamage,
        _ body: (Database) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        do throws(StoreError) {
            return try body(database)
        } catch {
            guard stopsCompacting(after: error, damage) else { throw error }
            database.close()
            database = try open()
            return try body(database)
        }
    }
}
