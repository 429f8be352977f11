/// A hash of bytes that clients choose: with a seed that the process draws, by multiplications of 64 bits to 128.
package enum SeededHash {
    @usableFromInline static let seed = UInt64.random(in: .min ... .max)

    @inlinable
    package static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        var state = Self.seed ^ seed
        var at = 0
        while at + 16 <= bytes.count {
            state = mix(word(bytes, at) ^ state, word(bytes, at + 8) ^ 0xA076_1D64_78BD_642F)
            at += 16
        }
        // The rest in two words, which may overlap.
        let left = bytes.count - at
        var tail: (UInt64, UInt64) = (0, 0)
        if left >= 8 {
            tail = (word(bytes, at), word(bytes, bytes.count - 8))
        } else if left >= 4 {
            tail = (half(bytes, at), half(bytes, bytes.count - 4))
        } else {
            for place in at..<bytes.count { tail.0 = tail.0 << 8 | UInt64(bytes[place]) }
        }
        return mix(tail.0 ^ state, tail.1 ^ UInt64(bytes.count) ^ 0xE703_7ED1_A0B4_28DB)
    }

    @inlinable
    static func word(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt64 {
        bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
    }

    @inlinable
    static func half(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt64 {
        UInt64(bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
    }

    @inlinable
    static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
