import Cryptography
import Encodings

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

    private static func digest(of key: String) -> String {
        let digits = SHA256.digest(of: Array(key.utf8)).prefix(16).flatMap {
            [hexadecimal($0 >> 4), hexadecimal($0 & 15)]
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
