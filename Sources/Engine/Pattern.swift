/// A regular expression that is found anywhere in a text, whatever the case of its letters (2.2, 13). The syntax is
/// that of Swift's `Regex`, without what no bounded search can do. A search takes at most time in proportion to
/// expression times text, whatever either holds: no place is looked at twice in one state.
package struct Pattern: Hashable, Sendable {
    package let text: String
    private let program: PatternProgram

    /// 2.2
    package static let longest = 32_764
    /// Counted repetitions multiply what they repeat. What a campaign may have is less (`CampaignLimits`); this much
    /// was once taken, and a folder may hold it.
    static let mostSteps = 20_000

    package init(_ text: String) throws(PatternFault) {
        guard text.unicodeScalars.count <= Self.longest else {
            throw PatternFault(text: "it is longer than \(Self.longest) characters")
        }
        // First, since it is bounded: Swift's own goes as deep as groups do.
        var parser = PatternParser(text)
        let tree = try parser.parse()
        program = try PatternProgram(tree)
        do {
            _ = try Regex(text)
        } catch {
            throw PatternFault(text: "\(error)")
        }
        self.text = text
    }

    /// What one character of a text costs at most.
    package var steps: Int { program.steps.count }

    package static func == (left: Self, right: Self) -> Bool { left.text == right.text }
    package func hash(into hasher: inout Hasher) { hasher.combine(text) }

    /// Whether some part of the text is one that the expression describes; nil where `work` did not suffice to tell.
    package func isFound(in text: String, within work: inout FilterWork) -> Bool? {
        var search = PatternSearch(program)
        return search.run(text, &work)
    }
}

/// Why a text is no regular expression, or none that can be searched for in bounded time.
package struct PatternFault: Error, Hashable, Sendable {
    package let text: String
}
