/// JSON writes a character beyond U+FFFF as two escapes, `\\ud83d\\ude00`; YAML knows one, `\\U0001F600`.
enum SurrogatePairs {
    /// The text with each pair in its double-quoted strings joined, where it begins as JSON does; lines stay what they
    /// are. Half a pair is left as it is: it is a fault in YAML too.
    static func joined(_ text: String) -> String {
        guard let first = text.unicodeScalars.first(where: { !$0.properties.isWhitespace && $0 != "\u{feff}" }),
            first == "{" || first == "["
        else { return text }
        let bytes = Array(text.utf8)
        var scan = Scan(bytes: bytes)
        return scan.run() ? String(decoding: scan.joined, as: UTF8.self) : text
    }

    /// Quotes, and comments, are those of YAML's `{}` and `[]`, of which JSON's are some.
    private struct Scan {
        let bytes: [UInt8]
        var joined: [UInt8] = []
        private var at = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        /// Gives false where nothing was to be joined.
        mutating func run() -> Bool {
            var hasJoined = false
            // Of what stands outside of strings, the last byte that is no white space.
            var before = UInt8(ascii: ",")
            var quote: UInt8?
            while at < bytes.count {
                let byte = bytes[at]
                if let open = quote {
                    if byte == UInt8(ascii: "\\"), open == UInt8(ascii: "\"") {
                        if let scalar = pair() {
                            joined += Array("\\U".utf8) + Self.hexadecimal(scalar)
                            at += 12
                            hasJoined = true
                        } else {
                            copy(2)
                        }
                        continue
                    }
                    if byte == open {
                        // Doubled, it is one of a single-quoted text's own.
                        if open == UInt8(ascii: "'"), at + 1 < bytes.count, bytes[at + 1] == open {
                            copy(2)
                            continue
                        }
                        quote = nil
                    }
                } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                    // Inside an unquoted text it is a letter like any other.
                    if Self.opens.contains(before) { quote = byte }
                    before = byte
                } else if byte == UInt8(ascii: "#"), at == 0 || Self.isSpace(bytes[at - 1]) {
                    copy(bytes[at...].prefix { $0 != UInt8(ascii: "\n") }.count)
                    continue
                } else if !Self.isSpace(byte) {
                    before = byte
                }
                copy(1)
            }
            return hasJoined
        }

        private mutating func copy(_ count: Int) {
            let end = min(bytes.count, at + count)
            joined += bytes[at..<end]
            at = end
        }

        /// The character of the two escapes that stand here.
        private func pair() -> UInt32? {
            guard let high = unit(at: at), (0xd800..<0xdc00).contains(high), let low = unit(at: at + 6),
                (0xdc00..<0xe000).contains(low)
            else { return nil }
            return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
        }

        private func unit(at place: Int) -> UInt32? {
            guard place + 6 <= bytes.count, bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u"),
                bytes[place + 2] != UInt8(ascii: "+"), bytes[place + 2] != UInt8(ascii: "-")
            else { return nil }
            return UInt32(String(decoding: bytes[(place + 2)..<(place + 6)], as: UTF8.self), radix: 16)
        }

        private static let opens = Set("{[,:".utf8)

        private static func isSpace(_ byte: UInt8) -> Bool { " \t\r\n".utf8.contains(byte) }

        private static func hexadecimal(_ scalar: UInt32) -> [UInt8] {
            let digits = String(scalar, radix: 16, uppercase: true)
            return Array((String(repeating: "0", count: 8 - digits.count) + digits).utf8)
        }
    }
}
