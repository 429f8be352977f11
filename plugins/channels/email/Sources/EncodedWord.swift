import Encodings

/// Text beyond ASCII in a header: encoded words of RFC 2047.
enum EncodedWord {
    /// RFC 2047, 2: an encoded word is at most 75 characters, a line that holds one at most 76.
    private static let longestWord = 75
    private static let longestLine = 76
    private static let frame = "=?utf-8?q?".utf8.count + "?=".utf8.count

    /// - Parameter column: where the first word begins in its line.
    /// - Returns: the words, one for each line. Each holds whole scalars, and is readable alone.
    static func words(for text: String, column: Int) -> [String] {
        let quoted = text.utf8.reduce(0) { $0 + quotedLength($1) }
        let based = (text.utf8.count + 2) / 3 * 4
        var words: [String] = []
        var bytes: [UInt8] = []
        // Of the word in base64: its bytes; in quotes: its characters.
        var size = 0
        func close() {
            let encoded = quoted <= based ? quote(bytes) : Base64.digits(of: bytes)
            words.append("=?utf-8?\(quoted <= based ? "q" : "b")?\(String(decoding: encoded, as: UTF8.self))?=")
            bytes.removeAll(keepingCapacity: true)
            size = 0
        }
        for scalar in text.unicodeScalars {
            let limit = min(longestWord, longestLine - (words.isEmpty ? column : 1)) - frame
            var added = 0
            for byte in UTF8.encode(scalar) ?? .init() { added += quoted <= based ? quotedLength(byte) : 1 }
            let length = quoted <= based ? size + added : (size + added + 2) / 3 * 4
            if !bytes.isEmpty, length > limit { close() }
            bytes += UTF8.encode(scalar) ?? .init()
            size += added
        }
        if !bytes.isEmpty { close() }
        return words
    }

    /// RFC 2047, 5 (3): these stand for themselves in a phrase too; the space is written `_`.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "/"): true
        default: false
        }
    }

    private static func quotedLength(_ byte: UInt8) -> Int { isPlain(byte) || byte == 0x20 ? 1 : 3 }

    private static func quote(_ bytes: [UInt8]) -> [UInt8] {
        var quoted: [UInt8] = []
        for byte in bytes {
            if isPlain(byte) {
                quoted.append(byte)
            } else if byte == 0x20 {
                quoted.append(UInt8(ascii: "_"))
            } else {
                quoted.append(UInt8(ascii: "="))
                quoted.append(hexadecimal(byte >> 4))
                quoted.append(hexadecimal(byte & 15))
            }
        }
        return quoted
    }
}
