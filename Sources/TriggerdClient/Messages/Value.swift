extension V1 {
    /// A property or an attribute. No value is coerced into another type.
    public indirect enum Value: Hashable, Sendable {
        case null
        case boolean(Bool)
        case integer(Int64)
        case decimal(Double)
        case string(String)
        case list([Value])
        case object([String: Value])
    }
}

extension V1.Value: SchemaMessage {
    public init() { self = .null }

    public mutating func read(_ field: UInt64, _ reader: inout FieldReader) throws(CodingFault) {
        switch field {
        case 1: self = .boolean(try reader.flag())
        case 2: self = .integer(try reader.int64())
        case 3: self = .decimal(try reader.double())
        case 4: self = .string(try reader.text())
        case 5: self = .list((try reader.message() as List).elements)
        case 6: self = .object((try reader.message() as Object).members)
        default: try reader.skip()
        }
    }

    public func write(to writer: inout FieldWriter) {
        switch self {
        case .null: break
        case .boolean(let value): writer.flag(1, value)
        case .integer(let value): writer.int64(2, value)
        case .decimal(let value): writer.double(3, value)
        case .string(let value): writer.text(4, value)
        case .list(let elements): writer.message(5, List(elements: elements))
        case .object(let members): writer.message(6, Object(members: members))
        }
    }
}

private struct List: SchemaMessage {
    var elements: [V1.Value] = []

    mutating func read(_ field: UInt64, _ reader: inout FieldReader) throws(CodingFault) {
        if field == 1 { elements.append(try reader.message()) } else { try reader.skip() }
    }

    func write(to writer: inout FieldWriter) {
        for element in elements { writer.message(1, element) }
    }
}

private struct Object: SchemaMessage {
    var members: [String: V1.Value] = [:]

    mutating func read(_ field: UInt64, _ reader: inout FieldReader) throws(CodingFault) {
        if field == 1 { try reader.entry(into: &members) } else { try reader.skip() }
    }

    func write(to writer: inout FieldWriter) {
        writer.entries(1, members)
    }
}

extension V1.Value: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .decimal(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: V1.Value...) { self = .list(elements) }
    public init(nilLiteral: ()) { self = .null }
    public init(dictionaryLiteral members: (String, V1.Value)...) {
        self = .object(Dictionary(members) { $1 })
    }
}
