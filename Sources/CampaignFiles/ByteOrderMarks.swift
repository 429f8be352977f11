/// U+FEFF, with which some editors begin a file, and so what is put together from such files. YAML allows one before
/// each document (YAML 1.2.2, 5.2); libyaml takes it for the first column of a line, which puts a key out of its row.
enum ByteOrderMarks {
    private static let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    private static let newline = UInt8(ascii: "\n")

    /// The text without them: before a `---`, and before the first line of a document that says something; elsewhere it is
    /// a character like any other.
    static func removed(_ text: String) -> String {
        guard text.utf8.contains(mark[0]) else { return text }
        var rest = Array(text.utf8)[...]
        var kept: [UInt8] = []
        kept.reserveCapacity(rest.count)
        var isBeginning = true
        while !rest.isEmpty {
            let line = rest.prefix { $0 != newline }
            rest = rest[line.endIndex...]
            var plain = line
            while plain.starts(with: mark) { plain = plain.dropFirst(mark.count) }
            let begins = plain.starts(with: "---".utf8)
            kept += isBeginning || begins ? plain : line
            if let end = rest.popFirst() { kept.append(end) }
            isBeginning = begins || isBeginning && saysNothing(plain)
        }
        return String(decoding: kept, as: UTF8.self)
    }

    /// Blank, a remark, or a directive of a document that is to come.
    private static func saysNothing(_ line: ArraySlice<UInt8>) -> Bool {
        let first = line.first { ![UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r")].contains($0) }
        return first == nil || first == UInt8(ascii: "#") || line.first == UInt8(ascii: "%")
    }
}
