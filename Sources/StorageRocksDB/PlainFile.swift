import Glibc
import Storage

/// A file of the data folder that is written over in place.
enum PlainFile {
    /// Opens it, or makes it. Not through a link, and nothing but a plain file of one name that others cannot write to:
    /// somebody else's file would be written over.
    static func open(_ path: String) throws(StoreError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else {
            if errno == ELOOP || errno == EISDIR { throw strange(path) }
            throw FolderLock.unusable(path, doing: "write", errno)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1 else {
            close(descriptor)
            throw strange(path)
        }
        if let fault = FileTrust.fault(of: status, path, .file) {
            close(descriptor)
            throw .unavailable(fault.description)
        }
        return descriptor
    }

    private static func strange(_ path: String) -> StoreError {
        .unavailable("\(path) is no plain file of one name: remove it, and start again")
    }
}
