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

    /// What opening a database writes: the contents of its logs, as tables, and its own small files.
    static func bytesToOpen(_ folder: String) -> Int {
        StoreFiles(folder).bytesOfLogs + Limits.reopenReserve
    }

    /// RocksDB ends the process where it has no room while it opens, so the volume is asked before.
    static func checkRoomToOpen(_ folder: String) throws(StoreError) {
        guard let free = freeBytes(of: folder) else { return }  // The system does not tell.
        let needed = bytesToOpen(folder)
        guard free < needed else { return }  // There is room.
        throw .unavailable(
            "\(free >> 10) KiB are free for \(folder), and opening it takes up to \(needed >> 10) KiB: make room, and start again"
        )
    }
}
