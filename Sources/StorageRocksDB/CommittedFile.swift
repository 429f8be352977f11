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
    private let files: String
    private let descriptor: Int32
    private var next: UInt64
    private var manifest = CommittedRecord.File(number: 0, bytes: 0)
    private var manifestFile: Int32 = -1
    private var text = ProtobufWriter(capacity: 512)

    /// Of a database that is open in `folder`.
    init(_ path: String, of folder: String, next: UInt64) throws(StoreError) {
        files = folder
        self.next = next
        descriptor = try PlainFile.open(path)
        noteManifest()
        fsync(descriptor)
    }

    deinit {
        close(descriptor)
        if manifestFile >= 0 { close(manifestFile) }
    }

    /// After a commit that is on disk.
    func note(next: UInt64) {
        self.next = next
        write()
    }

    /// After tables were taken, and after the database was opened anew.
    func noteManifest() {
        let found = StoreFiles(files)
        if let number = found.manifest, number != manifest.number {
            if manifestFile >= 0 { close(manifestFile) }
            manifest = CommittedRecord.File(number: number, bytes: 0)
            manifestFile = open(found.manifest(number), O_RDONLY | O_CLOEXEC)
        }
        var status = stat()
        guard manifestFile >= 0, fstat(manifestFile, &status) == 0, fdatasync(manifestFile) == 0 else { return write() }
        manifest.bytes = UInt64(status.st_size)
        write()
    }

    private func write() {
        text.clear()
        CommittedRecord(manifest: manifest, next: next).encode(into: &text)
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
