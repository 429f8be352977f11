import CStorage
import Glibc
import Storage

/// A log as RocksDB writes it, read without RocksDB: blocks of 32 KiB, in each records of a checksum, a length, a kind
/// and content; what does not fit a block goes on in the next. The write-ahead logs and the MANIFEST are such files.
struct RocksDBLog {
    let path: String
    let size: Int

    enum Kind: UInt8 {
        case full = 1
        case first, middle, last

        /// Whether something begins here that was written after all that stands before.
        var begins: Bool { self == .full || self == .first }
    }

    private static let blockSize = 32_768
    private static let headerSize = 7

    /// Nil where there is no such file.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        self.path = path
        size = Int(status.st_size)
    }

    /// Gives every record to `body`, until one is not whole. Gives where that is; the size where all are.
    func each(_ body: (Kind, UnsafeRawBufferPointer) -> Void = { _, _ in }) throws(StoreError) -> Int {
        var end = 0
        try blocks(from: 0) { start, block in
            let (read, isWhole) = Self.walk(block, from: 0, body)
            end = start + read
            return isWhole
        }
        return end
    }

    /// Whether what ends at `end` is not the torn end that a crash leaves. `known`: so many bytes were on disk once.
    func isDamaged(at end: Int, known: UInt64) throws(StoreError) -> Bool {
        if end < Int(clamping: known) { return true }
        return end < size ? try hasBeginning(behind: end) : false
    }

    /// Whether anything begins behind a record that is not whole. A log is flushed after each commit, so what begins
    /// later proves that what stands before was on disk once.
    private func hasBeginning(behind damage: Int) throws(StoreError) -> Bool {
        var isFound = false
        func look(_ kind: Kind, _: UnsafeRawBufferPointer) { if kind.begins { isFound = true } }
        let first = damage / Self.blockSize * Self.blockSize
        try blocks(from: first) { start, block in
            if start == first {
                // Its length may be what is damaged: the next record may stand anywhere in the block.
                var at = damage - start + 1
                while !isFound, at < block.count {
                    if let (kind, _) = Self.record(block, at), kind.begins { isFound = true }
                    at += 1
                }
            } else {
                _ = Self.walk(block, from: 0, look)
            }
            return !isFound
        }
        return isFound
    }

    private func blocks(
        from first: Int,
        _ body: (_ start: Int, UnsafeRawBufferPointer) -> Bool
    ) throws(StoreError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw unreadable() }
        defer { close(file) }
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 32 * Self.blockSize, alignment: 16)
        defer { room.deallocate() }
        var start = first
        while start < size {
            let got = pread(file, room.baseAddress, room.count, off_t(start))
            guard got > 0 else {
                if got < 0, errno == EINTR { continue }
                if got == 0 { return }
                throw unreadable()
            }
            let read = UnsafeRawBufferPointer(rebasing: room[..<got])
            for block in stride(from: 0, to: got, by: Self.blockSize) {
                let bytes = UnsafeRawBufferPointer(rebasing: read[block..<min(block + Self.blockSize, got)])
                guard body(start + block, bytes) else { return }  // Its caller has enough.
            }
            start += got
        }
    }

    /// Gives how far the records of a block are whole, and whether that is to its end.
    private static func walk(
        _ block: UnsafeRawBufferPointer,
        from start: Int,
        _ body: (Kind, UnsafeRawBufferPointer) -> Void
    ) -> (Int, isWhole: Bool) {
        var at = start
        while at < block.count {
            if blockSize - at < headerSize { return (block.count, true) }  // too little for a header: left empty
            guard let (kind, content) = record(block, at) else { return (at, false) }
            body(kind, content)
            at += headerSize + content.count
        }
        return (at, true)
    }

    private static func record(_ block: UnsafeRawBufferPointer, _ at: Int) -> (Kind, UnsafeRawBufferPointer)? {
        guard at + headerSize <= block.count, let kind = Kind(rawValue: block[at + 6]) else { return nil }
        let length = Int(block[at + 4]) | Int(block[at + 5]) << 8
        let end = at + headerSize + length
        guard end <= block.count else { return nil }
        let checked = UnsafeRawBufferPointer(rebasing: block[(at + 6)..<end])
        let checksum = triggerd_crc32c(checked.baseAddress, checked.count)
        // RocksDB turns its checksums, so that one of bytes that hold checksums is none of them.
        let turned = (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
        let stored = UInt32(littleEndian: block.loadUnaligned(fromByteOffset: at, as: UInt32.self))
        guard turned == stored else { return nil }
        return (kind, UnsafeRawBufferPointer(rebasing: block[(at + headerSize)..<end]))
    }

    private func unreadable() -> StoreError {
        .damaged(
            "\(path) cannot be read: \(String(cString: strerror(errno)))",
            cure: "look into the volume's health, and restore the data folder from a copy"
        )
    }
}
