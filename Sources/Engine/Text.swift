/// A text that somebody else chose: an id, a name, a value. Two are the same where their UTF-8 bytes are (14, Identity):
/// nothing is folded, normalised or trimmed, in memory as on disk. Swift's own `String` compares by canonical
/// equivalence, by which U+212A KELVIN SIGN is the letter K.
package struct Text: Hashable, Comparable, Sendable {
    package let string: String

    package init(_ string: String) {
        self.string = string
    }

    package init(_ part: Substring) {
        self.string = String(part)
    }

    package var isEmpty: Bool { string.isEmpty }
    package var utf8: String.UTF8View { string.utf8 }

    @inlinable
    package static func == (left: Text, right: Text) -> Bool {
        // Of the same bits, the bytes are the same: so it is with short texts, and with copies of long ones.
        let bits = (unsafeBitCast(left.string, to: Bits.self), unsafeBitCast(right.string, to: Bits.self))
        return bits.0 == bits.1 || left.hasBytes(of: right)
    }

    @usableFromInline typealias Bits = (UInt64, UInt64)

    @usableFromInline
    func hasBytes(of other: Text) -> Bool {
        string.utf8.count == other.string.utf8.count
            && withBytes { own in
                other.withBytes { UnsafeRawBufferPointer(own).isSame(as: UnsafeRawBufferPointer($0)) }
            }
    }

    /// By bytes, as the store orders its keys.
    package static func < (left: Text, right: Text) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(0xff as UInt8)  // No byte of UTF-8: "ab" and "c" are not "a" and "bc".
    }

    /// What dictionaries ask, nearly twenty times an event: `SeededHash`, with their seed.
    @inlinable
    package func _rawHashValue(seed: Int) -> Int {
        Int(
            truncatingIfNeeded: string.utf8.span.withUnsafeBytes {
                SeededHash.of($0, seed: UInt64(bitPattern: Int64(seed)))
            }
        )
    }

    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = string.utf8.withContiguousStorageIfAvailable(body) { return result }
        var copy = string
        return copy.withUTF8(body)
    }
}

extension Text: ExpressibleByStringInterpolation, CustomStringConvertible {
    package init(stringLiteral value: String) { self.init(value) }
    package var description: String { string }
}

package typealias UserID = Text
package typealias CampaignID = Text

extension UnsafeRawBufferPointer {
    /// Eight bytes at a time: ids are compared with each look at a user. `other` is as long.
    @inline(__always)
    fileprivate func isSame(as other: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        while at + 8 <= count {
            guard
                loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    == other.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            else { return false }
            at += 8
        }
        while at < count {
            guard self[at] == other[at] else { return false }
            at += 1
        }
        return true
    }
}
