import Engine

// What the scalar types of the schema are in Swift.

extension UInt32: SingleType {
    static var typeName: String { "uint32" }
    static var wire: ProtobufReader.Wire { .varint }
    var isLeftOut: Bool { self == 0 }
    var shown: Value { .integer(Int64(self)) }

    @inline(__always)
    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) {
        writer.presentUnsigned(number, UInt64(self))
    }

    @inline(__always)
    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> UInt32 { try reader.uint32() }
}

extension UInt8: SingleType {
    static var typeName: String { "uint32" }
    static var wire: ProtobufReader.Wire { .varint }
    var isLeftOut: Bool { self == 0 }
    var shown: Value { .integer(Int64(self)) }

    @inline(__always)
    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) {
        writer.presentUnsigned(number, UInt64(self))
    }

    @inline(__always)
    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> UInt8 {
        guard let value = UInt8(exactly: try reader.uint32()) else { throw .outOfRange }
        return value
    }
}

/// The place of one of a campaign's parts, the first being 0; people count from 1.
extension Int: SingleType {
    static var typeName: String { "uint32" }
    static var wire: ProtobufReader.Wire { .varint }
    var isLeftOut: Bool { self == 0 }
    var shown: Value { .integer(Int64(self) + 1) }

    @inline(__always)
    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) {
        writer.presentUnsigned(number, UInt64(self))
    }

    @inline(__always)
    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> Int {
        Int(try reader.uint32())
    }
}

/// A name that the store gave: of a send, a decision, a place in a line. More than a JSON number holds exactly.
extension UInt64: SingleType {
    static var typeName: String { "fixed64" }
    static var wire: ProtobufReader.Wire { .fixed64 }
    var isLeftOut: Bool { self == 0 }
    var shown: Value { .string(String(self)) }

    @inline(__always)
    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) { writer.presentFixed(number, self) }

    @inline(__always)
    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> UInt64 { try reader.fixed64() }
}

extension Int64: SingleType {
    static var typeName: String { "int64" }
    static var wire: ProtobufReader.Wire { .varint }
    var isLeftOut: Bool { self == 0 }
    var shown: Value { .integer(self) }

    @inline(__always)
    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) {
        writer.presentUnsigned(number, UInt64(bitPattern: self))
    }

    @inline(__always)
    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> Int64 { try reader.int64() }
}

extension Instant: SingleType {
    static var typeName: String { "int64" }
    static var wire: ProtobufReader.Wire { .varint }
    var isLeftOut: Bool { milliseconds == 0 }
    var shown: Value { .string(description) }
    /// In lists 0 stands for nobody knows when.
    var shownInList: Value { milliseconds == 0 ? .null : shown }

    @inline(__always)
    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) {
        writer.presentUnsigned(number, UInt64(bitPattern: milliseconds))
    }

    @inline(__always)
    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> Instant {
        Instant(milliseconds: try reader.int64())
    }
}

extension Bool: SingleType {
    static var typeName: String { "bool" }
    static var wire: ProtobufReader.Wire { .varint }
    var isLeftOut: Bool { !self }
    var shown: Value { .boolean(self) }

    @inline(__always)
    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) {
        writer.presentUnsigned(number, self ? 1 : 0)
    }

    @inline(__always)
    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> Bool { try reader.boolean() }
}

extension Double: SingleType {
    static var typeName: String { "double" }
    static var wire: ProtobufReader.Wire { .fixed64 }
    var isLeftOut: Bool { bitPattern == 0 }
    var shown: Value { .decimal(self) }

    @inline(__always)
    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) {
        writer.presentFixed(number, bitPattern)
    }

    @inline(__always)
    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> Double {
        Double(bitPattern: try reader.fixed64())
    }
}

extension String: SingleType {
    static var typeName: String { "string" }
    static var wire: ProtobufReader.Wire { .bytes }
    var isLeftOut: Bool { isEmpty }
    var shown: Value { .string(self) }

    @inline(__always)
    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) { writer.presentString(number, self) }

    @inline(__always)
    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> String { try reader.string() }
}

extension Text: SingleType {
    static var typeName: String { "string" }
    static var wire: ProtobufReader.Wire { .bytes }
    var isLeftOut: Bool { isEmpty }
    var shown: Value { .string(self) }

    @inline(__always)
    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) {
        writer.presentString(number, string)
    }

    @inline(__always)
    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> Text { try reader.text() }
}

extension ExactDecimal: SingleType {
    static var typeName: String { "string" }
    static var wire: ProtobufReader.Wire { .bytes }
    var isLeftOut: Bool { false }
    var shown: Value { .string(description) }

    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) {
        writer.presentString(number, description)
    }

    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> ExactDecimal {
        guard let decimal = ExactDecimal(try reader.string()) else { throw .outOfRange }
        return decimal
    }
}

extension Value: SingleType {
    static var typeName: String { "Value" }
    static var wire: ProtobufReader.Wire { .bytes }
    var isLeftOut: Bool { false }
    var shown: Value { self }

    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) { writer.value(number, self) }

    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> Value { try reader.value() }
}
