/// A property of an event, an attribute of a profile, or a key of a configuration. No value is coerced into
/// another type (2.3.4).
package indirect enum Value: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case decimal(Double)
    case string(Text)
    case array([Value])
    case object(Object)
}

/// Names and values, in the order given. Small as profiles and properties are, a search is a walk.
package struct Object: Hashable, Sendable {
    package struct Member: Hashable, Sendable {
        package var name: Text
        package var value: Value

        package init(_ name: Text, _ value: Value) {
            self.name = name
            self.value = value
        }

        package init(_ name: String, _ value: Value) {
            self.init(Text(name), value)
        }
    }

    package private(set) var members: [Member]

    /// Of two members with one name the last counts.
    package init(_ members: [Member] = []) {
        self.members = members
    }

    package var isEmpty: Bool { members.isEmpty }

    /// As it is, without a look at the others.
    package mutating func append(_ member: Member) {
        members.append(member)
    }

    package subscript(name: String) -> Value? {
        get { self[Text(name)] }
        set { self[Text(name)] = newValue }
    }

    /// Null is absent (2.3.2): setting nil or null removes.
    package subscript(name: Text) -> Value? {
        get {
            guard let found = members.last(where: { $0.name == name })?.value, found != .null else { return nil }
            return found
        }
        set {
            guard let newValue, newValue != .null else {
                members.removeAll { $0.name == name }
                return
            }
            if let index = members.lastIndex(where: { $0.name == name }) {
                members[index].value = newValue
            } else {
                members.append(Member(name, newValue))
            }
        }
    }
}

extension Object: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, Value)...) {
        self.init(elements.map { Member($0.0, $0.1) })
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral
{
    package init(stringLiteral value: String) { self = .string(Text(value)) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
    package init(floatLiteral value: Double) { self = .decimal(value) }
    package init(arrayLiteral elements: Value...) { self = .array(elements) }
}

extension Value {
    package static func string(_ string: String) -> Value { .string(Text(string)) }

    package var text: Text? {
        if case .string(let text) = self { text } else { nil }
    }

    package var string: String? { text?.string }

    /// The strings of a list, or the one string that stands for a list of one; empty for anything else.
    package var texts: [Text] {
        switch self {
        case .string(let text): [text]
        case .array(let elements): elements.compactMap(\.text)
        case .null, .boolean, .integer, .decimal, .object: []
        }
    }

    /// Whether two values are the same: numbers by what they are worth, whole ones exactly to 64 bits (2.3.8); what is
    /// no number is what is no number (14).
    package func equals(_ other: Value) -> Bool {
        switch (self, other) {
        case (.decimal(let left), .decimal(let right)): left == right || left.isNaN && right.isNaN
        case (.integer, .decimal), (.decimal, .integer): compare(other) == 0
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.equals($1) }
        case (.object(let left), .object(let right)):
            left.members.count == right.members.count
                && left.members.allSatisfy { member in right[member.name].map(member.value.equals) ?? false }
        default: self == other
        }
    }

    /// Below, at or above zero as this number is less than, equal to or more than the other; nil unless both are numbers.
    package func compare(_ other: Value) -> Int? {
        switch (self, other) {
        case (.integer(let left), .integer(let right)): left < right ? -1 : left == right ? 0 : 1
        case (.decimal(let left), .decimal(let right)): left < right ? -1 : left == right ? 0 : left > right ? 1 : nil
        case (.integer(let left), .decimal(let right)): Self.compare(left, right)
        case (.decimal(let left), .integer(let right)): Self.compare(right, left).map { -$0 }
        default: nil
        }
    }

    private static func compare(_ whole: Int64, _ decimal: Double) -> Int? {
        if decimal.isNaN { return nil }
        if decimal >= 0x1p63 { return -1 }
        if decimal < -0x1p63 { return 1 }
        let down = decimal.rounded(.down)
        let floor = Int64(down)
        if whole != floor { return whole < floor ? -1 : 1 }
        return decimal > down ? -1 : 0
    }
}
