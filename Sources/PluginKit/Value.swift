import PluginABI

/// A configuration, a setting, a property. No value is coerced into another type.
public indirect enum Value: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case decimal(Double)
    case string(String)
    case array([Value])
    case object([Member])

    public struct Member: Hashable, Sendable {
        public let name: String
        public let value: Value

        public init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    /// Of an object; nil where there is no such member.
    public subscript(name: String) -> Value? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name.hasSameBytes(as: name) }?.value
    }

    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The strings of a list; empty for anything else.
    public var strings: [String] {
        if case .array(let elements) = self { elements.compactMap(\.string) } else { [] }
    }

    public var integer: Int64? {
        if case .integer(let number) = self { number } else { nil }
    }

    /// An integer or a decimal.
    public var number: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .decimal(let number): number
        default: nil
        }
    }

    /// Whether two values are the same: numbers by what they are worth, whole ones exactly to 64 bits.
    public func equals(_ other: Value) -> Bool {
        switch (self, other) {
        case (.integer(let whole), .decimal(let decimal)), (.decimal(let decimal), .integer(let whole)):
            Int64(exactly: decimal) == whole
        default: self == other
        }
    }

    public var boolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }
}

// Texts are the same where their bytes are; `String` would compare by canonical equivalence.

extension Value {
    public static func == (left: Value, right: Value) -> Bool {
        switch left {
        case .null: if case .null = right { true } else { false }
        case .boolean(let value): if case .boolean(value) = right { true } else { false }
        case .integer(let value): if case .integer(value) = right { true } else { false }
        case .decimal(let value): if case .decimal(value) = right { true } else { false }
        case .string(let text): if case .string(let other) = right { text.hasSameBytes(as: other) } else { false }
        case .array(let elements): if case .array(elements) = right { true } else { false }
        case .object(let members): if case .object(members) = right { true } else { false }
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .boolean(let value): hasher.combine(value)
        case .integer(let value): hasher.combine(value)
        case .decimal(let value): hasher.combine(value)
        case .string(let text): hasher.combineBytes(of: text)
        case .array(let elements): hasher.combine(elements)
        case .object(let members): hasher.combine(members)
        }
    }
}

extension Value.Member {
    public static func == (left: Self, right: Self) -> Bool {
        left.name.hasSameBytes(as: right.name) && left.value == right.value
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combineBytes(of: name)
        hasher.combine(value)
    }
}

extension String {
    public func hasSameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }
}

extension Hasher {
    mutating func combineBytes(of text: String) {
        var text = text
        text.withUTF8 { combine(bytes: UnsafeRawBufferPointer($0)) }
        combine(0xff as UInt8)
    }
}

extension Value {
    init(_ value: triggerd_value) {
        let count = Int(value.count)
        switch value.kind {
        case TRIGGERD_BOOLEAN.rawValue: self = .boolean(value.of.boolean)
        case TRIGGERD_INTEGER.rawValue: self = .integer(value.of.integer)
        case TRIGGERD_DECIMAL.rawValue: self = .decimal(value.of.decimal)
        case TRIGGERD_STRING.rawValue: self = .string(String(triggerd_text(bytes: value.of.string, length: count)))
        case TRIGGERD_ARRAY.rawValue:
            self = .array(UnsafeBufferPointer(start: value.of.elements, count: count).map(Value.init))
        case TRIGGERD_OBJECT.rawValue:
            self = .object(UnsafeBufferPointer(start: value.of.members, count: count).map(Member.init))
        default: self = .null
        }
    }

    init(_ pointer: UnsafePointer<triggerd_value>?) {
        if let pointer { self.init(pointer.pointee) } else { self = .null }
    }
}

extension Value.Member {
    init(_ member: triggerd_member) {
        self.init(String(member.name), Value(member.value))
    }
}
