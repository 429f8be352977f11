import CStorage

/// One commit as a record of the log: a head, then an entry for each key that it changed. Numbers are little-endian.
///
///     head   0 checksum (CRC-32C of all that follows, mixed with the folder's seal)   4 bytes, head and entries   8 number   16 epoch   20 "tgr1"
///     entry  0 family, or 128 + family: deleted   1 bytes of the key (three)   4 bytes of the value   8 key, value,
///            zeros up to 8 bytes
///
/// A record begins at a multiple of `alignment`. Numbers count the commits of a folder, without gaps; epochs count its
/// starts, so that what an earlier start left behind a torn record is not taken for what follows it.
package enum LogRecord {
    /// What a durable write past the system's cache needs: the largest sector that disks have.
    package static let alignment = 4_096
    static let headSize = 24
    static let entryHeadSize = 8
    static let deleted: UInt8 = 0x80
    static let mark = UInt32(littleEndian: 0x3172_6774)  // "tgr1"

    package static func padded(_ bytes: Int) -> Int { (bytes + alignment - 1) / alignment * alignment }

    /// The head of a record that stands whole at the beginning of `bytes`; nil where there is none.
    ///
    /// `seal` is the folder's own (`ViewRecord`): what a client makes the daemon write stands in files that are used
    /// again, and must never pass for a record.
    package static func read(_ bytes: UnsafeRawBufferPointer, seal: UInt32) -> Head? {
        guard let head = Head(bytes) else { return nil }
        let checked = UnsafeRawBufferPointer(rebasing: bytes[4..<head.bytes])
        return triggerd_crc32c(checked.baseAddress, checked.count) ^ seal == head.checksum ? head : nil
    }

    package struct Head {
        let checksum: UInt32
        /// Of head and entries, without the zeros behind them.
        package let bytes: Int
        package let number: UInt64
        package let epoch: UInt32

        /// Nil where that is no head, or tells of more than there is.
        fileprivate init?(_ record: UnsafeRawBufferPointer) {
            guard record.count >= headSize, record.number(at: 20, UInt32.self) == mark else { return nil }
            checksum = record.number(at: 0)
            bytes = Int(record.number(at: 4, UInt32.self))
            number = record.number(at: 8)
            epoch = record.number(at: 16)
            guard bytes >= headSize, bytes <= record.count else { return nil }
        }
    }

    /// What stands in a record that was read, in its order.
    package static func each<Fault: Error>(
        of record: UnsafeRawBufferPointer,
        _ head: Head,
        _ body: (Entry) throws(Fault) -> Void
    ) throws(Fault) {
        let record = UnsafeRawBufferPointer(rebasing: record[..<head.bytes])
        var at = headSize
        while at < head.bytes {
            try body(Entry(record, at: at))
            at += Entry.size(record, at: at)
        }
    }

    /// What stands in a record, one key after the other.
    package struct Entry {
        package let family: Family
        package let key: UnsafeRawBufferPointer
        /// Nil: deleted.
        package let value: UnsafeRawBufferPointer?

        init(family: Family, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?) {
            (self.family, self.key, self.value) = (family, key, value)
        }

        /// Of a record whose checksum was right: what does not read is a fault of the program.
        @inline(__always)
        init(_ bytes: UnsafeRawBufferPointer, at place: Int) {
            let (family, keyBytes, valueBytes) = Self.head(bytes, at: place)
            let keyStart = place + entryHeadSize
            let end = keyStart + keyBytes + valueBytes
            precondition(end <= bytes.count, "an entry of \(end - place) bytes at \(place) of \(bytes.count)")
            self.family = family
            key = UnsafeRawBufferPointer(rebasing: bytes[keyStart..<(keyStart + keyBytes)])
            let isThere = bytes[place] & deleted == 0
            value = isThere ? UnsafeRawBufferPointer(rebasing: bytes[(keyStart + keyBytes)..<end]) : nil
        }

        private static func head(
            _ bytes: UnsafeRawBufferPointer,
            at place: Int
        ) -> (Family, keyBytes: Int, valueBytes: Int) {
            guard let family = Family(rawValue: bytes[place] & ~deleted) else {
                preconditionFailure("an entry of family \(bytes[place]) in a record whose checksum is right")
            }
            return (family, keyBytes(bytes, at: place), Int(bytes.number(at: place + 4, UInt32.self)))
        }

        private static func keyBytes(_ bytes: UnsafeRawBufferPointer, at place: Int) -> Int {
            Int(bytes.number(at: place, UInt32.self) >> 8)
        }

        /// With head and zeros.
        static func size(_ bytes: UnsafeRawBufferPointer, at place: Int) -> Int {
            let content = keyBytes(bytes, at: place) + Int(bytes.number(at: place + 4, UInt32.self))
            return (entryHeadSize + content + 7) & ~7
        }
    }
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    func number<T: FixedWidthInteger>(at place: Int, _ type: T.Type = T.self) -> T {
        T(littleEndian: loadUnaligned(fromByteOffset: place, as: T.self))
    }
}
