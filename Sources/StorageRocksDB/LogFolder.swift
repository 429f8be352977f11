import Glibc
import Storage
import Synchronization

/// The folder `log` of a data folder: files with numbers for names, in no order.
final class LogFolder {
    let path: String
    /// Of the newest file. Whoever commits makes files, and so does the view's thread.
    private let number: Mutex<Int>

    init(_ path: String) {
        self.path = path
        number = Mutex(Self.names(in: path).compactMap { Int($0) }.max() ?? 0)
    }

    /// Of the files that are whole.
    var names: [String] { Self.names(in: path) }

    private static func names(in path: String) -> [String] {
        guard let listing = opendir(path) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let isNumber = name.utf8.count <= 18 && name.utf8.allSatisfy { (0x30...0x39).contains($0) }
            if isNumber { names.append(name) }
        }
        return names.sorted { (Int($0) ?? 0) < (Int($1) ?? 0) }
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func make(_ capacity: Int) throws(StoreError) -> LogFile {
        let name = number.withLock { number in
            number += 1
            return "\(number)"
        }
        return try LogFile(making: file(name), capacity: capacity)
    }

    func remove(_ file: LogFile) throws(StoreError) {
        guard unlink(file.path) == 0 || errno == ENOENT else {
            throw PlainFile.unusable(file.path, doing: "remove", errno)
        }
    }

    /// In bytes, on disk.
    var bytes: Int {
        names.reduce(0) { sum, name in
            var status = stat()
            return sum + (stat(file(name), &status) == 0 ? Int(status.st_size) : 0)
        }
    }

    /// What a start that was broken off left.
    func removeUnfinished() {
        guard let listing = opendir(path) else { return }
        defer { closedir(listing) }
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".new") || name.hasSuffix(".sst") { unlink(file(name)) }
        }
    }
}
