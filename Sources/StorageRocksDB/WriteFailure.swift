import CRocksDB
import Glibc
import Storage

/// After a write that failed. RocksDB refuses every further one until it is opened again, and may or may not find
/// the failed commit in its log then (where the log was written but not flushed). The caller was told that nothing
/// was changed, so what stood before is written over it.
final class WriteFailure {
    let reason: StoreError
    private let changes: Changes
    private var undo: OpaquePointer?
    private var nextAttempt: ContinuousClock.Instant

    init(_ changes: Changes, reason: StoreError) {
        self.changes = changes
        self.reason = reason
        nextAttempt = .now + Limits.reopenPause
    }

    deinit {
        if let undo { rocksdb_writebatch_destroy(undo) }
    }

    /// Whether it is time to try again; counts as a try if so.
    func mayTry() -> Bool {
        let now = ContinuousClock.now
        guard now >= nextAttempt else { return false }
        nextAttempt = now + Limits.reopenPause
        return true
    }

    /// Reads what stands under every key of the failed commit, once.
    func prepareUndo(_ database: Database, _ operations: inout Operations) throws(RocksDBFault) {
        guard undo == nil else { return }  // It was read before.
        let batch = rocksdb_writebatch_create()!
        do throws(RocksDBFault) {
            try operations.each(of: changes) { (family, key, _) throws(RocksDBFault) in
                do throws(RocksDBFault) {
                    try database.get(family, key) { standing in
                        if let standing {
                            database.put(batch, family, key, standing)
                        } else {
                            database.delete(batch, family, key)
                        }
                    }
                } catch {
                    guard error.isCorruption else { throw error }
                    // What stands there is lost; nothing can be worse than that.
                }
            }
        } catch {
            rocksdb_writebatch_destroy(batch)
            throw error
        }
        undo = batch
    }

    func takeBack(_ database: Database) throws(RocksDBFault) {
        if let undo { try database.write(undo) }
    }

    /// Whether a file can be written in the folder, and the volume has room for what opening writes: the contents of
    /// the logs, as tables. Otherwise readers keep the database that they have.
    static func canWrite(in folder: String) -> Bool {
        guard let free = Volume.freeBytes(of: folder), free >= Volume.bytesToOpen(folder) else { return false }
        let path = folder + "/probe"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer {
            close(descriptor)
            unlink(path)
        }
        let page = [UInt8](repeating: 0, count: 4_096)
        return write(descriptor, page, page.count) == page.count && fsync(descriptor) == 0
    }
}
