import Glibc

/// The files of a database, by their names.
struct StoreFiles {
    private(set) var logs: [UInt64] = []
    private(set) var hasTables = false
    /// The MANIFEST that CURRENT names; nil where it names none.
    private(set) var manifest: UInt64?
    private(set) var hasCurrent = false
    let folder: String

    init(_ folder: String) {
        self.folder = folder
        if let listing = opendir(folder) {
            defer { closedir(listing) }
            while let entry = readdir(listing) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name.hasSuffix(".log"), let number = UInt64(name.dropLast(4)) { logs.append(number) }
                if name.hasSuffix(".sst") { hasTables = true }
            }
        }
        logs.sort()
        readCurrent()
    }

    var bytesOfLogs: Int { logs.reduce(0) { $0 + (RocksDBLog(log($1))?.size ?? 0) } }

    func log(_ number: UInt64) -> String { "\(folder)/\(Self.padded(number)).log" }
    func manifest(_ number: UInt64) -> String { "\(folder)/MANIFEST-\(Self.padded(number))" }
    var current: String { folder + "/CURRENT" }

    /// What names no MANIFEST leaves none: `FolderCheck` says what that means in the folder.
    private mutating func readCurrent() {
        let file = open(current, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }  // `hasCurrent` says it.
        defer { close(file) }
        hasCurrent = true
        let text = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { room in
            String(decoding: room.prefix(max(0, read(file, room.baseAddress, room.count))), as: UTF8.self)
        }
        guard text.hasPrefix("MANIFEST-"), text.hasSuffix("\n"),
            let number = UInt64(text.dropFirst(9).dropLast()), text == "MANIFEST-\(Self.padded(number))\n"
        else { return }
        manifest = number
    }

    private static func padded(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }
}
