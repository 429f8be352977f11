/// Why a name and an operand are no operator.
package struct OperatorFault: Error, Hashable, Sendable {
    package let text: String

    init(text: String) {
        self.text = text
    }

    init(noOperator name: String) {
        let names = Filter.Operator.names.joined(separator: ", ")
        text = "there is no operator \"\(name)\"; there are \(names)"
    }
}

extension Filter.Operator {
    /// Every operator's name, as campaign files write them.
    package static let names = [
        "eq", "neq", "gt", "gte", "lt", "lte", "any_of", "none_of", "contains_any_of", "contains_none_of", "before",
        "after", "more_than_days_ago", "less_than_days_ago", "includes", "excludes", "matches", "not_matches", "is",
    ]

    /// Reads an operator as a campaign file or a message has it. Throws what the operand gets wrong.
    package init(name: String, operand: Value, patterns: inout PatternAllowance) throws(OperatorFault) {
        switch name {
        case "eq": self = .equal(try Self.element(operand))
        case "neq": self = .notEqual(try Self.element(operand))
        case "gt": self = .greater(try Self.number(operand))
        case "gte": self = .greaterOrEqual(try Self.number(operand))
        case "lt": self = .less(try Self.number(operand))
        case "lte": self = .lessOrEqual(try Self.number(operand))
        case "any_of": self = .anyOf(try Self.choices(operand))
        case "none_of": self = .noneOf(try Self.choices(operand))
        case "contains_any_of": self = .containsAnyOf(try Self.texts(operand))
        case "contains_none_of": self = .containsNoneOf(try Self.texts(operand))
        case "before": self = .before(try Self.date(operand))
        case "after": self = .after(try Self.date(operand))
        case "more_than_days_ago": self = .moreThanDaysAgo(try Self.days(operand))
        case "less_than_days_ago": self = .lessThanDaysAgo(try Self.days(operand))
        case "includes": self = .includes(try Self.element(operand))
        case "excludes": self = .excludes(try Self.element(operand))
        case "matches": self = .matches(try Self.pattern(operand, &patterns))
        case "not_matches": self = .notMatches(try Self.pattern(operand, &patterns))
        case "is": self = try Self.state(operand)
        default: throw OperatorFault(noOperator: name)
        }
    }

    /// In quotes too (14).
    private static func number(_ operand: Value) throws(OperatorFault) -> Value {
        switch operand {
        case .integer, .decimal: return operand
        case .string(let text):
            guard let number = WrittenNumber(text.string) else { break }
            guard let value = number.value else {
                throw OperatorFault(
                    text: "\(operand.shortened) does not fit 64 bits; with an exponent (8.3e28) it is a decimal"
                )
            }
            return value
        default: break
        }
        throw OperatorFault(text: "needs a number, not \(operand.shortened)")
    }

    private static func texts(_ operand: Value) throws(OperatorFault) -> [Text] {
        let texts = operand.texts
        guard !texts.isEmpty, { if case .array(let all) = operand { all.count == texts.count } else { true } }()
        else {
            throw OperatorFault(text: "needs a list of strings, not \(operand.shortened)")
        }
        return texts
    }

    /// Texts, numbers, booleans; one alone is a list of one.
    private static func choices(_ operand: Value) throws(OperatorFault) -> [Value] {
        let all = if case .array(let elements) = operand { elements } else { [operand] }
        guard !all.isEmpty else { throw OperatorFault(text: "needs at least one value") }
        for each in all { _ = try element(each) }
        return all
    }

    private static func date(_ operand: Value) throws(OperatorFault) -> Instant {
        guard let date = operand.date else {
            throw OperatorFault(text: "needs a date in ISO 8601, not \(operand.shortened)")
        }
        return date
    }

    private static func days(_ operand: Value) throws(OperatorFault) -> Int64 {
        guard case .integer(let days) = try number(operand), (0...3_660_000).contains(days) else {
            throw OperatorFault(text: "needs a whole number of days from 0 to 3,660,000, not \(operand.shortened)")
        }
        return days
    }

