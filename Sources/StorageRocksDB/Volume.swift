import Glibc
import Storage

/// The volume that a folder is on.
enum Volume {
    /// Nil where the system does not tell.
    static func freeBytes(of folder: String) -> Int? {
        var volume = statvfs()
        guard statvfs(folder, &volume) == 0 else { return nil }
        return Int(
            clamping: UInt64(volume.f_bavail).multipliedReportingOverflow(by: UInt64(volume.f_frsize)).partialValue
        )
    }

    /// What opening writes: the log's first files, what RocksDB's own log holds of an older folder, and small files.
    /// RocksDB ends the process where it has no room while it opens, so the volume is asked before.
    static func checkRoomToOpen(_ folder: String, and bytesOfLog: Int) throws(StoreError) {
        guard let free = freeBytes(of: folder) else { return }  // The system does not tell.
        let files = max(0, Limits.generations * Limits.leastGeneration - bytesOfLog)
        let needed = StoreFiles(folder).bytesOfLogs + files + Limits.reopenReserve
        guard free < needed else { return }  // There is room.
        throw .unavailable(
            "\(free >> 10) KiB are free for \(folder), and opening it takes up to \(needed >> 10) KiB: make room, and start again"
        )
    }

    /// A table of so many bytes is not begun where there may be no room for it.
    static func checkRoom(for bytes: Int, in folder: String) throws(StoreError) {
        guard let free = freeBytes(of: folder), free < bytes + Limits.reopenReserve else { return }
        throw .unavailable("\(free >> 10) KiB are free for \(folder), and tables need \(bytes >> 10): make room")
    }

    /// Whether a file can be written in the folder, and there is room for what opening writes.
    static func canWrite(in folder: String) -> Bool {
        guard let free = freeBytes(of: folder), free >= Limits.reopenReserve else { return false }
        let path = folder + "/probe"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer {
            close(descriptor)
            unlink(path)
        }
        let page = [UInt8](repeating: 0, count: 4_096)
        return write(descriptor, page, page.count) == page.count && fsync(descriptor) == 0
    }
}
