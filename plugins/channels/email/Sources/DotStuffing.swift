/// The content of a letter as SMTP carries it: a dot at a line's beginning is doubled, and a dot alone
/// ends it (RFC 5321, 4.5.2).
enum DotStuffing {
    private static let dot = UInt8(ascii: ".")

    /// - Parameter content: lines ended by CRLF.
    static func append(_ content: [UInt8], to output: inout [UInt8]) {
        var start = content.startIndex
        var search = content.startIndex
        if content.first == dot { output.append(dot) }
        while let end = content[search...].firstIndex(of: 0x0A) {
            search = end + 1
            guard search < content.endIndex, content[search] == dot else { continue }
            output += content[start..<search]
            output.append(dot)
            start = search
        }
        output += content[start...]
        if !content.isEmpty, content.last != 0x0A { output += [0x0D, 0x0A] }
        output += [dot, 0x0D, 0x0A]
    }
}
