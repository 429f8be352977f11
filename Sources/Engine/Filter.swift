/// A condition on an event's properties (section 2), or on what is known of a user (7).
package indirect enum Filter: Hashable, Sendable {
    case all([Filter])
    case any([Filter])
    case not(Filter)
    /// One subject, and operators that must all hold, each judged by itself (13).
    case subject(Subject, [Operator])

    /// What operators are asked of (campaign.md, "Filters").
    package enum Subject: Hashable, Sendable {
        /// Of the event.
        case property(PropertyPath)
        /// Of the profile.
        case attribute(PropertyPath)
        /// How often; counted back from the handling where `inLast` says how far.
        case eventCount(Text, inLast: Recent?)
        /// When last, as a date.
        case lastEvent(Text, inLast: Recent?)
        /// Price times quantity, in one currency.
        case purchaseTotal(Text, inLast: Recent?)
        case received(CampaignID)
        case reachable(channel: String)
    }

    /// 7.3
    package struct Recent: Hashable, Sendable {
        package var length: Length
        /// From midnight UTC so many days before today's, instead of rolling.
        package var countsUTCDays: Bool

        package init(_ length: Length, countsUTCDays: Bool = false) {
            self.length = length
            self.countsUTCDays = countsUTCDays
        }

        /// The earliest instant that counts at `now`; the old end is closed.
        package func begins(_ now: Instant) -> Instant {
            let rolling = Instant(milliseconds: now.milliseconds.subtractingReportingOverflow(length.milliseconds).0)
            return countsUTCDays ? WallTime(milliseconds: rolling.milliseconds).midnight : rolling
        }
    }

    package enum Operator: Hashable, Sendable {
        case equal(Value)
        case notEqual(Value)
        case greater(Value)
        case greaterOrEqual(Value)
        case less(Value)
        case lessOrEqual(Value)
        case anyOf([Text])
        case noneOf([Text])
        case containsAnyOf([Text])
        case containsNoneOf([Text])
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
        case matches(Pattern)
        case notMatches(Pattern)
    }

    /// Whether what is known satisfies it, at the instant `now`.
    package func holds(_ facts: some Facts, now: Instant) -> Bool {
        switch self {
        case .all(let filters): return filters.allSatisfy { $0.holds(facts, now: now) }
        case .any(let filters): return filters.contains { $0.holds(facts, now: now) }
        case .not(let filter): return !filter.holds(facts, now: now)
        case .subject(let subject, let operators):
            let values = facts.values(of: subject, now: now)
            return operators.allSatisfy { $0.holds(values, now) }
        }
    }

    /// Every subject in it.
    package var subjects: [Subject] {
        switch self {
        case .all(let filters), .any(let filters): filters.flatMap(\.subjects)
        case .not(let filter): filter.subjects
        case .subject(let subject, _): [subject]
        }
    }
}

/// What a filter can ask.
package protocol Facts {
    /// Every present value of the subject; empty where there is none.
    func values(of subject: Filter.Subject, now: Instant) -> [Value]
}

/// The properties of an event, which are all that a `where` reads.
extension Object: Facts {
    package func values(of subject: Filter.Subject, now: Instant) -> [Value] {
        if case .property(let path) = subject { path.values(in: self) } else { [] }
    }
}

extension Filter.Operator {
    fileprivate func holds(_ values: [Value], _ now: Instant) -> Bool {
        switch self {
        // 2.3.2: absent is blank, an empty string is not.
        case .isBlank: return values.isEmpty
        case .isNotBlank: return !values.isEmpty
        case .isTrueOrUnset: return values.isEmpty || values.contains(.boolean(true))
        case .isFalseOrUnset: return values.isEmpty || values.contains(.boolean(false))
        // 2.3.6: a negative operator holds where no element equals, and at least one exists.
        case .notEqual, .noneOf, .containsNoneOf, .excludes, .notMatches:
            return !values.isEmpty && values.allSatisfy { holds($0, now) }
        case .equal, .greater, .greaterOrEqual, .less, .lessOrEqual, .anyOf, .containsAnyOf, .before, .after,
            .moreThanDaysAgo, .lessThanDaysAgo, .includes, .isTrue, .isFalse, .matches:
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
        case .anyOf(let texts): return value.text.map { texts.contains($0) } ?? false
        case .noneOf(let texts): return value.text.map { !texts.contains($0) } ?? false
        case .containsAnyOf(let texts):
            return value.text.map { text in texts.contains { text.contains($0) } } ?? false
        case .containsNoneOf(let texts):
            return value.text.map { text in !texts.contains { text.contains($0) } } ?? false
        case .before(let instant): return value.date.map { $0 < instant } ?? false
        case .after(let instant): return value.date.map { $0 > instant } ?? false
        case .moreThanDaysAgo(let days): return value.date.map { now - $0 > .days(days) } ?? false
        case .lessThanDaysAgo(let days):
            return value.date.map { now - $0 < .days(days) && $0 <= now } ?? false
        case .includes(let element): return value.elements.map { $0.contains { $0.equals(element) } } ?? false
        case .excludes(let element): return value.elements.map { !$0.contains { $0.equals(element) } } ?? false
        case .matches(let pattern): return value.string.map(pattern.isFound) ?? false
        case .notMatches(let pattern): return value.string.map { !pattern.isFound(in: $0) } ?? false
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

extension Text {
    /// Plain, case-sensitive search by scalars; nothing is folded or normalised.
    fileprivate func contains(_ part: Text) -> Bool {
        guard !part.isEmpty else { return true }
        let (whole, wanted) = (Array(utf8), Array(part.utf8))
        guard whole.count >= wanted.count else { return false }
        return (0...(whole.count - wanted.count)).contains { whole[$0..<($0 + wanted.count)].elementsEqual(wanted) }
    }
}
