import CRocksDB
import Glibc
import Storage

/// The file `committed` beside the database: how far its logs and its MANIFEST were on disk when the last commit
/// returned. A log that ends earlier than that has lost something; without this nobody could tell that from the torn
/// end that a crash leaves.
///
/// It is written over in place after each commit, and left to the system to bring to the disk: after `kill -9` it is
/// exact, after a power cut it may be some seconds old, and it is never ahead of what it tells of. A failure to write
/// it says nothing wrong, only less.
final class CommittedFile {
    private let files: String
    private let descriptor: Int32
    private var manifest = Growing(number: 0)
    private var logs: [CommittedRecord.File] = []
    private var log = Growing(number: 0)
    private var text = ProtobufWriter(capacity: 512)

    /// A file that grows, held open so that asking for its size is cheap.
    private struct Growing {
        var number: UInt64
        var descriptor: Int32 = -1
        var bytes: UInt64 = 0

        func size() -> UInt64 {
            var status = stat()
            return fstat(descriptor, &status) == 0 ? UInt64(status.st_size) : bytes
        }

        mutating func change(to number: UInt64, _ path: String) {
            if descriptor >= 0 { close(descriptor) }
            self = Growing(number: number, descriptor: open(path, O_RDONLY | O_CLOEXEC))
        }
    }

    /// Of a database that is open.
    init(_ path: String, of folder: String) throws(StoreError) {
        files = folder
        descriptor = try PlainFile.open(path)
        look()
        note()
        fsync(descriptor)
    }

    deinit {
        close(descriptor)
        if manifest.descriptor >= 0 { close(manifest.descriptor) }
        if log.descriptor >= 0 { close(log.descriptor) }
    }

    /// After a commit that was flushed, by the thread that made it.
    func note() {
        var size = log.size()
        if size == log.bytes {
            look()  // It went to a new log.
            size = log.size()
        }
        log.bytes = size
        if let last = logs.indices.last { logs[last].bytes = size }
        let length = manifest.size()
        if length != manifest.bytes, manifest.descriptor >= 0, fdatasync(manifest.descriptor) == 0 {
            // RocksDB flushes it as well, at a moment that we do not learn of.
            manifest.bytes = length
        }
        write()
    }

    /// Which files there are. A log that is not there any more was deleted by RocksDB, which has it in tables; of one
    /// that an earlier run left the same is true, and nothing is told.
    private func look() {
        let found = StoreFiles(files)
        if let number = found.manifest, number != manifest.number {
            manifest.change(to: number, found.manifest(number))
        }
        logs = found.logs.map { number in
            logs.first { $0.number == number } ?? CommittedRecord.File(number: number, bytes: 0)
        }
        if let number = found.logs.last, number != log.number { log.change(to: number, found.log(number)) }
    }

    private func write() {
        text.clear()
        CommittedRecord(
            manifest: CommittedRecord.File(number: manifest.number, bytes: manifest.bytes),
            logs: logs
        ).encode(into: &text)
        let head = (triggerd_crc32c(text.bytes.baseAddress, text.count).littleEndian, UInt32(text.count).littleEndian)
        var whole: [UInt8] = []
        whole.reserveCapacity(8 + text.count)
        withUnsafeBytes(of: head) { whole += $0 }
        whole += text.bytes
        _ = pwrite(descriptor, whole, whole.count, 0)
    }

    /// What the file at `path` says; nil where there is none.
    static func read(_ path: String) throws(Unreadable) -> CommittedRecord? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw Unreadable()
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count >= 8 else { throw Unreadable() }
        let record = bytes.withUnsafeBytes { bytes -> CommittedRecord? in
            let checksum = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
            let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
            guard length <= count - 8 else { return nil }
            let content = UnsafeRawBufferPointer(rebasing: bytes[8..<(8 + length)])
            guard triggerd_crc32c(content.baseAddress, length) == checksum else { return nil }
            return try? CommittedRecord.decode(content)
        }
        guard let record else { throw Unreadable() }
        return record
    }

    /// It is torn, or something else.
    struct Unreadable: Error {}
}
