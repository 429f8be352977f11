/// Two properties of one event (14): `{property: price, lt: {property: old_price}}`.
extension Filter.Comparison {
    /// Whether some of `values` is to some of `others` what it says; of a negative one, whether none equals any, and two
    /// exist that could (2.3.6). Absent on either side, it does not hold.
    func holds(_ values: [Value], _ others: [Value], _ work: inout FilterWork) -> Bool {
        var isAny = false
        for value in values {
            for other in others {
                // Nobody can tell what would cost more: the filter's verdict says so.
                guard work.take(1 + value.bytesToCompare / 16) else { return false }
                switch (self, hits(value, other)) {
                case (_, nil): continue
                case (.notEqual, true?): return false
                case (.notEqual, false?): isAny = true
                case (_, let hits?): if hits { return true }
                }
            }
        }
        return isAny
    }

    /// Nil where they are not of one type that it compares (2.3.3): nothing is coerced.
    private func hits(_ value: Value, _ other: Value) -> Bool? {
        switch self {
        case .equal, .notEqual: value.isComparable(to: other) ? value.equals(other) : nil
        case .greater: value.compare(other).map { $0 > 0 }
        case .greaterOrEqual: value.compare(other).map { $0 >= 0 }
        case .less: value.compare(other).map { $0 < 0 }
        case .lessOrEqual: value.compare(other).map { $0 <= 0 }
        case .before: value.date.flatMap { date in other.date.map { date < $0 } }
        case .after: value.date.flatMap { date in other.date.map { date > $0 } }
        }
    }
}

extension Value {
    fileprivate var bytesToCompare: Int { text?.utf8.count ?? 0 }
}
