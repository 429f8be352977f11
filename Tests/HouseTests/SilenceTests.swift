import Foundation
import Testing

/// A guard that leaves without a word looks like one that forgot something.
struct SilenceTests {
    /// A checker passes over all that is none of its own.
    private static let others = ["Sources/torture/"]

    @Test(
        "a guard that only returns has its reason beside it, or its function says it",
        arguments: ["Sources", "plugins"]
    )
    func reasons(folder: String) throws {
        let others = Self.others.map { ImportTests.root.appendingPathComponent($0).path + "/" }
        var count = 0
        for file in try ImportTests.swiftFiles(in: folder) where !others.contains(where: file.path.hasPrefix) {
            let lines = try String(contentsOf: file, encoding: .utf8).split(
                separator: "\n",
                omittingEmptySubsequences: false
            )
            for (index, line) in lines.enumerated() where line.contains("else { return }") {
                count += 1
                let hasReason = Self.hasReason(lines, index)
                #expect(
                    hasReason,
                    "\(file.lastPathComponent):\(index + 1): refuse, or say why it is right to do nothing"
                )
            }
        }
        #expect(count > 5, "the guards are not found any more")
    }

    /// On its lines, on the one before them, or in the documentation of what it stands in.
    private static func hasReason(_ lines: [Substring], _ end: Int) -> Bool {
        guard let begin = lines[...end].lastIndex(where: { $0.contains("guard ") }) else { return true }
        if lines[max(0, begin - 1)...end].contains(where: { $0.contains("//") }) { return true }
        let function = lines[..<begin].lastIndex { line in
            depth(line) < depth(lines[begin]) && line.contains(#/\b(?:func|init|deinit|didSet)\b/#)
        }
        let above = function.flatMap { lines[..<$0].last { !$0.drop(while: \.isWhitespace).hasPrefix("@") } }
        return above?.contains("//") ?? false
    }

    private static func depth(_ line: Substring) -> Int {
        line.isEmpty ? .max : line.prefix(while: \.isWhitespace).count
    }
}
