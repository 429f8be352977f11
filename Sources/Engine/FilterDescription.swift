/// A filter as one line, for explanations and for telling filters apart.
extension Filter: CustomStringConvertible {
    package var description: String {
        switch self {
        case .all(let filters): "all(\(filters.map(\.description).joined(separator: ", ")))"
        case .any(let filters): "any(\(filters.map(\.description).joined(separator: ", ")))"
        case .not(let filter): "not(\(filter))"
        case .subject(let subject, let operators):
            operators.map { "\(subject) \($0)" }.joined(separator: " and ")
        }
    }

    /// Every subject that it reads, with what is known of it; null where nothing is.
    package func compared(_ facts: some Facts, now: Instant) -> Object {
        var found: [Object.Member] = []
        var names: Set<Text> = []
        for subject in subjects {
            let name = Text(subject.description)
            guard names.insert(name).inserted else { continue }  // Once, however many conditions ask for it.
            let values = facts.values(of: subject, now: now)
            let value: Value = subject.mayHaveSeveral ? .array(values) : values.first ?? .null
            found.append(Object.Member(name, value))
        }
        return Object(found)
    }
}

extension Filter.Subject: CustomStringConvertible {
    /// As a campaign file writes it; a property and an attribute by their path alone.
    package var description: String {
        switch self {
        case .property(let path), .attribute(let path): path.description
        case .eventCount(let event, let recent): "event_count \(event)" + Self.text(recent)
        case .lastEvent(let event, let recent): "last_event \(event)" + Self.text(recent)
        case .purchaseTotal(let currency, let recent): "purchase_total \(currency)" + Self.text(recent)
        case .received(let campaign): "received \(campaign)"
        case .reachable(let channel): "\(channel)_reachable"
        }
    }

    private static func text(_ recent: Filter.Recent?) -> String {
        recent.map { " in_last \($0.length)" + ($0.countsUTCDays ? " utc_days" : "") } ?? ""
    }

    fileprivate var mayHaveSeveral: Bool {
        switch self {
        case .property(let path), .attribute(let path): path.steps.contains(.elements)
        default: false
        }
    }
}

extension Filter.Operator: CustomStringConvertible {
    /// The operator's name in a campaign file.
    package var name: String {
        switch self {
        case .equal: "eq"
        case .notEqual: "neq"
        case .greater: "gt"
        case .greaterOrEqual: "gte"
        case .less: "lt"
        case .lessOrEqual: "lte"
        case .anyOf: "any_of"
        case .noneOf: "none_of"
        case .containsAnyOf: "contains_any_of"
        case .containsNoneOf: "contains_none_of"
        case .before: "before"
        case .after: "after"
        case .moreThanDaysAgo: "more_than_days_ago"
        case .lessThanDaysAgo: "less_than_days_ago"
        case .includes: "includes"
        case .excludes: "excludes"
        case .matches: "matches"
        case .notMatches: "not_matches"
        case .compares(let comparison, _): comparison.rawValue
        case .isBlank, .isNotBlank, .isEmpty, .isNotEmpty, .isTrue, .isFalse, .isTrueOrUnset, .isFalseOrUnset: "is"
        }
    }

    /// Its operand in a campaign file.
    package var operand: Value {
        switch self {
        case .equal(let value), .notEqual(let value), .greater(let value), .greaterOrEqual(let value),
            .less(let value), .lessOrEqual(let value), .includes(let value), .excludes(let value):
            value
        case .anyOf(let values), .noneOf(let values): .array(values)
        case .containsAnyOf(let texts), .containsNoneOf(let texts): .array(texts.map(Value.string))
        case .before(let instant), .after(let instant): .string(instant.description)
        case .moreThanDaysAgo(let days), .lessThanDaysAgo(let days): .integer(days)
        case .matches(let pattern), .notMatches(let pattern): .string(pattern.text)
        case .compares(_, let path): .object(["property": .string(path.description)])
        case .isBlank: "blank"
        case .isNotBlank: "not_blank"
        case .isEmpty: "empty"
        case .isNotEmpty: "not_empty"
        case .isTrue: "true"
        case .isFalse: "false"
        case .isTrueOrUnset: "true_or_unset"
        case .isFalseOrUnset: "false_or_unset"
        }
    }

    package var description: String { "\(name) \(operand)" }
}

extension Value: CustomStringConvertible {
    /// As JSON writes it, members in their order.
    package var description: String {
        switch self {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .decimal(let value): value.isFinite ? "\(value)" : "null"
        case .string(let text): text.quoted
        case .array(let elements): "[\(elements.map(\.description).joined(separator: ", "))]"
        case .object(let object): object.description
        }
    }
}

extension Object: CustomStringConvertible {
    package var description: String {
        "{\(members.map { "\($0.name.quoted): \($0.value)" }.joined(separator: ", "))}"
    }
}

extension Text {
    /// A JSON string.
    fileprivate var quoted: String {
        var quoted = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "\u{0}"..."\u{1f}", "\u{7f}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
