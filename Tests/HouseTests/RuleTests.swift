import Foundation
import Testing

/// Holds the numbers that decisions, warnings and refusals cite to the anchors of docs/rules.md.
struct RuleTests {
    /// What decides and refuses.
    private static let folders = ["Sources/Engine", "Sources/Core", "Sources/Host", "Sources/CampaignFiles"]
    /// Chapters that are cited as a whole.
    private static let chapters: Set<Substring> = ["13", "14"]

    @Test("every rule that is cited has its anchor in docs/rules.md")
    func anchored() throws {
        let anchors = try Self.anchors()
        var cited: Set<Substring> = []
        for file in try Self.folders.flatMap(ImportTests.swiftFiles) {
            let code = try String(contentsOf: file, encoding: .utf8).replacing(#/\/\/.*/#, with: "")
            for rule in Self.cited(in: code) {
                cited.insert(rule)
                #expect(anchors.contains(rule), "\(file.lastPathComponent) cites rule \(rule)")
            }
        }
        #expect(cited.count > 50, "the citations are not found any more")
        #expect(cited.isSuperset(of: Self.chapters), "a chapter is cited no more")
    }

    @Test("every anchor of docs/rules.md is cited, at least by a comment")
    func cited() throws {
        let files = try (Self.folders + ["Sources/Storage", "plugins"]).flatMap(ImportTests.swiftFiles)
        let text = try files.map { try String(contentsOf: $0, encoding: .utf8) }.joined(separator: "\n")
        let numbers = Set(text.matches(of: #/[0-9]+(?:\.[0-9]+)*/#).map(\.output))
        for anchor in try Self.anchors() { #expect(numbers.contains(anchor), "nobody cites \(anchor)") }
    }

    @Test("an anchor stands once, and its links lead to one")
    func links() throws {
        let page = try Self.page()
        let all = page.matches(of: #/<a id="([^"]+)">/#).map(\.output.1)
        #expect(Set(all).count == all.count)
        for link in page.matches(of: #/\]\(#([^)]+)\)/#) {
            #expect(all.contains(link.output.1), "#\(link.output.1) leads nowhere")
        }
    }

    /// Texts that are a rule's number: with a point, a chapter's, or one that is said to be a rule.
    private static func cited(in code: String) -> [Substring] {
        code.split(separator: "\n").flatMap { line in
            line.matches(of: #/"([1-9][0-9]?(?:\.[0-9]{1,2}){0,2})"/#).map(\.output.1).filter {
                $0.contains(".") || chapters.contains($0) || line.contains("rule: \"\($0)\"")
            }
        }
    }

    private static func anchors() throws -> Set<Substring> {
        Set(try page().matches(of: #/<a id="([0-9.]+)">/#).map(\.output.1))
    }

    private static func page() throws -> String {
        try String(contentsOf: ImportTests.root.appendingPathComponent("docs/rules.md"), encoding: .utf8)
    }
}
