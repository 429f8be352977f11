import CStorage
import Glibc
import Storage

/// A file of the log: of a fixed size, written with zeros once and used again and again, so that a durable write
/// changes nothing but the blocks that it writes.
final class LogFile {
    let path: String
    let capacity: Int
    private let descriptor: Int32
    /// Past the system's cache; otherwise by way of it, and flushed.
    let isDirect: Bool
    /// Holds nothing but zeros.
    private(set) var isClean: Bool

    /// Opens one that is there.
    init(opening path: String) throws(StoreError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw PlainFile.unusable(path, doing: "open", errno) }
        (descriptor, isDirect) = try Self.open(path, O_RDWR)
        self.path = path
        // One that was cut or grew takes whole blocks of what there is.
        capacity = Int(status.st_size) / LogRecord.alignment * LogRecord.alignment
        isClean = false
    }

    /// Makes one, which has its name only when all of it is on disk.
    init(making path: String, capacity: Int) throws(StoreError) {
        let made = path + ".new"
        unlink(made)
        (descriptor, isDirect) = try Self.open(made, O_RDWR | O_CREAT | O_EXCL)
        self.path = path
        self.capacity = capacity
        isClean = false
        do throws(StoreError) {
            let reason = posix_fallocate(descriptor, 0, off_t(capacity))
            guard reason == 0 || reason == EOPNOTSUPP || reason == EINVAL else {
                throw PlainFile.unusable(made, doing: "make", reason)
            }
            try clear()
            guard rename(made, path) == 0 else { throw PlainFile.unusable(made, doing: "rename", errno) }
            FolderLock.flush(folder: FolderLock.parent(of: path))
        } catch {
            unlink(made)
            throw error
        }
    }

    deinit {
        close(descriptor)
    }

    private static func open(_ path: String, _ flags: Int32) throws(StoreError) -> (Int32, isDirect: Bool) {
        for direct in [triggerd_o_direct(), 0] {
            let descriptor = Glibc.open(path, flags | direct | O_DSYNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if descriptor >= 0 { return (descriptor, direct != 0) }
            // A volume that knows no O_DIRECT says so; it may have made the file all the same.
            guard errno == EINVAL, direct != 0 else { throw PlainFile.unusable(path, doing: "open", errno) }
            if flags & O_EXCL != 0 { unlink(path) }
        }
        preconditionFailure("the second try ends in a file or in an error")
    }

    /// Durable when it returns. `bytes` are aligned, in memory too.
    func write(_ bytes: UnsafeRawBufferPointer, at place: Int) throws(StoreError) {
        precondition(place + bytes.count <= capacity, "\(bytes.count) bytes at \(place) of \(capacity) in \(path)")
        isClean = false
        var written = 0
        while written < bytes.count {
            let count = pwrite(descriptor, bytes.baseAddress! + written, bytes.count - written, off_t(place + written))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.failed(path, errno) }
            // Where only a part went, what remains begins at a block.
            let whole = count == bytes.count - written ? count : count / LogRecord.alignment * LogRecord.alignment
            guard whole > 0 else { throw Self.failed(path, EIO) }
            written += whole
        }
    }

    private static func failed(_ path: String, _ reason: Int32) -> StoreError {
        .unavailable(
            "cannot write \(path): \(String(cString: strerror(reason))): make room or mend the volume; it goes on by itself"
        )
    }

    /// Nothing is left of what it held.
    func clear(from start: Int = 0) throws(StoreError) {
        let size = min(capacity, Limits.mebibyte)
        let zeros = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: LogRecord.alignment)
        defer { zeros.deallocate() }
        zeros.initializeMemory(as: UInt8.self, repeating: 0)
        var place = start
        while place < capacity {
            try write(UnsafeRawBufferPointer(rebasing: zeros[..<min(size, capacity - place)]), at: place)
            place += size
        }
        isClean = start == 0
    }

    /// What a write that failed may have left is taken back, as well as that can be.
    func takeBack(at place: Int) {
        let zeros = UnsafeMutableRawBufferPointer.allocate(
            byteCount: LogRecord.alignment,
            alignment: LogRecord.alignment
        )
        defer { zeros.deallocate() }
        zeros.initializeMemory(as: UInt8.self, repeating: 0)
        // The next commit is written over it in any case; only a crash before that could bring it back.
        try? write(UnsafeRawBufferPointer(zeros), at: place)
    }
}

/// What a file of the log holds, read whole.
struct LogFileContent: ~Copyable {
    let bytes: UnsafeRawBufferPointer

    /// Nil where there is no such file.
    init?(_ path: String) throws(StoreError) {
        // Not through a link, and nothing that would keep who opens it waiting.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw Self.unreadable(path)
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Self.unreadable(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            errno = EINVAL
            throw Self.unreadable(path)
        }
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, Int(status.st_size)), alignment: 16)
        var got = 0
        while got < Int(status.st_size) {
            let count = pread(file, room.baseAddress! + got, Int(status.st_size) - got, off_t(got))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                room.deallocate()
                throw Self.unreadable(path)
            }
            if count == 0 { break }  // It was cut just now.
            got += count
        }
        bytes = UnsafeRawBufferPointer(start: room.baseAddress, count: got)
    }

    deinit {
        bytes.deallocate()
    }

    private static func unreadable(_ path: String) -> StoreError {
        .damaged(
            "\(path) cannot be read: \(String(cString: strerror(errno)))",
            cure: "look into the volume's health, and restore the data folder from a copy"
        )
    }
}
