/// What filters make of a text.
extension String {
    /// The first character large, the others small.
    var capitalizedOnce: String {
        guard let first else { return self }
        return first.uppercased() + dropFirst().lowercased()
    }

    /// Every word so.
    var titleCased: String {
        var titled = ""
        var beginsWord = true
        for character in self {
            titled += beginsWord ? character.uppercased() : character.lowercased()
            beginsWord = character.isWhitespace || character == "-"
        }
        return titled
    }

    /// At most so many characters, the ellipsis among them.
    func truncated(to count: Int, ellipsis: String) -> String {
        guard utf8.count > count, let end = index(startIndex, offsetBy: count, limitedBy: endIndex), end != endIndex
        else { return self }
        return prefix(Swift.max(0, count - ellipsis.count)) + ellipsis
    }

    func truncated(toWords count: Int, ellipsis: String) -> String {
        let words = split(maxSplits: Swift.max(0, count), whereSeparator: \.isWhitespace)
        guard words.count > count else { return self }
        return words.prefix(count).joined(separator: " ") + ellipsis
    }

    /// As a component of a URL: everything but letters, digits and `-._~` as `%` and two digits.
    var percentEncoded: String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        encoded.reserveCapacity(utf8.count + 16)
        for byte in utf8 {
            let isPlain = byte < 0x80 && byte.isNamePart || [45, 46, 126].contains(byte)
            encoded += isPlain ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Without white space at either end.
    var stripped: String {
        let start = drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
