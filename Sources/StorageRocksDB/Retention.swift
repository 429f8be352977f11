import CRocksDB
import Engine
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
    /// The instant that ages are counted to: the daemon's one door to time gives it. Asked on RocksDB's own threads.
    package var now: @Sendable () -> Instant

    package init(
        items: Length = .days(30),
        decisions: Length = .days(90),
        failed: Length = .days(30),
        events: Length = .days(30),
        now: @escaping @Sendable () -> Instant = Retention.keepsAll
    ) {
        self.items = items
        self.decisions = decisions
        self.failed = failed
        self.events = events
        self.now = now
    }

    /// Nothing is too old.
    package static let keepsAll: @Sendable () -> Instant = { Instant(milliseconds: 0) }
}

extension Retention {
    /// Makes, for each compaction, a filter that drops what is older then, and what was of users who were forgotten.
    /// RocksDB owns the result.
    func filterFactory(keeping: Length, _ family: Family, _ erasures: Erasures) -> OpaquePointer {
        let state = Unmanaged.passRetained(Sweep(keeping: keeping, now: now, family, erasures))
        return rocksdb_compactionfilterfactory_create(
            state.toOpaque(),
            { Unmanaged<Sweep>.fromOpaque($0!).release() },
            { state, _ in Unmanaged<Sweep>.fromOpaque(state!).takeUnretainedValue().filter() },
            { _ in UnsafeRawPointer(Sweep.name.utf8Start).assumingMemoryBound(to: CChar.self) }
        )
    }
}
