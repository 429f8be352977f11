import Glibc

/// What was committed and is not yet in the view: generations, the oldest first. The last one is written to.
///
/// A reader looks here before it looks into the view. What leaves here is in the view by then, so what was answered is
/// always found in one of them. Users who came lately stay: nearly every event asks for one.
package final class Generations: @unchecked Sendable {
    // The lock guards `all`, what its last generation holds, and `recent`.
    private let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
    private var all: [Generation] = []
    private var recent: RecentRecords

    /// `recentBytes`: of users' records that are kept when their generation leaves.
    package init(recentBytes: Int) {
        recent = RecentRecords(capacity: recentBytes)
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

    // MARK: The writer

    package func append(_ generation: Generation) {
        writing { all.append(generation) }
    }

    package func enter(_ record: UnsafeRawBufferPointer, _ head: LogRecord.Head) {
        writing {
            all[all.count - 1].enter(record, head) { entry, hash in
                if entry.family == .users { recent.set(entry.key, entry.value, hash: hash) }
            }
        }
    }

    /// The view has all of it.
    package func remove(_ generation: Generation) {
        writing { all.removeAll { $0 === generation } }
    }

    private func writing(_ body: () -> Void) {
        pthread_rwlock_wrlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        body()
    }

    // MARK: Readers

    /// Sorts what a walk over the family needs, before it holds the writer up: of what comes meanwhile there is little.
    package func sort(_ family: Family) {
        let found = reading { reader in reader.all.map { ($0, $0.places(of: family)) } }
        for (generation, places) in found { generation.sorted(family, places) }
    }

    /// Nothing enters and nothing leaves during `body`.
    @inline(__always)
    package func reading<Result: ~Copyable, Fault: Error>(
        _ body: (Reader) throws(Fault) -> Result
    ) throws(Fault) -> Result {
        pthread_rwlock_rdlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        return try body(Reader(all: all, of: self))
    }

    package struct Reader {
        fileprivate let all: [Generation]
        fileprivate let of: Generations

        /// The newest entry of a key, good as long as the reading lasts; nil: the view knows.
        package func find(_ family: Family, _ key: UnsafeRawBufferPointer) -> LogRecord.Entry? {
            let hash = KeyTable.hash(family, key)
            if family == .users, let value = of.recent.find(key, hash: hash) {
                return LogRecord.Entry(family: family, key: key, value: value)
            }
            for generation in all.reversed() {
                if let entry = generation.find(family, key, hash: hash) { return entry }
            }
            return nil
        }

        /// Outlives the reading, and shows what was there during it.
        package func walk(_ family: Family, _ range: KeyRange, newestFirst: Bool) -> GenerationWalk {
            GenerationWalk(all, family, range, newestFirst: newestFirst)
        }
    }
}

/// A walk over a family's entries in several generations, of each key the newest.
package struct GenerationWalk {
    private var cursors: [Cursor] = []
    private let newestFirst: Bool
    /// The entry that the walk is at; nil: it has ended.
    package private(set) var current: LogRecord.Entry?

    private struct Cursor {
        let generation: Generation
        let entries: SortedEntries
        var next: Int
        /// Behind the last in the walk's direction.
        let end: Int

        func entry() -> LogRecord.Entry { entries.entry(next, of: generation) }
    }

    init(_ generations: [Generation], _ family: Family, _ range: KeyRange, newestFirst: Bool) {
        self.newestFirst = newestFirst
        // The newest generation first: of equal keys the first counts.
        for generation in generations.reversed() where generation.count(family) > 0 {
            let entries = generation.sorted(family)
            let low = range.lower.withUnsafeBytes { entries.firstIndex(from: $0, of: generation) }
            let high =
                range.upper?.withUnsafeBytes { entries.firstIndex(from: $0, of: generation) } ?? entries.count
            guard low < high else { continue }
            cursors.append(
                newestFirst
                    ? Cursor(generation: generation, entries: entries, next: high - 1, end: low - 1)
                    : Cursor(generation: generation, entries: entries, next: low, end: high)
            )
        }
        find()
    }

    /// Whether the walk is at a key that comes before `key` in its direction.
    package func isBefore(_ key: UnsafeRawBufferPointer) -> Bool {
        guard let current else { return false }
        return newestFirst ? key.isBefore(current.key) : current.key.isBefore(key)
    }

    package func isAt(_ key: UnsafeRawBufferPointer) -> Bool { current?.key.isEqual(to: key) ?? false }

    package mutating func advance() {
        guard let passed = current?.key else { return }  // It has ended.
        for index in cursors.indices where cursors[index].entry().key.isEqual(to: passed) {
            cursors[index].next += newestFirst ? -1 : 1
        }
        cursors.removeAll { $0.next == $0.end }
        find()
    }

    private mutating func find() {
        current = nil
        for cursor in cursors {
            let entry = cursor.entry()
            guard let found = current else {
                current = entry
                continue
            }
            let isEarlier = newestFirst ? found.key.isBefore(entry.key) : entry.key.isBefore(found.key)
            if isEarlier { current = entry }
        }
    }
}
