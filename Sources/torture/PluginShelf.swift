import Glibc
import Host

/// The plug-ins, and what is loaded where one of them has vanished from its folder.
struct PluginShelf {
    let whole: PluginRegistry
    private(set) var lacking: [(name: String, plugins: PluginRegistry)] = []

    /// Those whose absence holds campaigns, or leaves messages without a channel.
    private static let vanishing = [
        "trigger-purchase", "trigger-custom-event", "trigger-attribute-changed", "trigger-campaign-interaction",
        "channel-email", "channel-in-app",
    ]

    /// Each folder that lacks one is made of links, loaded, and taken away.
    init(folder: String) throws {
        whole = try PluginRegistry(folder: folder)
        let all = try Folder.names(in: folder).filter { $0.hasPrefix("lib") && $0.hasSuffix(".so") }
        for name in Self.vanishing {
            let links = try Folder.temporary()
            defer { Folder.remove(links) }
            for file in all where file != "lib\(name).so" {
                try Folder.link("\(links)/\(file)", to: "\(folder)/\(file)")
            }
            lacking.append((name, try PluginRegistry(folder: links)))
        }
    }
}

/// Folders, by the C library.
private enum Folder {
    struct Problem: Error, CustomStringConvertible {
        let description: String
        init(_ path: String) { description = "\(path): \(String(cString: strerror(errno)))" }
    }

    static func names(in folder: String) throws(Problem) -> [String] {
        guard let handle = opendir(folder) else { throw Problem(folder) }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
            )
        }
        return names.sorted()
    }

    static func temporary() throws(Problem) -> String {
        var path = Array("/tmp/torture-XXXXXX".utf8CString)
        guard mkdtemp(&path) != nil else { throw Problem("/tmp") }
        return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func link(_ path: String, to file: String) throws(Problem) {
        var whole = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard realpath(file, &whole) != nil, symlink(whole, path) == 0 else { throw Problem(path) }
    }

    /// What is in it are links.
    static func remove(_ folder: String) {
        for name in (try? names(in: folder)) ?? [] where name != "." && name != ".." { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }
}
