import Engine
import Glibc
import Storage

/// The log of a data folder: commits go to its files, and stay in memory until the view has them.
///
/// One thread commits, one stores (`ViewWriter`), and any may ask for all that was committed to be stored.
final class CommitLog: @unchecked Sendable {
    // `monitor` guards everything that changes, but for `memory`, which has a lock of its own.
    let memory: Generations
    private let files: LogFolder
    private let monitor = Monitor()
    private let committed: CommittedFile
    /// The folder of RocksDB.
    private let database: String
    private var record: LogRecordWriter
    private let seal: UInt32
    /// Of the commit that comes next.
    private(set) var next: UInt64
    let epoch: UInt32
    /// The last is written to; those before it wait for the view, the oldest first.
    private var stretches: [Stretch]
    private var idle: [LogFile]
    private var activeSince = ContinuousClock.now
    /// In bytes, of the files that are made from now on.
    private var size: Int
    /// Why the view does not follow just now.
    private var failure: StoreError?
    private var isStopping = false

    /// A file of the log, and what it holds in memory.
    struct Stretch {
        let file: LogFile
        let generation: Generation
    }

    init(
        _ recovered: RecoveredLog,
        files: LogFolder,
        epoch: UInt32,
        seal: UInt32,
        committed: CommittedFile,
        database: String
    ) throws(StoreError) {
        record = LogRecordWriter(seal: seal)
        (self.seal, self.database) = (seal, database)
        (memory, self.files, self.epoch, self.committed) = (recovered.memory, files, epoch, committed)
        (next, stretches, idle) = (recovered.next, recovered.stretches, recovered.idle)
        size = max(Limits.leastGeneration, (stretches.map(\.file) + idle).map(\.capacity).max() ?? 0)
        size = min(size, Limits.mostGeneration)
        while stretches.count + idle.count < Limits.generations { idle.append(try files.make(Limits.leastGeneration)) }
        if stretches.isEmpty { begin(idle.removeFirst()) }
    }

    var isDirect: Bool { monitor.locked { active.file.isDirect } }
    private var active: Stretch { stretches[stretches.count - 1] }

    // MARK: Committing

    /// Durable when it returns, and seen by readers.
    func commit(_ changes: Changes) throws(StoreError) {
        try monitor.locked { () throws(StoreError) in
            let bytes = record.encode(changes, number: next, epoch: epoch)
            if active.generation.used + bytes.count > active.generation.capacity { try turn(room: bytes.count) }
            let place = active.generation.used
            do throws(StoreError) {
                try active.file.write(bytes, at: place)
            } catch {
                active.file.takeBack(at: place)
                throw error
            }
            guard let head = LogRecord.read(bytes, seal: seal) else {
                preconditionFailure("commit \(next) does not read")
            }
            memory.enter(bytes, head)
            next += 1
            committed.note(next: next)
        }
    }

    /// Whether a commit would have to wait, and for what.
    func checkWritable() throws(StoreError) {
        try monitor.locked { () throws(StoreError) in
            guard let failure, idle.isEmpty, active.generation.used * 2 > active.generation.capacity else { return }
            throw failure
        }
    }

    /// Goes on in the next file, which has room for a record of so many bytes.
    private func turn(room: Int) throws(StoreError) {
        let filled = ContinuousClock.now - activeSince
        if filled < Limits.generationGrowsWithin { size = min(size * 2, Limits.mostGeneration) }
        if filled > Limits.generationShrinksAfter { size = max(size / 2, Limits.leastGeneration) }
        let patience = ContinuousClock.now + Limits.generationPatience
        while idle.isEmpty {
            if let failure { throw failure }
            guard monitor.wait(until: patience) else {
                throw .unavailable("the disk does not keep up with what is committed; it goes on by itself")
            }
        }
        if let large = idle.firstIndex(where: { $0.capacity >= room }) {
            begin(idle.remove(at: large))
        } else {
            let large = try files.make(LogRecord.padded(max(room, size)))
            let small = idle.removeFirst()
            begin(large)
            try? files.remove(small)  // One that stays is removed by the next start.
        }
    }

    private func begin(_ file: LogFile) {
        let generation = Generation(capacity: file.capacity, first: next)
        memory.append(generation)
        stretches.append(Stretch(file: file, generation: generation))
        activeSince = .now
        monitor.signal()
    }

    // MARK: Storing

