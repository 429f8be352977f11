import Engine

// Types of the schema that share a Swift type with another: a field says which it is, `&eventsBefore.counter`.

/// A `uint64`: of what is small mostly.
struct Counter: SingleType {
    var value: UInt64

    static var typeName: String { "uint64" }
    static var wire: ProtobufReader.Wire { .varint }
    var isLeftOut: Bool { value == 0 }
    var shown: Value { .string(String(value)) }

    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) {
        writer.presentUnsigned(number, value)
    }

    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> Counter {
        Counter(value: try reader.varint())
    }
}

extension UInt64 {
    var counter: Counter {
        get { Counter(value: self) }
        set { self = newValue.value }
    }
}

/// Minutes since 1970.
struct Minute: SingleType {
    var number: Int64

    static var typeName: String { Int64.typeName }
    static var wire: ProtobufReader.Wire { Int64.wire }
    var isLeftOut: Bool { number.isLeftOut }
    var shown: Value { Instant(milliseconds: number &* 60_000).shown }

    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) {
        self.number.writePresent(number, to: &writer)
    }

    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> Minute {
        Minute(number: try reader.int64())
    }
}

extension Int64 {
    var asMinute: Minute {
        get { Minute(number: self) }
        set { self = newValue.number }
    }
}

/// Bytes that the store does not look inside.
struct Opaque: SingleType {
    var bytes: [UInt8]

    static var typeName: String { "bytes" }
    static var wire: ProtobufReader.Wire { .bytes }
    var isLeftOut: Bool { bytes.isEmpty }

    /// Two hexadecimal digits each.
    var shown: Value {
        let digits = Array("0123456789abcdef".utf8)
        return .string(String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self))
    }

    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) {
        bytes.withUnsafeBytes { writer.presentBytes(number, $0) }
    }

    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> Opaque {
        Opaque(bytes: Array(try reader.bytes()))
    }
}

extension [UInt8] {
    var opaque: Opaque {
        get { Opaque(bytes: self) }
        set { self = newValue.bytes }
    }
}

/// Instants in one field, as proto3 has a list of numbers of itself. Read one by one as well.
struct Packed: FieldType {
    var instants: [Instant]

    static var declaration: FieldDeclaration {
        FieldDeclaration(label: .packed, type: Instant.typeName, wire: .varint)
    }

    static func comes(as wire: ProtobufReader.Wire) -> Bool { wire == .bytes || wire == .varint }

    mutating func write(_ number: UInt32, to writer: inout ProtobufWriter) {
        guard !instants.isEmpty else { return }  // A list without elements takes no field.
        writer.message(number) { writer in
            for instant in instants { writer.varint(UInt64(bitPattern: instant.milliseconds)) }
        }
    }

    mutating func take(
        _ wire: ProtobufReader.Wire,
        from reader: inout ProtobufReader
    ) throws(ProtobufReader.Fault) {
        guard wire == .bytes else { return try instants.append(.read(from: &reader)) }
        var packed = try reader.message()
        while !packed.isAtEnd { instants.append(try .read(from: &packed)) }
    }

    var json: Value? { instants.json }
}

extension [Instant] {
    var packed: Packed {
        get { Packed(instants: self) }
        set { self = newValue.instants }
    }
}