    private static func pattern(
        _ operand: Value,
        _ patterns: inout PatternAllowance
    ) throws(OperatorFault) -> Pattern {
        guard let text = operand.text else {
            throw OperatorFault(text: "needs a regular expression, not \(operand.shortened)")
        }
        do throws(PatternFault) {
            return try patterns.pattern(text)
        } catch {
            throw OperatorFault(
                text: "\(Value.string(text).shortened) is no regular expression that can be searched for: \(error.text)"
            )
        }
    }

    private static func element(_ operand: Value) throws(OperatorFault) -> Value {
        switch operand {
        case .boolean, .integer, .decimal, .string: return operand
        case .null, .array, .object: throw OperatorFault(text: "needs one value, not \(operand.shortened)")
        }
    }

    private static func state(_ operand: Value) throws(OperatorFault) -> Self {
        switch operand {
        case "empty": return .isEmpty
        case "not_empty": return .isNotEmpty
        case "blank": return .isBlank
        case "not_blank": return .isNotBlank
        case "true", .boolean(true): return .isTrue
        case "false", .boolean(false): return .isFalse
        case "true_or_unset": return .isTrueOrUnset
        case "false_or_unset": return .isFalseOrUnset
        default:
            throw OperatorFault(
                text:
                    "needs blank, not_blank, empty, not_empty, true, false, true_or_unset or false_or_unset, not \(operand.shortened)"
            )
        }
    }
}

extension Filter.Subject {
    /// The operand as the subject has its values: a count and a sum are numbers, so what is asked of them is one, in
    /// quotes too; whether somebody can be reached is true or false (14).
    func operand(_ operand: Value) -> Value {
        switch (self, operand) {
        case (_, .array(let elements)): return .array(elements.map(self.operand))
        case (.eventCount, .string(let text)), (.purchaseTotal, .string(let text)):
            return WrittenNumber(text.string)?.value ?? operand
        case (.received, "true"), (.reachable, "true"): return true
        case (.received, "false"), (.reachable, "false"): return false
        default: return operand
        }
    }
}

extension Filter.Subject {
    /// What can be asked of the subject, where the operator can not: it would hold of everybody or of nobody.
    func wanted(insteadOf found: Filter.Operator) -> String? {
        switch self {
        case .property, .attribute: nil
        case .eventCount, .purchaseTotal:
            found.isOfNumbers ? nil : "this is a number, for eq, neq, gt, gte, lt, lte, any_of and none_of with numbers"
        case .lastEvent:
            found.isOfDates
                ? nil : "this is a date, for before, after, more_than_days_ago, less_than_days_ago and is: blank"
        case .received, .reachable: found.isOfBooleans ? nil : "this is true or false: write is: true, or is: false"
        }
    }
}

extension Filter.Operator {
    fileprivate var isOfNumbers: Bool {
        switch self {
        case .greater, .greaterOrEqual, .less, .lessOrEqual: true
        case .equal(let value), .notEqual(let value): value.isNumber
        case .anyOf(let values), .noneOf(let values): values.allSatisfy(\.isNumber)
        default: false
        }
    }

    fileprivate var isOfDates: Bool {
        switch self {
        case .before, .after, .moreThanDaysAgo, .lessThanDaysAgo, .isBlank, .isNotBlank: true
        default: false
        }
    }

    fileprivate var isOfBooleans: Bool {
        switch self {
        case .isTrue, .isFalse, .isTrueOrUnset, .isFalseOrUnset, .equal(.boolean), .notEqual(.boolean): true
        default: false
        }
    }
}

extension Value {
    fileprivate var isNumber: Bool {
        switch self {
        case .integer, .decimal: true
        case .null, .boolean, .string, .array, .object: false
        }
    }

    /// As much of it as an error says.
    var shortened: String {
        let text = description.unicodeScalars
        return text.count <= 100 ? description : String(text.prefix(100)) + "…"
    }
}

extension Message.Priority {
    /// As campaign files write it.
    package var name: String {
        switch self {
        case .low: "low"
        case .medium: "medium"
        case .high: "high"
        }
    }

    package init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}
