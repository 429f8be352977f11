import Engine
import Foundation

/// The system's zone database, as it stood when it was read: a package that is replaced meanwhile changes no clock
/// half-way, and the thread that decides reads no file.
package struct ZoneDatabase: Sendable {
    /// Where it was read from; nil where the system has none and Foundation's own stands in.
    package let folder: String?
    /// As its makers count: `2025b`.
    package let version: String
    private var files: [String: [UInt8]]
    /// Names whose file stands where a zone's does and is none: cut, empty, something else.
    package private(set) var damaged: Set<String> = []

    /// `$TZDIR`, or where systems keep it.
    private static var folders: [String] {
        let own = ProcessInfo.processInfo.environment["TZDIR"].map { [$0] } ?? []
        return own + ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"]
    }

    package static func read() -> ZoneDatabase {
        for folder in folders {
            var found = ZoneDatabase(folder: folder, version: version(of: folder), files: [:])
            var left = HostLimits.bytesOfZones
            found.collect(folder, "", HostLimits.depthOfZones, &left)
            if !found.files.isEmpty || !found.damaged.isEmpty { return found }
        }
        return ZoneDatabase(folder: nil, version: TimeZone.timeZoneDataVersion, files: [:])
    }

    /// Nil for a name that no zone has (3.3.2).
    package func zone(_ name: String) -> Zone? {
        guard folder != nil else { return .known(toFoundation: name) }
        guard let file = files[name] else { return name == "UTC" ? .utc : nil }
        return Zone(name: name, file: file)
    }

    /// Reads it again, as in the middle of an update: of a zone whose file does not read, the one of before stays.
    package func readAgain() -> ZoneDatabase {
        var new = Self.read()
        for (name, file) in files where new.folder == folder {
            let isCut = new.files[name].map { $0 != file && Zone(name: name, file: $0) == nil } ?? false
            if isCut { new.damaged.insert(name) }
            if isCut || new.damaged.contains(name) { new.files[name] = file }
        }
        return new
    }

    /// Whether a zone of that name should be there and does not read.
    func isDamaged(_ name: String) -> Bool {
        damaged.contains(name) || files[name].map { Zone(name: name, file: $0) == nil } ?? false
    }

    /// Every file below it that begins as a zone does. Names are put together from what folders list, so that none
    /// leads elsewhere.
    private mutating func collect(_ folder: String, _ prefix: String, _ depth: Int, _ left: inout Int) {
        guard depth > 0, let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return }
        for name in names.sorted() where Self.isName(name) && !(prefix.isEmpty && Self.notZones.contains(name)) {
            guard files.count + damaged.count < HostLimits.zoneFiles, left > 0 else { return }
            switch Self.read("\(folder)/\(name)") {
            case .folder: collect("\(folder)/\(name)", "\(prefix)\(name)/", depth - 1, &left)
            case .zone(let bytes):
                files[prefix + name] = bytes
                left -= bytes.count
            case .noZone:
                // Beside the regions lie notes and tables; within them zones alone.
                if !prefix.isEmpty || Zone.isOfNoRegion(name) { damaged.insert(prefix + name) }
            case .other: break
            }
        }
    }

    /// Beside zones: the same with leap seconds, the same once more, and the system's own choice.
    private static let notZones: Set<String> = ["right", "posix", "posixrules", "localtime"]

    private static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private enum Entry {
        case folder
        case zone([UInt8])
        /// A file of something else.
        case noZone
        case other
    }

    private static func read(_ path: String) -> Entry {
        // Not to be held up by a pipe.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return .other }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .other }
        if status.st_mode & S_IFMT == S_IFDIR { return .folder }
        guard status.st_mode & S_IFMT == S_IFREG else { return .other }
        guard status.st_size > 44, status.st_size <= Zone.largestFile else { return .noZone }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
        guard count == bytes.count, bytes.starts(with: "TZif".utf8) else { return .noZone }
        return .zone(bytes)
    }

    /// `+VERSION` holds it alone, `tzdata.zi` in its first line; older ones say nothing.
    private static func version(of folder: String) -> String {
        func first(_ file: String) -> String? {
            guard let handle = FileHandle(forReadingAtPath: "\(folder)/\(file)") else { return nil }
            defer { try? handle.close() }
            guard let data = try? handle.read(upToCount: 100) else { return nil }
            return String(decoding: data, as: UTF8.self).split(separator: "\n").first.map(String.init)
        }
        let found =
            first("+VERSION")
            ?? first("tzdata.zi").flatMap { line in
                line.hasPrefix("# version ") ? String(line.dropFirst("# version ".count)) : nil
            }
        guard let found = found?.trimmingCharacters(in: .whitespaces), isName(found) else { return "unknown" }
        return found
    }

    /// For people: `2025b from /usr/share/zoneinfo`.
    package var description: String {
        let names = damaged.sorted().prefix(HostLimits.damagedZonesNamed).joined(separator: ", ")
        let more =
            damaged.count > HostLimits.damagedZonesNamed
            ? " and \(damaged.count - HostLimits.damagedZonesNamed) more" : ""
        return "\(version) from \(folder ?? "Foundation, since the system has no zone database")"
            + (damaged.isEmpty ? "" : "; no zone files: \(names)\(more)")
    }
}
