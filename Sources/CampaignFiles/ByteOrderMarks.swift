/// U+FEFF, with which some editors begin a file, and so what is put together from such files. YAML allows one before
/// each document (YAML 1.2.2, 5.2); libyaml takes it for the first column of a line, which puts a key out of its row.
enum ByteOrderMarks {
    private static let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    private static let newline = UInt8(ascii: "\n")

    /// The text without them; elsewhere it is a character like any other.
    static func removed(_ text: String) -> String {
        guard text.utf8.contains(mark[0]) else { return text }
        var rest = Array(text.utf8)[...]
        var kept: [UInt8] = []
        if rest.starts(with: mark) { rest = rest.dropFirst(mark.count) }
        kept.reserveCapacity(rest.count)
        while !rest.isEmpty {
            let line = rest.prefix { $0 != newline }
            rest = rest[line.endIndex...]
            let marked = line.starts(with: mark + Array("---".utf8))
            kept += marked ? line.dropFirst(mark.count) : line
            if let end = rest.popFirst() { kept.append(end) }
        }
        return String(decoding: kept, as: UTF8.self)
    }
}
