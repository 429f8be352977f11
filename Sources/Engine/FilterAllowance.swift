/// What the filters of one campaign may still take, while they are read: a condition is counted before it is made.
package struct FilterAllowance: Sendable {
    private var conditions = CampaignLimits.conditions
    private var patternSteps: Int
    /// What a store holds was allowed once.
    package let isStored: Bool

    /// `patternSteps` are what is left to a whole file or request.
    package init(patternSteps: Int = CampaignLimits.requestPatternSteps, isStored: Bool = false) {
        self.patternSteps = min(patternSteps, CampaignLimits.allPatternSteps)
        self.isStored = isStored
    }

    package static let stored = FilterAllowance(isStored: true)

    /// One more condition, within so many others.
    package mutating func condition(depth: Int) throws(OperatorFault) {
        guard !isStored else { return }
        guard depth <= CampaignLimits.depth else {
            throw OperatorFault(text: "conditions stand in each other more than \(CampaignLimits.depth) deep")
        }
        try takeCondition()
    }

    private mutating func takeCondition() throws(OperatorFault) {
        guard conditions > 0 else {
            throw OperatorFault(text: "more than \(CampaignLimits.conditions) conditions in one campaign")
        }
        conditions -= 1
    }

    /// Reads an operator of that subject.
    package mutating func `operator`(
        _ name: String,
        _ operand: Value,
        of subject: Filter.Subject
    ) throws(OperatorFault) -> Filter.Operator {
        if !isStored {
            try takeCondition()
            if case .array(let values) = operand, values.count > CampaignLimits.operands {
                throw OperatorFault(text: "takes at most \(CampaignLimits.operands) values, not \(values.count)")
            }
        }
        if case .object(let object) = operand { return try comparison(name, object, of: subject) }
        // No file can say it, and nothing is less or more.
        if !isStored, case .decimal(let decimal) = operand, !decimal.isFinite {
            throw OperatorFault(text: "needs a number, not \(decimal)")
        }
        let found = try Filter.Operator(name: name, operand: subject.operand(operand))
        if !isStored, let wanted = subject.wanted(insteadOf: found) {
            throw OperatorFault(text: "can never hold: \(wanted)")
        }
        if !isStored, let steps = found.patternSteps {
            guard steps <= CampaignLimits.patternSteps else {
                throw OperatorFault(
                    text: "takes too long to search for: \(steps) steps a character, at most "
                        + "\(CampaignLimits.patternSteps); a shorter or less repeated expression takes fewer"
                )
            }
            guard steps <= patternSteps else {
                throw OperatorFault(
                    text: "the regular expressions of a campaign take at most \(CampaignLimits.allPatternSteps) steps, "
                        + "those of a file \(CampaignLimits.requestPatternSteps)"
                )
            }
            patternSteps -= steps
        }
        return found
    }

    /// `{property: PATH}` in an operand's place (14).
    private func comparison(
        _ name: String,
        _ operand: Object,
        of subject: Filter.Subject
    ) throws(OperatorFault) -> Filter.Operator {
        guard operand.members.count == 1, let path = operand["property"]?.string else {
            throw OperatorFault(
                text: "takes a value or `{property: PATH}`, not \(Value.object(operand).shortened)"
            )
        }
        guard case .property = subject else {
            throw OperatorFault(
                text: "`{property: PATH}` is of the event that `where` asks; `\(subject)` is asked of the user"
            )
        }
        guard let comparison = Filter.Comparison(rawValue: name) else {
            // Of no operator it says which there are.
            guard Filter.Operator.names.contains(name) else { return try Filter.Operator(name: name, operand: .null) }
            let all = Filter.Comparison.allCases.map(\.rawValue).joined(separator: ", ")
            throw OperatorFault(
                text: "takes no `{property: PATH}`; \(all) do, and `eq: {property: \"list[]\"}` asks every element"
            )
        }
        return .compares(comparison, try self.path(path))
    }

    package func path(_ text: String) throws(OperatorFault) -> PropertyPath {
        guard isStored || text.utf8.count <= CampaignLimits.pathBytes else {
            throw OperatorFault(text: "a path has at most \(CampaignLimits.pathBytes) bytes")
        }
        // `same` was once a name alone, whatever it held.
        guard let path = PropertyPath(text) ?? (isStored ? PropertyPath("\"\(text)\"") : nil) else {
            throw OperatorFault(text: "\"\(text)\" is no path: names joined by '.', '[]' for every element")
        }
        return path
    }
}

extension Campaign {
    /// What its regular expressions take.
    package var patternSteps: Int {
        let occurrences = [trigger] + exceptions + conversions.map(\.occurrence)
        let filters = [audience, abortIf] + occurrences.map(\.where)
        return filters.reduce(0) { $0 + ($1?.patternSteps ?? 0) }
    }
}

extension Filter {
    fileprivate var patternSteps: Int {
        switch self {
        case .all(let filters), .any(let filters): filters.reduce(0) { $0 + $1.patternSteps }
        case .not(let filter): filter.patternSteps
        case .subject(_, let operators): operators.reduce(0) { $0 + ($1.patternSteps ?? 0) }
        }
    }
}

extension Filter.Operator {
    fileprivate var patternSteps: Int? {
        switch self {
        case .matches(let pattern), .notMatches(let pattern): pattern.steps
        default: nil
        }
    }
}
