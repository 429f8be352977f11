/// A message's key made safe: the same for the same key, another for another one, at most 120
/// bytes of `A-Z a-z 0-9 _ - =`. It is the left side of a Message-ID and a maildir's file name.
package struct StableName: Sendable, Equatable {
    package let text: String
    /// 32 hexadecimal digits, of the key alone.
    package let digest: String

    static let longest = 120

    package init(key: String) {
        var escaped: [UInt8] = []
        for byte in key.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                escaped.append(byte)
            default:
                escaped += [UInt8(ascii: "="), hexadecimal(byte >> 4), hexadecimal(byte & 15)]
            }
        }
        digest = Self.digest(of: key)
        // "==" stands in no escaped key, so a shortened name is never another key's whole one.
        let whole = escaped.count <= Self.longest && !escaped.isEmpty
        let kept = whole ? escaped[...] : escaped.prefix(Self.longest - 2 - 32)
        text = String(decoding: kept, as: UTF8.self) + (whole ? "" : "==" + digest)
    }

    /// FNV-1a of 128 bits: it spreads, and keeps no secret.
    private static func digest(of key: String) -> String {
        var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
        for byte in key.utf8 {
            hash = (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013B
        }
        let digits = (0..<32).map { hexadecimal(UInt8(truncatingIfNeeded: hash >> (124 - 4 * UInt128($0))) & 15) }
        return String(decoding: digits, as: UTF8.self)
    }
}

/// The digit of 0 to 15, in capitals as RFC 2045 wants them.
func hexadecimal(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
}
