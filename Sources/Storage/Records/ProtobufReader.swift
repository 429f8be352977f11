import Engine
import Glibc
import Varint

/// Reads protobuf straight from bytes that somebody else owns. Never reads beyond them, whatever they hold.
package struct ProtobufReader {
    /// What the bytes are not.
    package enum Fault: Error, Hashable, Sendable {
        case truncated
        case badVarint
        case badWireType(UInt8)
        case badText
        case outOfRange
        case tooDeep
    }

    /// How a field's content stands.
    package enum Wire: UInt8, Sendable {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
        case fixed32 = 5
    }

    /// A field that is still to be read or skipped.
    package struct Field: Hashable {
        package var number: UInt32
        package var wire: Wire

        package init(_ number: UInt32, _ wire: Wire) {
            (self.number, self.wire) = (number, wire)
        }
    }

    /// Of protobuf.
    static let highestField: UInt64 = (1 << 29) - 1

    /// As deep as values may stand in each other: enough for any real profile, and far from the end of a stack.
    package static let deepest = 128

    private var at: UnsafeRawPointer
    private let end: UnsafeRawPointer

    package init(_ bytes: UnsafeRawBufferPointer) {
        // An empty buffer may have no address; any address will do, since nothing is read.
        at = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
        end = at + bytes.count
    }

    package var isAtEnd: Bool { at == end }

    /// The next field; nil at the end of the message.
    @inline(__always)
    package mutating func field() throws(Fault) -> Field? {
        if at == end { return nil }
        let tag = try varint()
        guard (1...Self.highestField).contains(tag >> 3) else { throw .outOfRange }
        let wire = UInt8(tag & 7)
        guard let wire = Wire(rawValue: wire) else { throw .badWireType(wire) }
        return Field(UInt32(tag >> 3), wire)
    }

    @inline(__always)
    package mutating func varint() throws(Fault) -> UInt64 {
        guard at < end else { throw .truncated }
        let first = at.load(as: UInt8.self)
        if first < 0x80 {
            at += 1
            return UInt64(first)
        }
        return try longVarint()
    }

    package mutating func signed() throws(Fault) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    package mutating func int64() throws(Fault) -> Int64 {
        Int64(bitPattern: try varint())
    }

    package mutating func uint32() throws(Fault) -> UInt32 {
        guard let value = UInt32(exactly: try varint()) else { throw .outOfRange }
        return value
    }

    package mutating func boolean() throws(Fault) -> Bool {
        try varint() != 0
    }

    @inline(__always)
    package mutating func fixed64() throws(Fault) -> UInt64 {
        guard end - at >= 8 else { throw .truncated }
        let value = at.loadUnaligned(as: UInt64.self)
        at += 8
        return UInt64(littleEndian: value)
    }

    @inline(__always)
    package mutating func bytes() throws(Fault) -> UnsafeRawBufferPointer {
        let length = try varint()
        guard length <= UInt64(end - at) else { throw .truncated }
        let content = UnsafeRawBufferPointer(start: at, count: Int(length))
        at += Int(length)
        return content
    }

    package mutating func string() throws(Fault) -> String {
        try Self.string(try bytes())
    }

    package mutating func text() throws(Fault) -> Text {
        Text(try string())
    }

    /// A reader of the message within this one that stands here.
    @inline(__always)
    package mutating func message() throws(Fault) -> ProtobufReader {
        ProtobufReader(try bytes())
    }

    /// What is left.
    package var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: at, count: end - at) }

    /// What is left, as text.
    package mutating func restAsText() throws(Fault) -> Text {
        defer { at = end }
        return Text(try Self.string(UnsafeRawBufferPointer(start: at, count: end - at)))
    }

    package mutating func bigEndian64() throws(Fault) -> UInt64 {
        UInt64(bigEndian: UInt64(littleEndian: try fixed64()))
    }

    package mutating func bigEndian32() throws(Fault) -> UInt32 {
        guard end - at >= 4 else { throw .truncated }
        let value = at.loadUnaligned(as: UInt32.self)
        at += 4
        return UInt32(bigEndian: value)
    }

    package mutating func skip(_ field: Field) throws(Fault) {
        switch field.wire {
        case .varint: _ = try varint()
        case .fixed64: _ = try fixed64()
        case .bytes: _ = try bytes()
        case .fixed32: _ = try bigEndian32()
        }
    }

    // MARK: -

    /// Decoding mends what is no UTF-8, and then it says something else. (Asking whether it is valid first takes twice
    /// as long.)
    private static func string(_ content: UnsafeRawBufferPointer) throws(Fault) -> String {
        var string = String(decoding: content, as: UTF8.self)
        let isSame = string.withUTF8 { utf8 in
            utf8.count == content.count
                && (content.isEmpty || memcmp(utf8.baseAddress!, content.baseAddress!, utf8.count) == 0)
        }
        guard isSame else { throw .badText }
        return string
    }

    private mutating func longVarint() throws(Fault) -> UInt64 {
        do throws(Varint.Fault) {
            return try Varint.read(&at, before: end)
        } catch {
            throw error == .cut ? .truncated : .badVarint
        }
    }
}
