/// Entries of one family in the order of their keys, of each key the newest.
package struct SortedEntries: Sendable {
    private var items: [Item] = []
    /// So many of the family's entries are in it.
    private var taken = 0

    private struct Item {
        /// The key's first eight bytes as a number: most comparisons end there.
        let front: UInt64
        let place: Generation.Place
    }

    package var count: Int { items.count }

    package func entry(_ index: Int, of generation: Generation) -> LogRecord.Entry {
        generation.entry(items[index].place)
    }

    /// Those that begin from `taken` on.
    mutating func add(_ places: [Generation.Place], of generation: Generation) {
        guard taken < places.count else { return }
        let more = Self.sorted(places[taken...], of: generation)
        taken = places.count
        items = items.isEmpty ? more : Self.merged(items, more, of: generation)
    }

    /// The first whose key is not before `key`.
    package func firstIndex(from key: UnsafeRawBufferPointer, of generation: Generation) -> Int {
        var (low, high) = (0, items.count)
        while low < high {
            let middle = (low + high) / 2
            if generation.entry(items[middle].place).key.isBefore(key) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func sorted(_ places: ArraySlice<Generation.Place>, of generation: Generation) -> [Item] {
        var items = places.map { Item(front: front(generation.entry($0).key), place: $0) }
        items.sort { left, right in
            if left.front != right.front { return left.front < right.front }
            let (leftKey, rightKey) = (generation.entry(left.place).key, generation.entry(right.place).key)
            // The newest of a key comes first.
            return leftKey.isEqual(to: rightKey) ? left.place > right.place : leftKey.isBefore(rightKey)
        }
        var kept = 0
        for index in items.indices {
            if kept > 0, isSameKey(items[kept - 1], items[index], generation) { continue }
            items[kept] = items[index]
            kept += 1
        }
        items.removeLast(items.count - kept)
        return items
    }

    /// Of a key that both have, the one of `newer` stays.
    private static func merged(_ older: [Item], _ newer: [Item], of generation: Generation) -> [Item] {
        var merged: [Item] = []
        merged.reserveCapacity(older.count + newer.count)
        var at = 0
        for item in newer {
            while at < older.count, isBefore(older[at], item, generation) {
                merged.append(older[at])
                at += 1
            }
            if at < older.count, isSameKey(older[at], item, generation) { at += 1 }
            merged.append(item)
        }
        merged.append(contentsOf: older[at...])
        return merged
    }

    private static func isBefore(_ left: Item, _ right: Item, _ generation: Generation) -> Bool {
        if left.front != right.front { return left.front < right.front }
        return generation.entry(left.place).key.isBefore(generation.entry(right.place).key)
    }

    private static func isSameKey(_ left: Item, _ right: Item, _ generation: Generation) -> Bool {
        left.front == right.front && generation.entry(left.place).key.isEqual(to: generation.entry(right.place).key)
    }

    private static func front(_ key: UnsafeRawBufferPointer) -> UInt64 {
        if key.count >= 8 { return UInt64(bigEndian: key.loadUnaligned(as: UInt64.self)) }
        var front: UInt64 = 0
        for index in 0..<8 { front = front << 8 | (index < key.count ? UInt64(key[index]) : 0) }
        return front
    }
}
