import Engine
import Glibc

/// The newest place of each key: open addressing over places in a generation, where the keys themselves stand.
struct KeyTable: ~Copyable {
    /// A slot: 32 bits of the hash, then the place and one; zero: free.
    private var slots: UnsafeMutablePointer<UInt64>
    private var mask: Int
    private var count = 0

    init() {
        mask = 1_023
        slots = .allocate(capacity: mask + 1)
        slots.initialize(repeating: 0, count: mask + 1)
    }

    deinit {
        slots.deallocate()
    }

    func find(
        _ family: Family,
        _ key: UnsafeRawBufferPointer,
        hash: UInt64,
        _ bytes: UnsafeRawBufferPointer
    ) -> Generation.Place? {
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            if let place = place(slot, of: family, key, hash, bytes) { return place }
            slot = (slot + 1) & mask
        }
        return nil
    }

    mutating func set(
        _ family: Family,
        _ key: UnsafeRawBufferPointer,
        _ place: Generation.Place,
        hash: UInt64,
        _ bytes: UnsafeRawBufferPointer
    ) {
        if count * 2 > mask { grow(bytes) }
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            if self.place(slot, of: family, key, hash, bytes) != nil { break }
            slot = (slot + 1) & mask
        }
        if slots[slot] == 0 { count += 1 }
        slots[slot] = (hash & ~0xFFFF_FFFF) | UInt64(place + 1)
    }

    @inline(__always)
    private func place(
        _ slot: Int,
        of family: Family,
        _ key: UnsafeRawBufferPointer,
        _ hash: UInt64,
        _ bytes: UnsafeRawBufferPointer
    ) -> Generation.Place? {
        guard slots[slot] >> 32 == hash >> 32 else { return nil }
        let place = Generation.Place(truncatingIfNeeded: slots[slot]) - 1
        let entry = LogRecord.Entry(bytes, at: Int(place) * 8)
        return entry.family == family && entry.key.isEqual(to: key) ? place : nil
    }

    private mutating func grow(_ bytes: UnsafeRawBufferPointer) {
        let (old, oldCount) = (slots, mask + 1)
        mask = oldCount * 2 - 1
        slots = .allocate(capacity: mask + 1)
        slots.initialize(repeating: 0, count: mask + 1)
        for index in 0..<oldCount where old[index] != 0 {
            let entry = LogRecord.Entry(bytes, at: (Int(truncatingIfNeeded: old[index] & 0xFFFF_FFFF) - 1) * 8)
            var slot = Int(truncatingIfNeeded: KeyTable.hash(entry.family, entry.key)) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = old[index]
        }
        old.deallocate()
    }

    static func hash(_ family: Family, _ key: UnsafeRawBufferPointer) -> UInt64 {
        SeededHash.of(key, seed: UInt64(family.rawValue))
    }
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    package func isEqual(to other: UnsafeRawBufferPointer) -> Bool {
        count == other.count && (count == 0 || memcmp(baseAddress!, other.baseAddress!, count) == 0)
    }

    /// By bytes, as RocksDB sorts.
    @inline(__always)
    package func isBefore(_ other: UnsafeRawBufferPointer) -> Bool {
        let shared = Swift.min(count, other.count)
        let order = shared == 0 ? 0 : memcmp(baseAddress!, other.baseAddress!, shared)
        return order == 0 ? count < other.count : order < 0
    }
}
