/// Where the keys of a campaign stand in the file that it was read from.
package struct CampaignPlaces: Hashable, Sendable {
    package var file: String
    /// By the key's path: `exceptions[0].where`.
    private var lines: [String: Int]

    package init(file: String, lines: [String: Int]) {
        (self.file, self.lines) = (file, lines)
    }

    /// The line of a path, or of the nearest key around it.
    package func line(of path: String) -> Int? {
        var path = Substring(path)
        while !path.isEmpty {
            if let line = lines[String(path)] { return line }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
            path = path[..<end]
        }
        return nil
    }
}
