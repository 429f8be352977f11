import Glibc
import Storage

/// The data folder, made where it is missing, and held by this process alone: a file `lock` that says which process
/// has it. The kernel lets go of it when the process ends, however it ends.
struct FolderLock: ~Copyable {
    private let descriptor: Int32

    init(folder: String) throws(StoreError) {
        try Self.make(folder)
        if let fault = FileTrust.fault(of: folder, .folder) { throw .unavailable(fault.description) }
        descriptor = try Self.hold(folder + "/lock")
    }

    deinit {
        Glibc.close(descriptor)
    }

    private static func hold(_ path: String) throws(StoreError) -> Int32 {
        let descriptor = try PlainFile.open(path)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            let holder = holder(descriptor)
            Glibc.close(descriptor)
            guard reason == EWOULDBLOCK else { throw PlainFile.unusable(path, doing: "lock", reason) }
            throw .locked(pid: holder)
        }
        let line = "\(getpid())\n"
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, line, line.utf8.count, 0) == line.utf8.count else {
            let reason = errno
            Glibc.close(descriptor)
            throw PlainFile.unusable(path, doing: "write", reason)
        }
        return descriptor
    }

    private static func holder(_ descriptor: Int32) -> Int32? {
        let text = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { buffer in
            let count = pread(descriptor, buffer.baseAddress, buffer.count, 0)
            return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        }
        return text.split(separator: "\n").first.flatMap { Int32($0) }
    }

    /// Makes the folder and those above it, each written through to the one that holds it.
    static func make(_ folder: String) throws(StoreError) {
        var status = stat()
        if stat(folder, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else { throw PlainFile.unusable(folder, doing: "use", ENOTDIR) }
            return
        }
        let parent = parent(of: folder)
        if parent != folder { try make(parent) }
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw PlainFile.unusable(folder, doing: "create", errno)
        }
        flush(folder: parent)
    }

    /// Names that were made or taken away in it are on disk then.
    static func flush(folder: String) {
        let opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 else { return }  // a folder that may be entered but not read has no other way
        fsync(opened)
        Glibc.close(opened)
    }

    static func parent(of folder: String) -> String {
        var path = Substring(folder)
        while path.count > 1, path.last == "/" { path = path.dropLast() }
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
