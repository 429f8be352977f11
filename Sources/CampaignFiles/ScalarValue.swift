import Engine

/// What the core schema of YAML 1.2, and so JSON, makes of an unquoted text.
enum ScalarValue: Hashable {
    case null
    case boolean(Bool)
    case number(WrittenNumber)
    case text(String)

    init(_ text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL": self = .null
        case "true", "True", "TRUE": self = .boolean(true)
        case "false", "False", "FALSE": self = .boolean(false)
        default: self = WrittenNumber(text).map(Self.number) ?? .text(text)
        }
    }

    /// Null where no value holds it.
    var value: Value {
        switch self {
        case .null: .null
        case .boolean(let value): .boolean(value)
        case .number(let number): number.value ?? .null
        case .text(let text): .string(text)
        }
    }
}

/// 14: a field that wants a number, or true or false, takes it in quotes too.
extension Node {
    /// Nothing is written, or null.
    var isNull: Bool { scalar.map { $0.isPlain && ScalarValue($0.string) == .null } ?? false }

    var number: Value? { scalar.flatMap { WrittenNumber($0.string)?.value } }

    var boolean: Bool? {
        if case .boolean(let value)? = scalar.map({ ScalarValue($0.string) }) { value } else { nil }
    }
}
