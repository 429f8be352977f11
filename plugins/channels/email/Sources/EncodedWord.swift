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
        return quoted <= based
            ? words(for: text, column: column, letter: "q", length: { $0.reduce(0) { $0 + quotedLength($1) } }, quote)
            : words(for: text, column: column, letter: "b", length: { ($0.count + 2) / 3 * 4 }, Base64.encode)
    }

    private static func words(
        for text: String,
        column: Int,
        letter: Character,
        length: ([UInt8]) -> Int,
        _ encode: ([UInt8]) -> [UInt8]
    ) -> [String] {
        var words: [String] = []
        var bytes: [UInt8] = []
        func close() {
            words.append("=?utf-8?\(letter)?" + String(decoding: encode(bytes), as: UTF8.self) + "?=")
            bytes.removeAll(keepingCapacity: true)
        }
        for scalar in text.unicodeScalars {
            let limit = min(longestWord, longestLine - (words.isEmpty ? column : 1)) - frame
            let encoded = Array(String(scalar).utf8)
            if !bytes.isEmpty, length(bytes + encoded) > limit { close() }
            bytes += encoded
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
        default: "!*+-/".utf8.contains(byte)
        }
    }

    private static func quotedLength(_ byte: UInt8) -> Int { isPlain(byte) || byte == 0x20 ? 1 : 3 }

    private static func quote(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { byte -> [UInt8] in
            if isPlain(byte) { return [byte] }
            if byte == 0x20 { return [UInt8(ascii: "_")] }
            return [UInt8(ascii: "="), hexadecimal(byte >> 4), hexadecimal(byte & 15)]
        }
    }
}
