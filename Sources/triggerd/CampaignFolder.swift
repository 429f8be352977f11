import Foundation

/// Campaign files on disk.
enum CampaignFolder {
    /// The campaign files of a folder, by name.
    static func files(in folder: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
                .filter { ["yaml", "yml", "json"].contains(($0 as NSString).pathExtension) && !$0.hasPrefix(".") }
                .map { (folder as NSString).appendingPathComponent($0) }
        } catch {
            throw Failure("the campaigns in \(folder) cannot be read: \(Self.reason(error))")
        }
    }

    /// A file's text; `-` is standard input.
    static func text(of file: String) throws -> String {
        let data: Data
        do {
            data =
                try file == "-"
                ? FileHandle.standardInput.readToEnd() ?? Data() : Data(contentsOf: URL(fileURLWithPath: file))
        } catch {
            throw Failure("\(file): cannot be read: \(Self.reason(error))")
        }
        guard let text = String(validating: data, as: UTF8.self), !text.utf8.contains(0) else {
            throw Failure("\(file): not a text in UTF-8")
        }
        return text
    }

    private static func reason(_ error: any Error) -> String {
        ((error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError)?.localizedDescription
            ?? error.localizedDescription
    }
}
