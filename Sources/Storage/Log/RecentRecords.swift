import Glibc

/// Records that were committed last, as they were written, each once: more of them than generations hold, in less room
/// than they take decoded. A ring of bytes: what is new takes the room of what was written longest ago, and what still
/// fits its old room stays there, so that who comes often takes no other's.
struct RecentRecords: ~Copyable {
    /// An entry: 32 bits of its key's hash, the bytes of its room (this head included), of its key, of its value; then
    /// key and value.
    private static let headSize = 16
    /// Room is given in steps of it, so that a record may grow a little where it is.
    private static let step = 32
    /// The largest that is kept, as a share of all: one must not drop many.
    private static let largestShare = 256
    /// In place of a key's bytes: nothing stands here any more.
    private static let gone = UInt32.max

    private let capacity: Int
    private let room: UnsafeMutableRawPointer
    /// Where the next goes.
    private var next = 0
    /// Those of the lap before: the first that is still there, and behind the last.
    private var oldest = 0
    private var lapEnd = 0

    // Open addressing: 32 bits of the hash, by which it has its place, then in steps of 8 bytes where the entry stands,
    // and one. Zero: free.
    private var slots: UnsafeMutablePointer<UInt64>
    private var mask = 1_023
    private(set) var count = 0

    /// In bytes; zero: nothing is kept.
    init(capacity: Int) {
        self.capacity = capacity / Self.step * Self.step
        slots = .allocate(capacity: mask + 1)
        slots.initialize(repeating: 0, count: mask + 1)
        // Pages are taken as they are written to.
        let mapped = mmap(
            nil,
            max(self.capacity, Self.step),
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
            -1,
            0
        )
        guard let mapped, mapped != MAP_FAILED else {
            preconditionFailure("no room for \(capacity) bytes of records: \(String(cString: strerror(errno)))")
        }
        room = mapped
    }

    deinit {
        munmap(room, max(capacity, Self.step))
        slots.deallocate()
    }

    /// Good until the next change.
    @inline(__always)
    func find(_ key: UnsafeRawBufferPointer, hash: UInt64) -> UnsafeRawBufferPointer? {
        guard let slot = slot(of: key, Self.tag(hash)) else { return nil }
        let at = place(slot)
        return UnsafeRawBufferPointer(start: room + at + Self.headSize + key.count, count: Int(head(at).valueBytes))
    }

    /// Nil: it was deleted.
    mutating func set(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?, hash: UInt64) {
        let tag = Self.tag(hash)
        let content = Self.headSize + key.count + (value?.count ?? 0)
        if let slot = slot(of: key, tag) {
            let at = place(slot)
            if let value, content <= head(at).roomBytes { return write(value, behind: key, at) }
            remove(slot)
        }
        let wanted = (content + Self.step - 1) / Self.step * Self.step
        // What is deleted or too large is looked up elsewhere.
        guard let value, wanted <= capacity / Self.largestShare else { return }
        makeRoom(wanted)
        let at = next
        next += wanted
        store(tag, at, 0)
        store(UInt32(wanted), at, 4)
        store(UInt32(key.count), at, 8)
        if !key.isEmpty { (room + at + Self.headSize).copyMemory(from: key.baseAddress!, byteCount: key.count) }
        write(value, behind: key, at)
        insert(tag, at)
    }

    private func write(_ value: UnsafeRawBufferPointer, behind key: UnsafeRawBufferPointer, _ at: Int) {
        store(UInt32(value.count), at, 12)
        guard let start = value.baseAddress, !value.isEmpty else { return }  // A record may say nothing.
        (room + at + Self.headSize + key.count).copyMemory(from: start, byteCount: value.count)
    }

    // MARK: The ring

    /// So many bytes behind `next` hold nothing that is found.
    private mutating func makeRoom(_ bytes: Int) {
        if next + bytes > capacity {
            drop(before: lapEnd)
            (lapEnd, next, oldest) = (next, 0, 0)
        }
        drop(before: next + bytes)
    }

    private mutating func drop(before end: Int) {
        while oldest < min(end, lapEnd) {
            let head = head(oldest)
            if head.keyBytes != Self.gone, let slot = slot(at: oldest, head.tag) { remove(slot) }
            oldest += head.roomBytes
        }
    }

    private func head(_ at: Int) -> (tag: UInt32, roomBytes: Int, keyBytes: UInt32, valueBytes: UInt32) {
        (
            room.load(fromByteOffset: at, as: UInt32.self),
            Int(room.load(fromByteOffset: at + 4, as: UInt32.self)),
            room.load(fromByteOffset: at + 8, as: UInt32.self),
            room.load(fromByteOffset: at + 12, as: UInt32.self)
        )
    }

    @inline(__always)
    private func store(_ number: UInt32, _ at: Int, _ offset: Int) {
        room.storeBytes(of: number, toByteOffset: at + offset, as: UInt32.self)
    }

    // MARK: The table

    private static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) }
    private func home(_ tag: UInt32) -> Int { Int(tag) & mask }
    private func place(_ slot: Int) -> Int { (Int(slots[slot] & 0xFFFF_FFFF) - 1) * 8 }

    private func slot(of key: UnsafeRawBufferPointer, _ tag: UInt32) -> Int? {
        var slot = home(tag)
        while slots[slot] != 0 {
            if slots[slot] >> 32 == UInt64(tag) {
                let at = place(slot)
                let bytes = Int(head(at).keyBytes)
                if bytes == key.count,
                    UnsafeRawBufferPointer(start: room + at + Self.headSize, count: bytes).isEqual(to: key)
                {
                    return slot
                }
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    private func slot(at place: Int, _ tag: UInt32) -> Int? {
        let wanted = UInt64(tag) << 32 | UInt64(place / 8 + 1)
        var slot = home(tag)
        while slots[slot] != 0 {
            if slots[slot] == wanted { return slot }
            slot = (slot + 1) & mask
        }
        return nil
    }

    private mutating func insert(_ tag: UInt32, _ at: Int) {
        if (count + 1) * 2 > mask { grow() }
        count += 1
        put(UInt64(tag) << 32 | UInt64(at / 8 + 1))
    }

    private func put(_ entry: UInt64) {
        var slot = home(UInt32(truncatingIfNeeded: entry >> 32))
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = entry
    }

    /// Nothing is found there any more.
    private mutating func remove(_ slot: Int) {
        store(Self.gone, place(slot), 8)
        count -= 1
        // Those behind it that had to go on from there move up.
        var (hole, next) = (slot, (slot + 1) & mask)
        while slots[next] != 0 {
            let home = home(UInt32(truncatingIfNeeded: slots[next] >> 32))
            if (next - home) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = 0
    }

    private mutating func grow() {
        let (old, oldCount) = (slots, mask + 1)
        mask = oldCount * 2 - 1
        slots = .allocate(capacity: mask + 1)
        slots.initialize(repeating: 0, count: mask + 1)
        for index in 0..<oldCount where old[index] != 0 { put(old[index]) }
        old.deallocate()
    }
}
