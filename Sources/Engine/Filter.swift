/// A condition on an event's properties (section 2).
package indirect enum Filter: Hashable, Sendable {
    case all([Filter])
    case any([Filter])
    case not(Filter)
    /// One subject, and operators that must all hold, each judged by itself (13).
    case property(PropertyPath, [Operator])

    package enum Operator: Hashable, Sendable {
        case equal(Value)
        case notEqual(Value)
        case greater(Value)
        case greaterOrEqual(Value)
        case less(Value)
        case lessOrEqual(Value)
        case anyOf([String])
        case noneOf([String])
        case containsAnyOf([String])
        case containsNoneOf([String])
        case before(Instant)
        case after(Instant)
        case moreThanDaysAgo(Int64)
        case lessThanDaysAgo(Int64)
        case includes(Value)
        case excludes(Value)
        case isBlank
        case isNotBlank
        case isTrue
        case isFalse
        case isTrueOrUnset
        case isFalseOrUnset
    }

    /// Whether the properties satisfy it, at the instant `now`.
    package func holds(_ properties: Object, now: Instant) -> Bool {
        switch self {
        case .all(let filters): filters.allSatisfy { $0.holds(properties, now: now) }
        case .any(let filters): filters.contains { $0.holds(properties, now: now) }
        case .not(let filter): !filter.holds(properties, now: now)
        case .property(let path, let operators): operators.allSatisfy { $0.holds(path, properties, now) }
        }
    }
}

extension Filter.Operator {
    fileprivate func holds(_ path: PropertyPath, _ properties: Object, _ now: Instant) -> Bool {
        let values = path.values(in: properties)
        switch self {
        // 2.3.2: absent is blank, an empty string is not.
        case .isBlank: return values.isEmpty
        case .isNotBlank: return !values.isEmpty
        case .isTrueOrUnset: return values.isEmpty || values.contains(.boolean(true))
        case .isFalseOrUnset: return values.isEmpty || values.contains(.boolean(false))
        // 2.3.6: a negative operator holds where no element equals, and at least one exists.
        case .notEqual, .noneOf, .containsNoneOf, .excludes:
            return !values.isEmpty && values.allSatisfy { holds($0, now) }
        case .equal, .greater, .greaterOrEqual, .less, .lessOrEqual, .anyOf, .containsAnyOf, .before, .after,
            .moreThanDaysAgo, .lessThanDaysAgo, .includes, .isTrue, .isFalse:
            return values.contains { holds($0, now) }
        }
    }

    /// Whether one present value satisfies it; of a wrong type none does (2.3.3).
    private func holds(_ value: Value, _ now: Instant) -> Bool {
        switch self {
        case .equal(let other): return value.equals(other)
        case .notEqual(let other): return value.isComparable(to: other) && !value.equals(other)
        case .greater(let other): return value.compare(other).map { $0 > 0 } ?? false
        case .greaterOrEqual(let other): return value.compare(other).map { $0 >= 0 } ?? false
        case .less(let other): return value.compare(other).map { $0 < 0 } ?? false
        case .lessOrEqual(let other): return value.compare(other).map { $0 <= 0 } ?? false
        case .anyOf(let texts): return value.string.map { texts.contains($0) } ?? false
        case .noneOf(let texts): return value.string.map { !texts.contains($0) } ?? false
        case .containsAnyOf(let texts):
            return value.string.map { text in texts.contains { text.contains($0) } } ?? false
        case .containsNoneOf(let texts):
            return value.string.map { text in !texts.contains { text.contains($0) } } ?? false
        case .before(let instant): return value.date.map { $0 < instant } ?? false
        case .after(let instant): return value.date.map { $0 > instant } ?? false
        case .moreThanDaysAgo(let days): return value.date.map { now - $0 > .days(days) } ?? false
        case .lessThanDaysAgo(let days):
            return value.date.map { now - $0 < .days(days) && $0 <= now } ?? false
        case .includes(let element): return value.elements.map { $0.contains { $0.equals(element) } } ?? false
        case .excludes(let element): return value.elements.map { !$0.contains { $0.equals(element) } } ?? false
        case .isTrue: return value == .boolean(true)
        case .isFalse: return value == .boolean(false)
        case .isBlank, .isNotBlank, .isTrueOrUnset, .isFalseOrUnset: return false
        }
    }
}

extension Value {
    fileprivate var elements: [Value]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// An ISO 8601 string is a date (2.3.4), without an offset in UTC (2.3.7).
    package var date: Instant? {
        string.flatMap(Instant.init(iso8601:))
    }

    fileprivate func isComparable(to other: Value) -> Bool {
        switch (self, other) {
        case (.integer, .integer), (.integer, .decimal), (.decimal, .integer), (.decimal, .decimal),
            (.string, .string), (.boolean, .boolean):
            true
        default: false
        }
    }
}

extension String {
    /// Plain, case-sensitive search by scalars; nothing is folded or normalised.
    fileprivate func contains(_ part: String) -> Bool {
        guard !part.isEmpty else { return true }
        let (whole, wanted) = (Array(utf8), Array(part.utf8))
        guard whole.count >= wanted.count else { return false }
        return (0...(whole.count - wanted.count)).contains { whole[$0..<($0 + wanted.count)].elementsEqual(wanted) }
    }
}
