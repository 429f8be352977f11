import CRocksDB
import Storage

/// Keys that are asked for together, with room for what is found; used again from call to call.
struct ManyKeys: ~Copyable {
    private(set) var count = 0
    private(set) var keys: UnsafeMutablePointer<UnsafePointer<CChar>?>
    private(set) var sizes: UnsafeMutablePointer<Int>
    private(set) var found: UnsafeMutablePointer<OpaquePointer?>
    private(set) var faults: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    /// Of each, the place that it had when they were filled in.
    private var indexes: [Int] = []
    private var room: Int
    private var text = ProtobufWriter()

    init(room: Int = 256) {
        self.room = room
        keys = .allocate(capacity: room)
        sizes = .allocate(capacity: room)
        found = .allocate(capacity: room)
        faults = .allocate(capacity: room)
    }

    deinit {
        free()
    }

    private func free() {
        keys.deallocate()
        sizes.deallocate()
        found.deallocate()
        faults.deallocate()
    }

    /// Replaces the keys: `write` appends the key of one element.
    mutating func fill<Element>(_ elements: [Element], _ write: (Element, inout ProtobufWriter) -> Void) {
        if elements.count > room {
            free()
            room = elements.count * 2
            keys = .allocate(capacity: room)
            sizes = .allocate(capacity: room)
            found = .allocate(capacity: room)
            faults = .allocate(capacity: room)
        }
        count = elements.count
        text.clear()
        for index in 0..<count {
            let start = text.count
            write(elements[index], &text)
            sizes[index] = text.count - start
        }
        // Only now does the text no longer move.
        var start = text.bytes.baseAddress
        for index in 0..<count {
            keys[index] = start?.assumingMemoryBound(to: CChar.self)
            start = start?.advanced(by: sizes[index])
            found[index] = nil
            faults[index] = nil
        }
        indexes = Array(0..<count)
    }

    func key(_ place: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: keys[place], count: sizes[place]) }

    func index(_ place: Int) -> Int { indexes[place] }

    /// Only those are asked for.
    mutating func keep(_ isWanted: (_ index: Int) -> Bool) {
        var kept = 0
        for place in 0..<count where isWanted(indexes[place]) {
            (keys[kept], sizes[kept], indexes[kept]) = (keys[place], sizes[place], indexes[place])
            kept += 1
        }
        count = kept
    }

    /// Why the value of this key could not be read; to be asked once.
    func fault(_ index: Int) -> RocksDBFault? {
        guard let text = faults[index] else { return nil }
        faults[index] = nil
        return RocksDBFault(taking: text)
    }

    func letGo() {
        for index in 0..<count {
            if let value = found[index] { rocksdb_pinnableslice_destroy(value) }
            if let text = faults[index] { rocksdb_free(text) }
        }
    }
}
