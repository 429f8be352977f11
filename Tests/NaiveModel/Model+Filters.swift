import Engine

/// What `where` asks, as far as two properties are compared (14); values that stand in the file are judged by the
/// engine's own operators, which have tests of their own.
extension Model {
    package static func holds(_ filter: Filter, _ properties: Object, _ now: Instant) -> Bool {
        switch filter {
        case .all(let all): return all.allSatisfy { holds($0, properties, now) }
        case .any(let some): return some.contains { holds($0, properties, now) }
        case .not(let filter): return !holds(filter, properties, now)
        case .subject(let subject, let operators):
            return operators.allSatisfy { each in
                guard case .property(let path) = subject, case .object(let operand) = each.operand,
                    let other = operand["property"]?.string.flatMap({ PropertyPath($0) })
                else { return Filter.subject(subject, [each]).holds(properties, now: now) }
                return compare(each.name, path.values(in: properties), other.values(in: properties))
            }
        }
    }

    private static func compare(_ name: String, _ lefts: [Value], _ rights: [Value]) -> Bool {
        let pairs = lefts.flatMap { left in rights.map { (left, $0) } }
        switch name {
        case "eq": return pairs.contains { areSame($0, $1) == true }
        case "neq":
            let comparable = pairs.compactMap { areSame($0, $1) }
            return !comparable.isEmpty && !comparable.contains(true)
        case "before", "after":
            return pairs.contains { left, right in
                guard let left = left.string.flatMap(Instant.init(iso8601:)),
                    let right = right.string.flatMap(Instant.init(iso8601:))
                else { return false }
                return name == "before" ? left < right : left > right
            }
        default:
            return pairs.contains { left, right in
                guard let left = number(left), let right = number(right) else { return false }
                return switch name {
                case "gt": left > right
                case "gte": left >= right
                case "lt": left < right
                default: left <= right
                }
            }
        }
    }

    /// Nil where they are of two types, or of one that has no sameness.
    private static func areSame(_ left: Value, _ right: Value) -> Bool? {
        if let left = number(left), let right = number(right) { return left == right }
        if let left = left.string, let right = right.string { return left == right }
        if case .boolean(let left) = left, case .boolean(let right) = right { return left == right }
        return nil
    }

    private static func number(_ value: Value) -> Double? {
        switch value {
        case .integer(let whole): Double(whole)
        case .decimal(let decimal): decimal
        default: nil
        }
    }
}
