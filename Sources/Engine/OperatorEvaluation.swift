/// Whether operators hold of what a subject is (2.2, 2.3).
extension Filter.Operator {
    func holds(_ values: [Value], _ facts: some Facts, _ now: Instant, _ work: inout FilterWork) -> Bool {
        switch self {
        // 2.3.2: absent is blank, an empty string is not.
        case .isBlank: return values.isEmpty
        case .isNotBlank: return !values.isEmpty
        case .isTrueOrUnset: return values.isEmpty || values.contains(.boolean(true))
        case .isFalseOrUnset: return values.isEmpty || values.contains(.boolean(false))
        // 2.3.6: no element equals it, and at least one exists that could.
        case .notEqual, .noneOf, .containsNoneOf, .excludes, .notMatches:
            var isAny = false
            for value in values where isOfItsType(value) {
                guard hits(value, now, &work) == false else { return false }
                isAny = true
            }
            return isAny
        case .equal, .greater, .greaterOrEqual, .less, .lessOrEqual, .anyOf, .containsAnyOf, .before, .after,
            .moreThanDaysAgo, .lessThanDaysAgo, .includes, .isEmpty, .isNotEmpty, .isTrue, .isFalse, .matches:
            for value in values where hits(value, now, &work) == true { return true }
            return false
        case .compares(let comparison, let path):
            // Nothing is looked for that nothing could be compared with.
            return !values.isEmpty && comparison.holds(values, facts.values(of: .property(path), now: now), &work)
        }
    }

    /// Of a sum of money, which is compared digit by digit with what the file says.
    func holds(_ sum: ExactDecimal, _ now: Instant, _ work: inout FilterWork) -> Bool {
        switch self {
        case .equal(let other): sum == other.exactDecimal
        case .notEqual(let other): other.exactDecimal.map { sum != $0 } ?? false
        case .greater(let other): other.exactDecimal.map { sum > $0 } ?? false
        case .greaterOrEqual(let other): other.exactDecimal.map { sum >= $0 } ?? false
        case .less(let other): other.exactDecimal.map { sum < $0 } ?? false
        case .lessOrEqual(let other): other.exactDecimal.map { sum <= $0 } ?? false
        case .anyOf(let others): others.contains { sum == $0.exactDecimal }
        case .noneOf(let others):
            others.contains { $0.exactDecimal != nil } && !others.contains { sum == $0.exactDecimal }
        case .containsAnyOf, .containsNoneOf, .before, .after, .moreThanDaysAgo, .lessThanDaysAgo, .includes, .excludes,
            .isBlank, .isNotBlank, .isEmpty, .isNotEmpty, .isTrue, .isFalse, .isTrueOrUnset, .isFalseOrUnset,
            .matches, .notMatches, .compares:
            holds([Value(sum)], Object(), now, &work)  // Of no event: no property stands beside it.
        }
    }

    /// Whether a negative operator can be asked of it (2.3.3).
    private func isOfItsType(_ value: Value) -> Bool {
        switch self {
        case .notEqual(let other): value.isComparable(to: other)
        case .noneOf(let others): others.contains { value.isComparable(to: $0) }
        case .excludes: value.elements != nil
        default: value.text != nil
        }
    }

    /// Whether one present value is what the operator asks for, or for a negative one what it must not be; of a wrong
    /// type none is (2.3.3). Nil where the work did not suffice to tell.
    private func hits(_ value: Value, _ now: Instant, _ work: inout FilterWork) -> Bool? {
        switch self {
        case .equal(let other), .notEqual(let other): return value.equals(other)
        case .greater(let other): return value.compare(other).map { $0 > 0 } ?? false
        case .greaterOrEqual(let other): return value.compare(other).map { $0 >= 0 } ?? false
        case .less(let other): return value.compare(other).map { $0 < 0 } ?? false
        case .lessOrEqual(let other): return value.compare(other).map { $0 <= 0 } ?? false
        case .anyOf(let others), .noneOf(let others):
            guard work.take(others.count) else { return nil }
            return others.contains { value.equals($0) }
        case .containsAnyOf(let texts), .containsNoneOf(let texts):
            guard let text = value.text else { return false }
            for part in texts {
                guard work.take(1 + text.utf8.count) else { return nil }
                if text.contains(part) { return true }
            }
            return false
        case .before(let instant): return value.date.map { $0 < instant } ?? false
        case .after(let instant): return value.date.map { $0 > instant } ?? false
        case .moreThanDaysAgo(let days): return value.date.map { now - $0 > .days(days) } ?? false
        case .lessThanDaysAgo(let days): return value.date.map { now - $0 < .days(days) && $0 <= now } ?? false
        case .includes(let element), .excludes(let element):
            guard let elements = value.elements else { return false }
            guard work.take(1 + elements.count) else { return nil }
            return elements.contains { $0.equals(element) }
        case .isEmpty: return value.elements.map(\.isEmpty) ?? false
        case .isNotEmpty: return value.elements.map { !$0.isEmpty } ?? false
        case .matches(let pattern), .notMatches(let pattern):
            guard let text = value.text else { return false }
            return pattern.isFound(in: text, within: &work)
        case .isTrue: return value == .boolean(true)
        case .isFalse: return value == .boolean(false)
        // Asked of all values together.
        case .isBlank, .isNotBlank, .isTrueOrUnset, .isFalseOrUnset, .compares: return false
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

    func isComparable(to other: Value) -> Bool {
        switch (self, other) {
        case (.integer, .integer), (.integer, .decimal), (.decimal, .integer), (.decimal, .decimal),
            (.string, .string), (.boolean, .boolean):
            true
        default: false
        }
    }
}

extension Text {
    /// Plain, case-sensitive search by bytes; nothing is folded or normalised. No byte is looked at more than twice,
    /// whatever either holds (Knuth, Morris, Pratt).
    package func contains(_ part: Text) -> Bool {
        let wanted = Array(part.utf8)
        guard !wanted.isEmpty else { return true }
        guard utf8.count >= wanted.count else { return false }
        // How much of the beginning stands before each byte once more.
        var again = [0]
        for index in wanted.indices.dropFirst() {
            var length = again[index - 1]
            while length > 0, wanted[index] != wanted[length] { length = again[length - 1] }
            again.append(wanted[index] == wanted[length] ? length + 1 : 0)
        }
        var found = 0
        for byte in utf8 {
            while found > 0, byte != wanted[found] { found = again[found - 1] }
            if byte == wanted[found] { found += 1 }
            if found == wanted.count { return true }
        }
        return false
    }
}
