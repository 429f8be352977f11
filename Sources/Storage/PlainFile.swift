import Glibc

/// A file of the data folder that is written over in place.
package enum PlainFile {
    /// Opens it, or makes it. Not through a link, and nothing but a plain file of one name that others cannot write to:
    /// somebody else's file would be written over.
    package static func open(_ path: String) throws(StoreError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else {
            if errno == ELOOP || errno == EISDIR { throw strange(path) }
            throw unusable(path, doing: "write", errno)
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

    package static func unusable(_ path: String, doing what: String, _ reason: Int32) -> StoreError {
        let cure =
            switch reason {
            case EACCES, EPERM: "give user \(geteuid()) the right to write there, or choose another data folder"
            case EROFS: "mount it writable, or choose another data folder"
            case ENOSPC, EDQUOT: "make room on its volume"
            case ENOTDIR, EEXIST: "a file stands where a folder must be: remove it, or choose another data folder"
            default: "mend it, or choose another data folder"
            }
        return .unavailable("cannot \(what) \(path): \(String(cString: strerror(reason))): \(cure)")
    }
}
