import Engine
import Varint

/// Writes protobuf into one growing buffer that is used again for the next record.
///
/// A field that is zero, empty or false is left out, as proto3 has it; those of a oneof are written by the `present`
/// forms.
package struct ProtobufWriter: ~Copyable {
    package private(set) var count = 0
    private var start: UnsafeMutableRawPointer
    private var capacity: Int
    private let alignment: Int

    package init(capacity: Int = 4_096, alignment: Int = 16) {
        start = .allocate(byteCount: capacity, alignment: alignment)
        self.capacity = capacity
        self.alignment = alignment
    }

    deinit {
        start.deallocate()
    }

    /// What was written since the last `clear`; good until the next write.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    package mutating func clear() {
        count = 0
    }

    // MARK: Fields

    package mutating func unsigned(_ field: UInt32, _ value: UInt64) {
        if value != 0 { presentUnsigned(field, value) }
    }

    package mutating func unsigned(_ field: UInt32, _ value: UInt32) {
        unsigned(field, UInt64(value))
    }

    package mutating func boolean(_ field: UInt32, _ value: Bool) {
        if value { presentUnsigned(field, 1) }
    }

    package mutating func instant(_ field: UInt32, milliseconds: Int64) {
        if milliseconds != 0 { presentUnsigned(field, UInt64(bitPattern: milliseconds)) }
    }

    package mutating func fixed(_ field: UInt32, _ value: UInt64) {
        if value != 0 { presentFixed(field, value) }
    }

    package mutating func string(_ field: UInt32, _ text: String) {
        if !text.isEmpty { presentString(field, text) }
    }

    package mutating func string(_ field: UInt32, _ text: Text) {
        string(field, text.string)
    }

    @inline(__always)
    package mutating func presentUnsigned(_ field: UInt32, _ value: UInt64) {
        reserve(20)
        put(tag: field, 0)
        put(value)
    }

    /// An `sint64`: small where it is near zero on either side.
    package mutating func presentSigned(_ field: UInt32, _ value: Int64) {
        presentUnsigned(field, UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    @inline(__always)
    package mutating func presentFixed(_ field: UInt32, _ value: UInt64) {
        reserve(18)
        put(tag: field, 1)
        start.storeBytes(of: value.littleEndian, toByteOffset: count, as: UInt64.self)
        count += 8
    }

    package mutating func presentString(_ field: UInt32, _ text: String) {
        var text = text
        text.withUTF8 { utf8 in presentBytes(field, UnsafeRawBufferPointer(utf8)) }
    }

    package mutating func presentString(_ field: UInt32, _ text: Text) {
        presentString(field, text.string)
    }

    package mutating func presentBytes(_ field: UInt32, _ content: UnsafeRawBufferPointer) {
        reserve(20)
        put(tag: field, 2)
        put(UInt64(content.count))
        append(content)
    }

    /// A message within this one.
    @inline(__always)
    package mutating func message(_ field: UInt32, _ body: (inout ProtobufWriter) -> Void) {
        reserve(20)
        put(tag: field, 2)
        let length = count
        count += 1
        body(&self)
        finishMessage(lengthAt: length)
    }

    // MARK: Keys and bytes

    /// In the order in which keys sort.
    package mutating func bigEndian(_ value: UInt64) {
        reserve(8)
        start.storeBytes(of: value.bigEndian, toByteOffset: count, as: UInt64.self)
        count += 8
    }

    package mutating func bigEndian(_ value: UInt32) {
        reserve(4)
        start.storeBytes(of: value.bigEndian, toByteOffset: count, as: UInt32.self)
        count += 4
    }

    package mutating func varint(_ value: UInt64) {
        reserve(10)
        put(value)
    }

    package mutating func append(byte: UInt8) {
        reserve(1)
        start.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    package mutating func utf8(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    package mutating func utf8(_ text: Text) {
        utf8(text.string)
    }

    package mutating func zeros(_ count: Int) {
        reserve(count)
        (start + self.count).initializeMemory(as: UInt8.self, repeating: 0, count: count)
        self.count += count
    }

    /// Writes over what stands at a place, little-endian.
    package mutating func store<T: FixedWidthInteger>(_ value: T, at place: Int) {
        precondition(place + MemoryLayout<T>.size <= count, "a number at \(place) of \(count) bytes")
        start.storeBytes(of: value.littleEndian, toByteOffset: place, as: T.self)
    }

    package mutating func append(_ content: UnsafeRawBufferPointer) {
        guard let from = content.baseAddress else { return }  // Nothing has no address.
        reserve(content.count)
        (start + count).copyMemory(from: from, byteCount: content.count)
        count += content.count
    }

    // MARK: -

    /// The caller has reserved room.
    @inline(__always)
    private mutating func put(tag field: UInt32, _ wire: UInt8) {
        if field < 16 {
            start.storeBytes(of: UInt8(truncatingIfNeeded: field) << 3 | wire, toByteOffset: count, as: UInt8.self)
            count += 1
        } else {
            put(UInt64(field) << 3 | UInt64(wire))
        }
    }

    /// The caller has reserved room.
    @inline(__always)
    private mutating func put(_ value: UInt64) {
        guard value < 0x80 else { return putLong(value) }
        start.storeBytes(of: UInt8(truncatingIfNeeded: value), toByteOffset: count, as: UInt8.self)
        count += 1
    }

    @inline(never)
    private mutating func putLong(_ value: UInt64) {
        count += Varint.write(value, to: start + count)
    }

    /// One byte was left for the length, which nearly every message needs; a longer one moves up to make room.
    @inline(__always)
    private mutating func finishMessage(lengthAt length: Int) {
        let size = count - length - 1
        if size < 0x80 {
            start.storeBytes(of: UInt8(size), toByteOffset: length, as: UInt8.self)
            return
        }
        moveUp(size, lengthAt: length)
    }

    @inline(never)
    private mutating func moveUp(_ size: Int, lengthAt length: Int) {
        let width = Varint.size(of: UInt64(size))
        reserve(width)
        (start + length + width).copyMemory(from: start + length + 1, byteCount: size)
        count = length
        putLong(UInt64(size))
        count += size
    }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if count + more > capacity { grow(more) }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        let larger = max(capacity * 2, count + more)
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: alignment)
        moved.copyMemory(from: start, byteCount: count)
        start.deallocate()
        start = moved
        capacity = larger
    }
}

/// Writes every field that is not what an absent one reads as.
extension ProtobufWriter: FieldVisitor {
    package typealias Fault = Never

    @inline(__always)
    mutating func comment(_ text: StaticString) {}

    @inline(__always)
    mutating func field<T: FieldType>(_ number: UInt32, _ name: StaticString, shown: Shown, _ value: inout T) {
        value.write(number, to: &self)
    }

    @inline(__always)
    mutating func field<T: SingleType>(
        _ number: UInt32,
        _ name: StaticString,
        _ value: inout T,
        absent: @autoclosure () -> T,
        isWritten: Bool
    ) {
        if isWritten { value.writePresent(number, to: &self) }
    }

    @inline(__always)
    mutating func required<T: SingleType>(_ number: UInt32, _ name: StaticString, shown: Shown, _ value: inout T) {
        value.write(number, to: &self)
    }

    @inline(__always)
    mutating func old<T: SingleType>(_ number: UInt32, _ name: StaticString, _ type: T.Type, _ take: (T) -> Void) {}
}
