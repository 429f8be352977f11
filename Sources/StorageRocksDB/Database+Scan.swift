import CRocksDB
import Storage

/// A walk over a family's keys, within bounds only, so that what was deleted outside of them costs nothing.
private struct Walk: ~Copyable {
    private let options: OpaquePointer
    private let iterator: OpaquePointer
    // RocksDB keeps the address of a bound, so both stay where they are until the walk has ended.
    private let lower: UnsafeMutableBufferPointer<CChar>
    private let upper: UnsafeMutableBufferPointer<CChar>?
    private let newestFirst: Bool

    init(_ handle: OpaquePointer, _ family: OpaquePointer, _ bounds: KeyRange, newestFirst: Bool) {
        self.newestFirst = newestFirst
        options = rocksdb_readoptions_create()
        rocksdb_readoptions_set_total_order_seek(options, 1)
        lower = Self.kept(bounds.lower)
        upper = bounds.upper.map(Self.kept)
        rocksdb_readoptions_set_iterate_lower_bound(options, lower.baseAddress, lower.count)
        if let upper { rocksdb_readoptions_set_iterate_upper_bound(options, upper.baseAddress, upper.count) }
        iterator = rocksdb_create_iterator_cf(handle, options, family)
    }

    /// What the walk sees was settled when it was made; this reads.
    func begin() {
        if newestFirst { rocksdb_iter_seek_to_last(iterator) } else { rocksdb_iter_seek_to_first(iterator) }
    }

    deinit {
        rocksdb_iter_destroy(iterator)
        rocksdb_readoptions_destroy(options)
        lower.deallocate()
        upper?.deallocate()
    }

    private static func kept(_ key: [UInt8]) -> UnsafeMutableBufferPointer<CChar> {
        let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: key.count)
        _ = copy.initialize(from: key.lazy.map { CChar(bitPattern: $0) })
        return copy
    }

    var isValid: Bool { rocksdb_iter_valid(iterator) != 0 }

    var key: UnsafeRawBufferPointer {
        var size = 0
        let start = rocksdb_iter_key(iterator, &size)
        return UnsafeRawBufferPointer(start: start, count: size)
    }

    var value: UnsafeRawBufferPointer {
        var size = 0
        let start = rocksdb_iter_value(iterator, &size)
        return UnsafeRawBufferPointer(start: start, count: size)
    }

    func next() {
        if newestFirst { rocksdb_iter_prev(iterator) } else { rocksdb_iter_next(iterator) }
    }

    var fault: RocksDBFault? {
        var fault: UnsafeMutablePointer<CChar>?
        rocksdb_iter_get_error(iterator, &fault)
        return fault.map { RocksDBFault(taking: $0) }
    }
}

extension Database {
    /// Walks the keys of a range as they stand at one moment, what is in `memory` before what is in tables, until `body`
    /// gives false. Blocks of tables that do not read are passed over, and told to `damaged`.
    func scan<Fault: Error>(
        _ family: Family,
        _ range: KeyRange = KeyRange(),
        over memory: Generations?,
        newestFirst: Bool = false,
        damaged: (RocksDBFault) -> Void,
        failing: (RocksDBFault) -> Fault,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(Fault) -> Bool
    ) throws(Fault) {
        guard let column = columns[family.index] else { return }
        var range = range
        var newer: GenerationWalk?
        memory?.sort(family)
        // Where the walk was: an iterator that breaks off tells no key any more.
        var last = ProtobufWriter(capacity: 128)
        while true {
            last.clear()
            let walk = walk(column, range, newestFirst: newestFirst, over: memory) { reader in
                // What comes behind damage goes on with what memory held when the walk began.
                newer = newer ?? reader.walk(family, range, newestFirst: newestFirst)
            }
            walk.begin()
            while walk.isValid {
                while let entry = newer?.current, newer?.isBefore(walk.key) == true {
                    if let value = entry.value, try !body(entry.key, value) { return }
                    newer?.advance()
                }
                if let entry = newer?.current, newer?.isAt(walk.key) == true {
                    if let value = entry.value, try !body(entry.key, value) { return }
                    newer?.advance()
                } else {
                    guard try body(walk.key, walk.value) else { return }
                }
                last.clear()
                last.append(walk.key)
                walk.next()
            }
            guard let fault = walk.fault else { break }
            guard fault.isCorruption else { throw failing(fault) }
            damaged(fault)
            let edge = last.count > 0 ? Array(last.bytes) : newestFirst ? range.upper : range.lower
            guard let rest = behindDamage(column, range, edge, newestFirst: newestFirst) else { break }
            range = rest
        }
        while let entry = newer?.current {
            if let value = entry.value, try !body(entry.key, value) { return }
            newer?.advance()
        }
    }

    /// Both begin at one moment: nothing goes over from memory into tables between them.
    private func walk(
        _ column: OpaquePointer,
        _ range: KeyRange,
        newestFirst: Bool,
        over memory: Generations?,
        _ begin: (Generations.Reader) -> Void
    ) -> Walk {
        guard let memory else { return Walk(handle, column, range, newestFirst: newestFirst) }
        return memory.reading { reader in
            begin(reader)
            return Walk(handle, column, range, newestFirst: newestFirst)
        }
    }

    /// The part of a range behind a block that does not read, found by asking ever further away, then ever nearer. Nil
    /// where nothing of it is left.
    private func behindDamage(
        _ column: OpaquePointer,
        _ range: KeyRange,
        _ edge: [UInt8]?,
        newestFirst: Bool
    ) -> KeyRange? {
        func rest(_ key: KeyNumber) -> KeyRange? {
            newestFirst ? range.below(key.bytes) : range.from(key.bytes)
        }
        func reads(_ key: KeyNumber) -> Bool {
            guard let rest = rest(key) else { return true }
            let walk = Walk(handle, column, rest, newestFirst: newestFirst)
            walk.begin()
            return !(walk.fault?.isCorruption ?? false)
        }
        var failing = KeyNumber(edge)
        var bit = 0
        while let next = failing.moved(bit, down: newestFirst), !reads(next) { bit += 1 }
        if bit > 0 {
            failing = failing.moved(bit - 1, down: newestFirst) ?? failing
            for bit in (0..<(bit - 1)).reversed() {
                if let next = failing.moved(bit, down: newestFirst), !reads(next) { failing = next }
            }
        }
        return failing.moved(0, down: newestFirst).flatMap(rest)
    }
}
