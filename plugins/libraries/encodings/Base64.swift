/// RFC 4648: the usual alphabet with padding (section 4), and that of URLs without (section 5).
package enum Base64 {
    private static let usual = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let ofURLs = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// By a character's byte: its six bits, or `none`.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: none, count: 256)
        for alphabet in [usual, ofURLs] {
            for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        }
        return values
    }()
    private static let none: UInt8 = 64

    package static func encoded(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: digits(of: bytes), as: UTF8.self)
    }

    /// The same as bytes of ASCII.
    package static func digits(of bytes: some Collection<UInt8>) -> [UInt8] {
        var text = encode(bytes, usual)
        while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        return text
    }

    package static func encodedForURL(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: encode(bytes, ofURLs), as: UTF8.self)
    }

    private static func encode(_ bytes: some Collection<UInt8>, _ alphabet: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 4 / 3 + 4)
        var held: UInt32 = 0
        var bits = 0
        for byte in bytes {
            held = held << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(alphabet[Int(held >> UInt32(bits) & 63)])
            }
        }
        if bits > 0 { text.append(alphabet[Int(held << UInt32(6 - bits) & 63)]) }
        return text
    }

    /// Either alphabet, with padding or without; nil where it is neither.
    package static func decoded(_ text: some StringProtocol) -> [UInt8]? {
        decoded(Array(text.utf8))
    }

    package static func decoded(_ text: [UInt8]) -> [UInt8]? {
        let values = values
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var held: UInt32 = 0
        var bits = 0
        var padding = 0
        for character in text {
            if character == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            let six = values[Int(character)]
            guard padding == 0, six != none else { return nil }
            held = held << 6 | UInt32(six)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: held >> UInt32(bits)))
            }
        }
        // A single character left over is no byte.
        return padding <= 2 && bits < 6 ? bytes : nil
    }
}
