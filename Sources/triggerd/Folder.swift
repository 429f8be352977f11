import Glibc
import SystemPackage

/// Folders of campaigns and of scenarios.
enum Folder {
    /// The campaign files of a folder, by name.
    static func campaignFiles(in folder: String) throws(Failure) -> [String] {
        let names: [String]
        do throws(Errno) {
            names = try entries(of: FilePath(folder))
        } catch {
            throw Failure(
                "the campaigns in \"\(folder)\" cannot be read: \(error)",
                "name a folder with --campaigns DIR"
            )
        }
        return names.filter { isCampaignFile($0) && !$0.hasPrefix(".") }.map { path(folder, $0) }
    }

    /// The file itself, or the campaign files of a folder.
    static func campaignFiles(of file: String) throws(Failure) -> [String] {
        guard isFolder(file) else { return [file] }
        let found = try campaignFiles(in: file)
        guard !found.isEmpty else { throw Failure("\(file): no campaign is in it: no .yaml, .yml or .json file") }
        return found
    }

    /// The file itself, or every YAML and JSON file of a folder and the folders in it, by name.
    static func scenarioFiles(of file: String) throws(Failure) -> [String] {
        guard isFolder(file) else { return [file] }
        var found: [String] = []
        var names = [""]
        // A link that leads back up would go on for ever: links to folders are not followed.
        while let name = names.popLast() {
            let folder = name.isEmpty ? file : path(file, name)
            do throws(Errno) {
                for entry in try entries(of: FilePath(folder)) {
                    let inner = name.isEmpty ? entry : path(name, entry)
                    if isFolder(path(file, inner), followsLinks: false) {
                        names.append(inner)
                    } else if isCampaignFile(entry) {
                        found.append(inner)
                    }
                }
            } catch {
                throw Failure("\(folder): cannot be read: \(error)")
            }
        }
        guard !found.isEmpty else { throw Failure("\(file): no scenario is in it: no .yaml, .yml or .json file") }
        return found.sorted().map { path(file, $0) }
    }

    static func isCampaignFile(_ name: String) -> Bool {
        ["yaml", "yml", "json"].contains(FilePath(name).extension)
    }

    /// Makes it, and those that it stands in, for this user alone.
    static func make(_ folder: FilePath) throws(Errno) {
        guard !folder.isEmpty, !isFolder(folder.string) else { return }
        try make(folder.removingLastComponent())
        guard mkdir(folder.string, 0o700) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
    }

    static func isFolder(_ path: String, followsLinks: Bool = true) -> Bool {
        var status = stat()
        let found = followsLinks ? stat(path, &status) : lstat(path, &status)
        return found == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func path(_ folder: String, _ name: String) -> String {
        FilePath(folder).appending(name).string
    }

    /// In the order of their names.
    private static func entries(of folder: FilePath) throws(Errno) -> [String] {
        guard let stream = opendir(folder.string) else { throw Errno(rawValue: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw Errno(rawValue: errno) }
        return names.sorted()
    }
}
