/// Cuts what a server sends into replies (RFC 5321, 4.2.1), in whatever pieces it comes.
package struct SMTPReplyParser {
    package enum Fault: Error, Equatable {
        /// A line that begins with no code.
        case notAReply
        case tooLong
    }

    /// Of one reply, all its lines together.
    package static let longestReply = 16 * 1024

    private var line: [UInt8] = []
    private var text: [UInt8] = []
    private var length = 0
    /// Of the reply that has begun.
    private var code: Int?
    private let secrets: [String]

    /// - Parameter secrets: what no reply's text is to give back.
    package init(hiding secrets: [String] = []) {
        self.secrets = secrets
    }

    /// Takes bytes from the front as far as the next reply reaches.
    /// - Returns: nil where it is not all there yet; all bytes are taken then.
    package mutating func next(_ bytes: inout ArraySlice<UInt8>) throws(Fault) -> SMTPReply? {
        while let end = bytes.firstIndex(of: 0x0A) {
            try take(bytes[bytes.startIndex..<end])
            bytes = bytes[(end + 1)...]
            if let reply = try finishLine() { return reply }
        }
        try take(bytes)
        bytes = []
        return nil
    }

    private mutating func take(_ piece: ArraySlice<UInt8>) throws(Fault) {
        length += piece.count
        guard length <= Self.longestReply else { throw .tooLong }
        line += piece
    }

    /// What the server had said when it hung up in the middle of a reply; nil: nothing that is one.
    package mutating func unfinished() -> SMTPReply? {
        if line.isEmpty, let code { return reply(code) }
        let last = (try? finishLine()) ?? nil
        return last ?? code.map { reply($0) }
    }

    private mutating func finishLine() throws(Fault) -> SMTPReply? {
        length += 1
        defer { line.removeAll(keepingCapacity: true) }
        if line.last == 0x0D { line.removeLast() }
        guard line.count >= 3, (0x32...0x35).contains(line[0]), line[1...2].allSatisfy({ (0x30...0x39).contains($0) })
        else { throw .notAReply }
        let more = line.count > 3 && line[3] == UInt8(ascii: "-")
        guard line.count == 3 || more || line[3] == UInt8(ascii: " ") else { throw .notAReply }
        if !text.isEmpty { text.append(UInt8(ascii: " ")) }
        text += line.dropFirst(4)
        code = line[..<3].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return more ? nil : code.map { reply($0) }
    }

    private mutating func reply(_ code: Int) -> SMTPReply {
        defer {
            text.removeAll(keepingCapacity: true)
            length = 0
            self.code = nil
        }
        var shown = String(decoding: text, as: UTF8.self)
        for secret in secrets where shown.contains(secret) { shown = shown.replacing(secret, with: "[secret]") }
        return SMTPReply(code: code, text: shown)
    }
}
