/// A template's bytes, and where one of them stands.
struct Source: Sendable {
    let bytes: [UInt8]

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    func fault(_ text: String, at offset: Int) -> TemplateFault {
        let (line, column) = place(of: offset)
        return TemplateFault(line: line, column: column, text: text)
    }

    func place(of offset: Int) -> (line: Int, column: Int) {
        let offset = min(offset, bytes.count)
        var (line, start) = (1, 0)
        for index in 0..<offset where bytes[index] == UInt8(ascii: "\n") { (line, start) = (line + 1, index + 1) }
        return (line, text(start..<offset).count + 1)
    }
}

extension UInt8 {
    var isSpace: Bool { self == 32 || (9...13).contains(self) }
    var isDigit: Bool { (48...57).contains(self) }
    /// Of a name: letters, digits, `_`, and everything beyond ASCII.
    var isNamePart: Bool {
        (97...122).contains(self) || (65...90).contains(self) || isDigit || self == UInt8(ascii: "_") || self >= 0x80
    }
}
