/// Protobuf's numbers of as many bytes as they need: seven bits each, the lowest first, all but the last marked.
/// Inlined wherever it is used, since every record and every frame is made of these.
package enum Varint {
    package enum Fault: Error, Hashable, Sendable {
        case cut
        /// More than ten bytes, or than 64 bits.
        case tooLong
    }

    @inlinable
    package static func size(of value: UInt64) -> Int {
        value == 0 ? 1 : (UInt64.bitWidth - value.leadingZeroBitCount + 6) / 7
    }

    /// Gives how many bytes it took; there must be room for `size(of:)`.
    @inlinable
    package static func write(_ value: UInt64, to start: UnsafeMutableRawPointer) -> Int {
        var rest = value
        var count = 0
        while rest >= 0x80 {
            start.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: count, as: UInt8.self)
            count += 1
            rest >>= 7
        }
        start.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: count, as: UInt8.self)
        return count + 1
    }

    /// Reads the number at `at`, and goes on behind it.
    @inlinable
    package static func read(
        _ at: inout UnsafeRawPointer,
        before end: UnsafeRawPointer
    ) throws(Fault) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while at < end {
            let byte = at.load(as: UInt8.self)
            at += 1
            guard shift < 63 || byte <= 1 else { throw .tooLong }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw .cut
    }
}
