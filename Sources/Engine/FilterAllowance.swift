/// What the filters of one campaign may still take, while they are read: a condition is counted before it is made.
package struct FilterAllowance: Sendable {
    private var conditions = CampaignLimits.conditions
    private var patterns: PatternAllowance
    /// What a store holds was allowed once.
    package let isStored: Bool

    package init(patterns read: @escaping ReadPattern, isStored: Bool = false) {
        patterns = PatternAllowance(read, isStored: isStored)
        self.isStored = isStored
    }

    /// For the next campaign of the same file or request, which share what regular expressions take.
    package mutating func beginCampaign() {
        conditions = CampaignLimits.conditions
        patterns.beginCampaign()
    }

    /// One more condition, within so many others.
    package mutating func condition(depth: Int) throws(OperatorFault) {
        guard !isStored else { return }  // It was within the limits of its day.
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
        let found = try Filter.Operator(name: name, operand: subject.operand(operand), patterns: &patterns)
        if !isStored, let wanted = subject.wanted(insteadOf: found) {
            throw OperatorFault(text: "can never hold: \(wanted)")
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
            guard Filter.Operator.names.contains(name) else { throw OperatorFault(noOperator: name) }
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
