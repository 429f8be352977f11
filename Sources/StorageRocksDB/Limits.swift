/// Every size that the store keeps to, with its reason.
enum Limits {
    static let mebibyte = 1 << 20

    /// Left free on the volume, in bytes: room for the commits that are under way when others fill it.
    static let freeReserve = 16 << 20

    /// Blocks of tables kept in memory, taken only as they are read: 1,000,000 users of 300 bytes fit unpacked.
    static let blockCache = 512 * mebibyte
    /// What all families hold in memory before the fullest is written out; the daemon's memory grows to this under
    /// load, and it is what a start after a crash reads again from the logs.
    static let allMemtables = 256 * mebibyte
    /// A user is rewritten by each of its events: the larger this is, the more rewrites never reach a table.
    static let userMemtable = 128 * mebibyte
    static let otherMemtable = 32 * mebibyte
    /// Lists in the hash of a memtable, 8 bytes each that are touched at once: as few as keep a list near one entry
    /// when the memtable is full (350 bytes a user, 120 an item).
    static let userBuckets = 1 << 18
    static let itemBuckets = 1 << 18
    /// Logs kept for recovery. The memtables' limit comes first unless one family is hardly written.
    static let writeAheadLogs = 512 * mebibyte
    /// Below the usual limit of 1,024 files a process, which sockets share.
    static let openFiles = 512
    /// One flushes memtables, the other compacts.
    static let backgroundJobs: Int32 = 2
    /// What events are kept of, at most, in bytes: at 150 bytes each 28 million of them.
    static let events = 4_096 * mebibyte
    /// RocksDB's own LOG: what operators need after trouble, not a history.
    static let logFile = mebibyte
    static let logFiles = 4
    /// Room beside the logs' size before a store that could not be written is opened again.
    static let reopenReserve = 8 * mebibyte
    /// Between two attempts to open again: each closes what readers use.
    static let reopenPause = Duration.milliseconds(200)
    /// How long the writer waits for readers to let go before it gives up until the next commit.
    static let reopenPatienceMs = 50
    /// How much of a family a sweep of old records leaves unread for: each record is read again this often.
    static let sweepPeriodSeconds = 7 * 86_400
}
