/// A condition on an event's properties (section 2), or on what is known of a user (7).
package indirect enum Filter: Hashable, Sendable {
    case all([Filter])
    case any([Filter])
    case not(Filter)
    /// One subject, and operators that must all hold, each judged by itself (13).
    case subject(Subject, [Operator])

    /// What operators are asked of (docs/campaigns.md, "Filters").
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
        case anyOf([Value])
        case noneOf([Value])
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
        case isEmpty
        case isNotEmpty
        case isTrue
        case isFalse
        case isTrueOrUnset
        case isFalseOrUnset
        case matches(Pattern)
        case notMatches(Pattern)
        /// With what stands there in the same event, which is of the comparison's type or the operator does not hold (14).
        case compares(Comparison, PropertyPath)
    }

    /// The operators that take another property of the event for their operand.
    package enum Comparison: String, Hashable, Sendable, CaseIterable {
        case equal = "eq"
        case notEqual = "neq"
        case greater = "gt"
        case greaterOrEqual = "gte"
        case less = "lt"
        case lessOrEqual = "lte"
        case before, after
    }

    /// One filter alone.
    package func holds(_ facts: some Facts, now: Instant) -> Bool {
        var budget = FilterBudget()
        return holds(facts, now: now, within: &budget)
    }

    /// Whether what is known satisfies it, at the instant `now`; what could not be judged does not.
    package func holds(_ facts: some Facts, now: Instant, within budget: inout FilterBudget) -> Bool {
        verdict(facts, now: now, within: &budget) == true
    }

    /// Nil where that costs more than one filter may, or than is left to all filters of an event: nobody knows then,
    /// whatever stands around what could not be judged.
    package func verdict(_ facts: some Facts, now: Instant, within budget: inout FilterBudget) -> Bool? {
        budget.judge { holds(facts, now, &$0) }
    }

    private func holds(_ facts: some Facts, _ now: Instant, _ work: inout FilterWork) -> Bool {
        switch self {
        case .all(let filters):
            for filter in filters where !filter.holds(facts, now, &work) { return false }
            return true
        case .any(let filters):
            for filter in filters where filter.holds(facts, now, &work) { return true }
            return false
        case .not(let filter): return !filter.holds(facts, now, &work)
        case .subject(let subject, let operators):
            if let sum = facts.sum(of: subject, now: now) {
                return operators.allSatisfy { $0.holds(sum, now, &work) }
            }
            let values = facts.values(of: subject, now: now)
            for each in operators where !each.holds(values, facts, now, &work) { return false }
            return true
        }
    }

    /// Every subject in it, with the path of what holds it.
    package func subjects(at path: String) -> [(path: String, subject: Subject)] {
        func each(_ filters: [Filter], _ name: String) -> [(path: String, subject: Subject)] {
            filters.enumerated().flatMap { $1.subjects(at: "\(path).\(name)[\($0)]") }
        }
        return switch self {
        case .all(let filters): each(filters, "all")
        case .any(let filters): each(filters, "any")
        case .not(let filter): filter.subjects(at: "\(path).not")
        case .subject(let subject, _): [(path, subject)]
        }
    }

    /// Every subject in it, the properties that others are compared with among them.
    package var subjects: [Subject] {
        switch self {
        case .all(let filters), .any(let filters): filters.flatMap(\.subjects)
        case .not(let filter): filter.subjects
        case .subject(let subject, let operators):
            [subject] + operators.compactMap { if case .compares(_, let path) = $0 { .property(path) } else { nil } }
        }
    }
}

/// What a filter can ask.
package protocol Facts {
    /// Every present value of the subject; empty where there is none.
    func values(of subject: Filter.Subject, now: Instant) -> [Value]

    /// What the subject is where it is a sum of money, to the last digit (14); nil for every other subject.
    func sum(of subject: Filter.Subject, now: Instant) -> ExactDecimal?
}

extension Facts {
    package func sum(of subject: Filter.Subject, now: Instant) -> ExactDecimal? { nil }
}

/// The properties of an event, which are all that a `where` reads.
extension Object: Facts {
    package func values(of subject: Filter.Subject, now: Instant) -> [Value] {
        if case .property(let path) = subject { path.values(in: self) } else { [] }
    }
}
