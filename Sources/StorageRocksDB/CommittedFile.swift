import CStorage
import Glibc
import Storage

/// The file `committed` beside the database: the number of the commit that comes next, and how far the MANIFEST was on
/// disk. A log that ends earlier than that has lost something; without this nobody could tell that from the torn end that
/// a crash leaves.
///
/// It is written over in place after each commit, and left to the system to bring to the disk: after `kill -9` it is
/// exact, after a power cut it may be some seconds old, and it is never ahead of what it tells of. A failure to write
/// it says nothing wrong, only less.
final class CommittedFile {
    private let descriptor: Int32
    private var next: UInt64
    private var manifest: CommittedRecord.File
    private var record = ProtobufWriter(capacity: 512)

    init(_ path: String, next: UInt64, manifest: CommittedRecord.File) throws(StoreError) {
        (self.next, self.manifest) = (next, manifest)
        descriptor = try PlainFile.open(path)
        write()
        fsync(descriptor)
    }

    deinit {
        close(descriptor)
    }

    /// After a commit that is on disk.
    func note(next: UInt64) {
        self.next = next
        write()
    }

    /// After tables were taken, and after the database was opened anew.
    func note(_ manifest: CommittedRecord.File) {
        // Another thread may have told of a later one meanwhile.
        guard (manifest.number, manifest.bytes) > (self.manifest.number, self.manifest.bytes) else { return }
        self.manifest = manifest
        write()
    }

    /// Of the database in `folder`, as far as it is on disk now; waits until it is.
    static func flushedManifest(in folder: String) -> CommittedRecord.File {
        let files = StoreFiles(folder)
        guard let number = files.manifest else { return CommittedRecord.File(number: 0, bytes: 0) }
        let file = open(files.manifest(number), O_RDONLY | O_CLOEXEC)
        defer { if file >= 0 { close(file) } }
        var status = stat()
        guard file >= 0, fstat(file, &status) == 0, fdatasync(file) == 0 else {
            return CommittedRecord.File(number: number, bytes: 0)  // Nothing is known of it.
        }
        return CommittedRecord.File(number: number, bytes: UInt64(status.st_size))
    }

    private func write() {
        record.clear()
        record.zeros(8)
        CommittedRecord(manifest: manifest, next: next).encode(into: &record)
        let content = UnsafeRawBufferPointer(rebasing: record.bytes[8...])
        record.store(triggerd_crc32c(content.baseAddress, content.count), at: 0)
        record.store(UInt32(content.count), at: 4)
        _ = pwrite(descriptor, record.bytes.baseAddress, record.count, 0)
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
