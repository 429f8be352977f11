import CRocksDB
import Engine
import Glibc
import Storage

/// How long what grows with time is kept. Older records are dropped when RocksDB next rewrites the table that they
/// are in: never earlier, and about a week later at most.
package struct Retention: Sendable {
    /// For so long an item that comes again under its id is known.
    package var items: Length
    /// For so long a decision can be explained.
    package var decisions: Length
    /// For so long a message that was given up can be sent after all.
    package var failed: Length
    /// For so long a campaign can be tried on what came in.
    package var events: Length
    /// Asked on RocksDB's own threads.
    package var now: @Sendable () -> Instant

    package init(
        items: Length = .days(30),
        decisions: Length = .days(90),
        failed: Length = .days(30),
        events: Length = .days(30),
        now: @escaping @Sendable () -> Instant = Retention.systemNow
    ) {
        self.items = items
        self.decisions = decisions
        self.failed = failed
        self.events = events
        self.now = now
    }

    package static let systemNow: @Sendable () -> Instant = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

extension Retention {
    /// Makes, for each compaction, a filter that drops what is older then. RocksDB owns the result.
    func filterFactory(keeping: Length) -> OpaquePointer {
        let state = Unmanaged.passRetained(Sweep(keeping: keeping, now: now))
        return rocksdb_compactionfilterfactory_create(
            state.toOpaque(),
            { Unmanaged<Sweep>.fromOpaque($0!).release() },
            { state, _ in Unmanaged<Sweep>.fromOpaque(state!).takeUnretainedValue().filter() },
            { _ in UnsafeRawPointer(Sweep.name.utf8Start).assumingMemoryBound(to: CChar.self) }
        )
    }
}

/// What the filters of one family share.
private final class Sweep: Sendable {
    static let name: StaticString = "triggerd.age"
    let keeping: Length
    let now: @Sendable () -> Instant

    init(keeping: Length, now: @escaping @Sendable () -> Instant) {
        self.keeping = keeping
        self.now = now
    }

    func filter() -> OpaquePointer? {
        let oldest = UnsafeMutablePointer<Int64>.allocate(capacity: 1)
        let (difference, overflow) = now().milliseconds.subtractingReportingOverflow(keeping.milliseconds)
        oldest.initialize(to: overflow ? .min : difference)
        return rocksdb_compactionfilter_create(
            oldest,
            { $0!.assumingMemoryBound(to: Int64.self).deallocate() },
            { oldest, _, _, _, value, size, _, _, _ in
                // A record that does not tell its age stays, for `dump` to show.
                guard let instant = try? RecordAge.instant(UnsafeRawBufferPointer(start: value, count: size)) else {
                    return 0
                }
                return instant.milliseconds < oldest!.load(as: Int64.self) ? 1 : 0
            },
            { _ in UnsafeRawPointer(Sweep.name.utf8Start).assumingMemoryBound(to: CChar.self) }
        )
    }
}