    /// What waits for the view and was filled first; waits for it. Nil: the log is closed.
    func takeFilled() -> Generation? {
        monitor.locked {
            while stretches.count < 2, !isStopping { monitor.wait() }
            return isStopping ? nil : stretches[0].generation
        }
    }

    /// How far the view is when it has all of it.
    func view(through generation: Generation) -> ViewRecord {
        ViewRecord(next: generation.next, epoch: epoch, seal: seal)
    }

    var isClosing: Bool { monitor.locked { isStopping } }

    /// The view has all of it: its memory is free, and its file is next in turn.
    func stored(_ generation: Generation) {
        let manifest = CommittedFile.flushedManifest(in: database)
        let file = monitor.locked {
            precondition(stretches.count > 1 && stretches[0].generation === generation, "not the oldest was stored")
            memory.remove(generation)
            committed.note(manifest)
            failure = nil
            return stretches.removeFirst().file
        }
        let next = renewed(file)
        monitor.locked {
            idle.append(next)
            monitor.signal()
        }
    }

    /// In the size that is wanted by now.
    private func renewed(_ file: LogFile) -> LogFile {
        let size = monitor.locked { self.size }
        guard file.capacity != size else { return file }
        do throws(StoreError) {
            let made = try files.make(size)
            try files.remove(file)
            return made
        } catch {
            return file  // There is no room for another; this one serves as well.
        }
    }

    /// The database was opened anew.
    func noteManifest() {
        let manifest = CommittedFile.flushedManifest(in: database)
        monitor.locked { committed.note(manifest) }
    }

    func failed(_ error: StoreError) {
        monitor.locked {
            failure = error
            monitor.signal()
        }
    }

    /// Waits so long, unless the log is closed.
    func pause(_ length: Duration) {
        monitor.locked {
            let end = ContinuousClock.now + length
            while !isStopping, monitor.wait(until: end) {}
        }
    }

    // MARK: On the whole

    /// Everything committed until now gets into the view, and no file keeps any of it.
    func storeAll() throws(StoreError) {
        let clean = try takeClean()
        try monitor.locked { () throws(StoreError) in
            begin(clean)
            let last = stretches[stretches.count - 2].generation
            while stretches.contains(where: { $0.generation === last }) {
                if let failure { throw failure }
                if isStopping { throw .unavailable("the store is being closed") }
                monitor.wait()
            }
        }
        while let dirty = takeIdle(where: { !$0.isClean }) {
            defer { giveBack(dirty) }
            try dirty.clear()
        }
    }

    private func takeClean() throws(StoreError) -> LogFile {
        let patience = ContinuousClock.now + Limits.generationPatience
        while true {
            if let file = takeIdle(where: { _ in true }) {
                do throws(StoreError) {
                    if !file.isClean { try file.clear() }
                    return file
                } catch {
                    giveBack(file)
                    throw error
                }
            }
            guard monitor.locked({ monitor.wait(until: patience) }) else {
                throw .unavailable("the disk does not keep up with what is committed")
            }
        }
    }

    private func takeIdle(where isWanted: (LogFile) -> Bool) -> LogFile? {
        monitor.locked { idle.firstIndex(where: isWanted).map { idle.remove(at: $0) } }
    }

    private func giveBack(_ file: LogFile) {
        monitor.locked {
            idle.append(file)
            monitor.signal()
        }
    }

    func close() {
        monitor.locked {
            isStopping = true
            monitor.signal()
        }
    }
}

/// A lock, and a way to wait for what another thread does under it.
final class Monitor: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    @inline(__always)
    func locked<Result, Fault: Error>(_ body: () throws(Fault) -> Result) throws(Fault) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body()
    }

    /// By whoever holds the lock, which is let go of meanwhile.
    func wait() { pthread_cond_wait(changed, lock) }

    /// False: it is later than `end`.
    func wait(until end: ContinuousClock.Instant) -> Bool {
        let left = end - .now
        guard left > .zero else { return false }
        var until = timespec()
        clock_gettime(CLOCK_MONOTONIC, &until)
        let (seconds, attoseconds) = left.components
        until.tv_sec += Int(seconds)
        until.tv_nsec += Int(attoseconds / 1_000_000_000)
        if until.tv_nsec >= 1_000_000_000 {
            until.tv_sec += 1
            until.tv_nsec -= 1_000_000_000
        }
        _ = pthread_cond_timedwait(changed, lock, &until)
        return true
    }

    func signal() { pthread_cond_broadcast(changed) }
}
