import Glibc
import Synchronization

/// A stretch of the log in memory, as its file has it: what was committed and is not yet in the view. Records are
/// entered once they are durable, so whoever reads here sees what was answered and nothing else.
///
/// One thread enters, holding what keeps readers out; any number read. What was entered stays where it is.
package final class Generation: @unchecked Sendable {
    /// In bytes, as much as its file holds.
    package let capacity: Int
    private let room: UnsafeMutableRawPointer
    /// Where the next record goes.
    package private(set) var used = 0
    /// The number of its first record, and of the one that comes next.
    package let first: UInt64
    package private(set) var next: UInt64
    /// By family, where entries stand, in the order in which they were written.
    private var places: [[Place]] = Array(repeating: [], count: Family.allCases.count)
    private var newest: KeyTable
    private let sorted = Family.allCases.map { _ in Sorted() }

    /// In steps of 8 bytes from the beginning.
    typealias Place = UInt32

    private final class Sorted: Sendable {
        let entries = Mutex(SortedEntries())
    }

    /// `first`: the number of the commit that comes next.
    package init(capacity: Int, first: UInt64) {
        precondition(capacity > 0 && capacity % LogRecord.alignment == 0, "a generation of \(capacity) bytes")
        self.capacity = capacity
        (self.first, next) = (first, first)
        // Pages are taken as they are written to.
        let mapped = mmap(nil, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let mapped, mapped != MAP_FAILED else {
            preconditionFailure("no room for \(capacity) bytes of the log: \(String(cString: strerror(errno)))")
        }
        room = mapped
        newest = KeyTable()
    }

    deinit {
        munmap(room, capacity)
    }

    private var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: room, count: capacity) }

    /// Takes in a record that is durable.
    package func enter(_ record: UnsafeRawBufferPointer, _ head: LogRecord.Head) {
        enter(record, head) { (_, _) in }
    }

    /// `visit`: each entry of a family that is asked by key, with the key's hash.
    @inline(__always)
    func enter(
        _ record: UnsafeRawBufferPointer,
        _ head: LogRecord.Head,
        _ visit: (LogRecord.Entry, UInt64) -> Void
    ) {
        let padded = LogRecord.padded(head.bytes)
        precondition(used + padded <= capacity, "\(padded) bytes behind \(used) of \(capacity)")
        precondition(head.number == next, "record \(head.number) behind \(next)")
        (room + used).copyMemory(from: record.baseAddress!, byteCount: head.bytes)
        next = head.number + 1
        var at = used + LogRecord.headSize
        let end = used + head.bytes
        used += padded
        while at < end {
            enter(at, visit)
            at += LogRecord.Entry.size(bytes, at: at)
        }
        precondition(at == end, "a record of \(head.bytes) bytes whose entries end at \(at - end) behind it")
    }

    @inline(__always)
    private func enter(_ at: Int, _ visit: (LogRecord.Entry, UInt64) -> Void) {
        let place = Place(at / 8)
        let entry = entry(place)
        places[Int(entry.family.rawValue)].append(place)
        guard entry.family.isAskedByKey else { return }  // It is only walked over.
        let hash = KeyTable.hash(entry.family, entry.key)
        newest.set(entry.family, entry.key, place, hash: hash, bytes)
        visit(entry, hash)
    }

    @inline(__always)
    func entry(_ place: Place) -> LogRecord.Entry { LogRecord.Entry(bytes, at: Int(place) * 8) }

    /// The newest entry of a key; nil: nothing is known of it here.
    package func find(_ family: Family, _ key: UnsafeRawBufferPointer, hash: UInt64) -> LogRecord.Entry? {
        newest.find(family, key, hash: hash, bytes).map(entry)
    }

    /// How many entries there are of a family, also those that later ones write over.
    package func count(_ family: Family) -> Int { places[family.index].count }

    /// The newest entry of each key, in the order of keys. Sorted when it is first asked for; what comes later is merged.
    package func sorted(_ family: Family) -> SortedEntries { sorted(family, places(of: family)) }

    /// Where a family's entries stand by now.
    func places(of family: Family) -> [Place] { places[family.index] }

    /// Of the first `places` at least. Needs no lock: what was entered stays where it is.
    @discardableResult
    func sorted(_ family: Family, _ places: [Place]) -> SortedEntries {
        sorted[family.index].entries.withLock { entries in
            entries.add(places, of: self)
            return entries
        }
    }
}
