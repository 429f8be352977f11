/// Reads regular expressions, and counts what they may still take of their campaign and of the file or request that
/// holds it.
package struct PatternAllowance: Sendable {
    private let read: ReadPattern
    private let isStored: Bool
    private var stepsOfCampaign = CampaignLimits.allPatternSteps
    private var stepsOfFile = CampaignLimits.requestPatternSteps

    /// What a store holds was allowed once.
    package init(_ read: @escaping ReadPattern, isStored: Bool = false) {
        self.read = read
        self.isStored = isStored
    }

    /// Of the same file or request.
    mutating func beginCampaign() {
        stepsOfCampaign = CampaignLimits.allPatternSteps
    }

    package mutating func pattern(_ text: Text) throws(PatternFault) -> Pattern {
        guard !isStored else { return stored(text) }
        guard text.string.unicodeScalars.count <= CampaignLimits.patternLength else {
            throw PatternFault(text: "it is longer than \(CampaignLimits.patternLength) characters")
        }
        guard classes(of: text) <= CampaignLimits.patternClasses else {
            throw PatternFault(text: "it has more than \(CampaignLimits.patternClasses) of \\p")
        }
        guard min(stepsOfCampaign, stepsOfFile) > 0 else { throw Self.tooMuchTogether }
        var taken = CampaignLimits.patternSteps  // One that is refused has taken the time of the largest.
        defer { take(taken) }
        let pattern = try read(text)
        guard pattern.steps <= CampaignLimits.patternSteps else {
            throw PatternFault(
                text: "it takes too long to search for: \(pattern.steps) steps a byte, at most "
                    + "\(CampaignLimits.patternSteps); a shorter or less repeated expression takes fewer"
            )
        }
        guard pattern.steps <= min(stepsOfCampaign, stepsOfFile) else { throw Self.tooMuchTogether }
        taken = pattern.steps
        return pattern
    }

    private func stored(_ text: Text) -> Pattern {
        do throws(PatternFault) {
            return try read(text)
        } catch {
            return Pattern(text, unreadable: error)
        }
    }

    private func classes(of text: Text) -> Int {
        zip(text.utf8, text.utf8.dropFirst()).count { $0 == UInt8(ascii: "\\") && $1 | 0x20 == UInt8(ascii: "p") }
    }

    private mutating func take(_ steps: Int) {
        stepsOfCampaign = max(0, stepsOfCampaign - steps)
        stepsOfFile = max(0, stepsOfFile - steps)
    }

    private static let tooMuchTogether = PatternFault(
        text: "the regular expressions of a campaign take at most \(CampaignLimits.allPatternSteps) steps, those of a "
            + "file \(CampaignLimits.requestPatternSteps), and one that is refused \(CampaignLimits.patternSteps)"
    )
}

extension Campaign {
    /// The regular expressions of its filters that can be found nowhere, with the reason.
    package var unreadablePatterns: [(text: Text, fault: PatternFault)] {
        let occurrences = [trigger] + exceptions + conversions.map(\.occurrence)
        let filters = [audience, abortIf] + occurrences.map(\.where)
        return filters.flatMap { $0?.patterns ?? [] }.compactMap { pattern in pattern.fault.map { (pattern.text, $0) } }
    }
}

extension Filter {
    fileprivate var patterns: [Pattern] {
        switch self {
        case .all(let filters), .any(let filters): filters.flatMap(\.patterns)
        case .not(let filter): filter.patterns
        case .subject(_, let operators): operators.compactMap(\.pattern)
        }
    }
}

extension Filter.Operator {
    fileprivate var pattern: Pattern? {
        switch self {
        case .matches(let pattern), .notMatches(let pattern): pattern
        default: nil
        }
    }
}
