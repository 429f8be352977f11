import CStorage
import Glibc
import Storage

/// Lends the database to any thread, and lets the writer replace it when nobody uses it.
final class DatabaseAccess: @unchecked Sendable {
    // The lock guards `database`.
    private let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
    private var database: Database?
    private let folder: String

    init(_ database: Database) {
        self.database = database
        folder = database.folder
        var attributes = pthread_rwlockattr_t()
        pthread_rwlockattr_init(&attributes)
        // Readers that follow each other closely would keep the writer out for ever.
        pthread_rwlockattr_setkind_np(&attributes, Int32(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP))
        pthread_rwlock_init(lock, &attributes)
        pthread_rwlockattr_destroy(&attributes)
    }

    deinit {
        pthread_rwlock_destroy(lock)
        lock.deallocate()
    }

    @inline(__always)
    func read<Result, Fault: Error>(
        orThrow fault: (StoreError) -> Fault,
        _ body: (Database) throws(Fault) -> Result
    ) throws(Fault) -> Result {
        pthread_rwlock_rdlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        guard let database else {
            throw fault(.unavailable("the store in \(folder) is not open just now; try again"))
        }
        return try body(database)
    }

    @inline(__always)
    func read<Result>(_ body: (Database) throws(StoreError) -> Result) throws(StoreError) -> Result {
        try read(orThrow: { $0 }, body)
    }

    var isOpen: Bool {
        pthread_rwlock_rdlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        return database != nil
    }

    /// Closes what is there and puts what `open` gives in its place, which is nothing if it throws. Gives false, and
    /// changes nothing, where readers do not let go in time.
    func replace(_ open: () throws(StoreError) -> Database) throws(StoreError) -> Bool {
        var until = timespec()
        // The wall clock may be set meanwhile.
        clock_gettime(CLOCK_MONOTONIC, &until)
        until.tv_nsec += Limits.reopenPatienceMs * 1_000_000
        until.tv_sec += until.tv_nsec / 1_000_000_000
        until.tv_nsec %= 1_000_000_000
        guard triggerd_write_lock(lock, &until) != 0 else { return false }
        defer { pthread_rwlock_unlock(lock) }
        database?.close()
        database = nil
        database = try open()
        return true
    }

    func close() {
        pthread_rwlock_wrlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        database?.close()
        database = nil
    }
}
