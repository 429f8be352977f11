import Encodings

/// How a part of UTF-8 text travels over a path that carries 7 bits and short lines (RFC 2045, 6).
enum TransferEncoding: String {
    case quotedPrintable = "quoted-printable"
    case base64

    /// The shorter one: base64 where most of the text is beyond ASCII.
    init(for text: String) {
        var beyond = 0
        var total = 0
        for byte in text.utf8 {
            total += 1
            if byte >= 0x80 { beyond += 1 }
        }
        self = beyond * 6 > total ? .base64 : .quotedPrintable
    }

    /// Appends lines of at most 76 characters, each ended by CRLF; the text's own line ends, of
    /// whatever kind, are CRLF.
    func encode(_ text: String, to output: inout [UInt8]) {
        switch self {
        case .quotedPrintable: QuotedPrintable.encode(text, to: &output)
        case .base64: Self.appendLines(of: Self.withCRLF(text), to: &output)
        }
    }

    /// 57 bytes make the 76 characters of a line (RFC 2045, 6.8).
    private static func appendLines(of bytes: [UInt8], to output: inout [UInt8]) {
        output.reserveCapacity(output.count + bytes.count / 57 * 78 + 80)
        for start in stride(from: 0, to: bytes.count, by: 57) {
            output += Base64.digits(of: bytes[start..<min(start + 57, bytes.count)])
            output += [0x0D, 0x0A]
        }
    }

    private static func withCRLF(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + text.utf8.count / 32)
        for line in Lines(of: text) {
            bytes += line
            bytes.append(0x0D)
            bytes.append(0x0A)
        }
        return bytes
    }
}

/// The lines of a text, whether they end in CRLF, LF or CR. A line end at the text's end begins no
/// further line.
struct Lines: Sequence, IteratorProtocol {
    private var rest: ArraySlice<UInt8>

    init(of text: String) { rest = Array(text.utf8)[...] }

    mutating func next() -> ArraySlice<UInt8>? {
        guard !rest.isEmpty else { return nil }
        var end = rest.startIndex
        while end < rest.endIndex, rest[end] != 0x0D, rest[end] != 0x0A { end += 1 }
        guard end < rest.endIndex else {
            defer { rest = [] }
            return rest
        }
        let line = rest[rest.startIndex..<end]
        let next = rest.index(after: end)
        let isPair = rest[end] == 0x0D && next < rest.endIndex && rest[next] == 0x0A
        rest = rest[(isPair ? next + 1 : next)...]
        return line
    }
}

enum QuotedPrintable {
    /// With the `=` that breaks a line softly.
    private static let longestLine = 76

    static func encode(_ text: String, to output: inout [UInt8]) {
        for line in Lines(of: text) { append(line, to: &output) }
    }

    private static func append(_ line: ArraySlice<UInt8>, to output: inout [UInt8]) {
        var column = 0
        for index in line.indices {
            let byte = line[index]
            let isLast = index == line.endIndex - 1
            let plain = isPlain(byte, atLineEnd: isLast) && !(column == 0 && isRisky(line[index...]))
            let length = plain ? 1 : 3
            // The last one needs no room for a soft break behind it.
            if column + length > longestLine - (isLast ? 0 : 1) {
                output += [UInt8(ascii: "="), 0x0D, 0x0A]
                column = 0
            }
            if plain {
                output.append(byte)
            } else {
                output.append(UInt8(ascii: "="))
                output.append(hexadecimal(byte >> 4))
                output.append(hexadecimal(byte & 15))
            }
            column += length
        }
        output.append(0x0D)
        output.append(0x0A)
    }

    private static func isPlain(_ byte: UInt8, atLineEnd: Bool) -> Bool {
        switch byte {
        case 0x20, 0x09: !atLineEnd
        case UInt8(ascii: "="): false
        default: (0x21...0x7E).contains(byte)
        }
    }

    /// Careless software on the way takes a lone dot for the end, and "From " for another message.
    private static func isRisky(_ rest: ArraySlice<UInt8>) -> Bool {
        rest.first == UInt8(ascii: ".") || rest.first == UInt8(ascii: "F") && rest.starts(with: "From ".utf8)
    }
}
