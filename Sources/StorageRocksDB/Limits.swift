/// Every size that the store keeps to, with its reason.
enum Limits {
    static let mebibyte = 1 << 20

    /// Left free on the volume, in bytes: room for the commits that are under way when others fill it.
    static let freeReserve = 16 << 20

    /// Blocks of tables kept in memory, taken only as they are read: 1,000,000 users of 300 bytes fit unpacked.
    static let blockCache = 512 * mebibyte
    /// Users that were written last, packed, in bytes, taken as they come: 400,000 of 300 bytes are not looked up in blocks.
    static let recentUsers = 128 * mebibyte

    // MARK: The log

    /// A generation and its file, in bytes: the first ones, and what they grow to where they fill up fast. The larger they
    /// are, the fewer tables are written; what they hold is what a start reads again.
    static let leastGeneration = 4 * mebibyte
    static let mostGeneration = 64 * mebibyte
    /// One is written to, one becomes tables, one is next.
    static let generations = 3
    /// Filled up sooner than that, the next are twice as large; not within that, half as large.
    static let generationGrowsWithin = Duration.seconds(2)
    static let generationShrinksAfter = Duration.seconds(120)
    /// How long a commit waits for a generation to become free before it is refused.
    static let generationPatience = Duration.seconds(10)
    /// How much less of a busy processor the thread has that writes tables: it has the time in which a generation fills.
    static let niceness: Int32 = 5
    /// Before a failed try to write tables is made again.
    static let viewPause = Duration.seconds(1)
    /// Tables of a family on level 0 before the next waits for a compaction: RocksDB does not slow ingestion down, and
    /// each read looks into all of them.
    static let levelZeroTables = 16

    // MARK: RocksDB

    /// Below the usual limit of 1,024 files a process, which sockets share.
    static let openFiles = 512
    /// Opening beside a daemon meets a table that is being removed, at most this often and with such pauses between, in
    /// microseconds: after a second it is damage.
    static let triesToRead = 20
    static let pauseBetweenTriesToRead: UInt32 = 50_000
    /// One compacts; the other is for what an upgrade leaves in memtables.
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
