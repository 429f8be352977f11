/// A message of the schema, read from bytes and written to them.
public protocol SchemaMessage: Sendable {
    init()
    mutating func read(_ field: UInt64, _ reader: inout FieldReader) throws(CodingFault)
    func write(to writer: inout FieldWriter)
}

extension SchemaMessage {
    /// Unknown fields are passed over.
    public init(_ bytes: some Collection<UInt8>) throws(CodingFault) {
        var reader = FieldReader(Array(bytes)[...])
        try self.init(&reader)
    }

    init(_ reader: inout FieldReader) throws(CodingFault) {
        self.init()
        while let field = try reader.next() { try read(field, &reader) }
    }

    public var bytes: [UInt8] {
        var writer = FieldWriter()
        write(to: &writer)
        return writer.bytes
    }
}

/// One of some named numbers; a newer daemon may say another.
public protocol SchemaChoice: RawRepresentable where RawValue == UInt32 {
    init(rawValue: UInt32)
}

/// What was read is no message.
public struct CodingFault: Error, Hashable, Sendable {
    let text: String
}

/// Writes the fields of a message.
public struct FieldWriter {
    public private(set) var bytes: [UInt8] = []

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func number(_ field: UInt64, _ value: UInt64) {
        varint(field << 3)
        varint(value)
    }

    public mutating func uint64(_ field: UInt64, _ value: UInt64) { number(field, value) }
    public mutating func uint32(_ field: UInt64, _ value: UInt32) { number(field, UInt64(value)) }
    public mutating func int64(_ field: UInt64, _ value: Int64) { number(field, UInt64(bitPattern: value)) }
    public mutating func flag(_ field: UInt64, _ value: Bool) { number(field, value ? 1 : 0) }
    public mutating func choice(_ field: UInt64, _ value: some SchemaChoice) { number(field, UInt64(value.rawValue)) }

    public mutating func double(_ field: UInt64, _ value: Double) {
        varint(field << 3 | 1)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
    }

    public mutating func bytes(_ field: UInt64, _ value: some Collection<UInt8>) {
        varint(field << 3 | 2)
        varint(UInt64(value.count))
        bytes += value
    }

    public mutating func text(_ field: UInt64, _ value: String) { bytes(field, value.utf8) }
    public mutating func message(_ field: UInt64, _ value: some SchemaMessage) { bytes(field, value.bytes) }

    public mutating func entries(_ field: UInt64, _ values: [String: V1.Value]) {
        for (name, value) in values {
            var entry = FieldWriter()
            entry.text(1, name)
            entry.message(2, value)
            bytes(field, entry.bytes)
        }
    }
}

/// Reads the fields of a message: `next`, then the field's value, once.
public struct FieldReader {
    private var rest: ArraySlice<UInt8>
    private var kind: UInt64 = 0

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field's number; nil at the end.
    mutating func next() throws(CodingFault) -> UInt64? {
        if rest.isEmpty { return nil }
        let tag = try varint()
        kind = tag & 7
        return tag >> 3
    }

    private mutating func varint() throws(CodingFault) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { throw CodingFault(text: "the message is cut off") }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
        }
        throw CodingFault(text: "a number has no end")
    }

    private mutating func take(_ count: UInt64) throws(CodingFault) -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else { throw CodingFault(text: "the message is cut off") }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }

    private func expect(_ kind: UInt64) throws(CodingFault) {
        guard self.kind == kind else { throw CodingFault(text: "a field is of another type") }
    }

    public mutating func skip() throws(CodingFault) {
        switch kind {
        case 0: _ = try varint()
        case 1: _ = try take(8)
        case 2: _ = try part()
        case 5: _ = try take(4)
        default: throw CodingFault(text: "wire type \(kind) is not of proto3")
        }
    }

    public mutating func uint64() throws(CodingFault) -> UInt64 {
        try expect(0)
        return try varint()
    }

    public mutating func uint32() throws(CodingFault) -> UInt32 { UInt32(truncatingIfNeeded: try uint64()) }
    public mutating func int64() throws(CodingFault) -> Int64 { Int64(bitPattern: try uint64()) }
    public mutating func flag() throws(CodingFault) -> Bool { try uint64() != 0 }
    public mutating func choice<Choice: SchemaChoice>() throws(CodingFault) -> Choice { Choice(rawValue: try uint32()) }

    public mutating func double() throws(CodingFault) -> Double {
        try expect(1)
        return Double(bitPattern: try take(8).reversed().reduce(0) { $0 << 8 | UInt64($1) })
    }

    private mutating func part() throws(CodingFault) -> ArraySlice<UInt8> {
        try expect(2)
        return try take(try varint())
    }

    public mutating func bytes() throws(CodingFault) -> [UInt8] { Array(try part()) }

    public mutating func text() throws(CodingFault) -> String {
        guard let text = String(validating: try part(), as: UTF8.self) else { throw CodingFault(text: "no UTF-8") }
        return text
    }

    public mutating func message<Message: SchemaMessage>() throws(CodingFault) -> Message {
        var reader = FieldReader(try part())
        return try Message(&reader)
    }

    /// Numbers together, or one.
    public mutating func numbers(into numbers: inout [UInt64]) throws(CodingFault) {
        guard kind == 2 else { return numbers.append(try uint64()) }
        var reader = FieldReader(try part())
        while !reader.rest.isEmpty { numbers.append(try reader.varint()) }
    }

    public mutating func entry(into values: inout [String: V1.Value]) throws(CodingFault) {
        var reader = FieldReader(try part())
        var (name, value) = ("", V1.Value.null)
        while let field = try reader.next() {
            switch field {
            case 1: name = try reader.text()
            case 2: value = try reader.message()
            default: try reader.skip()
            }
        }
        values[name] = value
    }
}
