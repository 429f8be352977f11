/// A URL that a request may be sent to: http or https, a host, no user name, no control character.
package struct WebAddress: Hashable, Sendable {
    /// As it was written.
    package let text: String
    package let isSecure: Bool
    /// In small letters; of IPv6 within its brackets.
    package let host: String
    /// Nil: the scheme's own.
    package let port: Int?
    /// From the path on: empty, or beginning with `/` or `?`.
    package let rest: Substring

    /// Why a text is none.
    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    private static let longest = 4_096

    package init(_ text: String) throws(Fault) {
        guard text.utf8.count <= Self.longest else { throw Fault(description: "is longer than \(Self.longest) bytes") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Fault(description: "holds a space, a control character or one beyond ASCII: percent-encode it")
        }
        let bytes = text.utf8
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), text[colon...].hasPrefix("://"),
            let isSecure = Self.isSecure(text[..<colon])
        else {
            throw Fault(description: "does not begin with https:// or http://")
        }
        let start = bytes.index(colon, offsetBy: 3)
        let end = bytes[start...].firstIndex { "/?#".utf8.contains($0) } ?? bytes.endIndex
        let authority = text[start..<end]
        guard !authority.utf8.contains(UInt8(ascii: "@")) else {
            throw Fault(description: "holds a user name or a password")
        }
        guard !bytes[end...].contains(UInt8(ascii: "#")) else { throw Fault(description: "holds a fragment (#)") }
        let (host, port) = try Self.hostAndPort(authority)
        self.text = text
        self.isSecure = isSecure
        self.host =
            host.utf8.contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
            ? host.lowercased() : String(host)
        self.port = port
        rest = text[end...]
    }

    private static func isSecure(_ scheme: Substring) -> Bool? {
        switch scheme.lowercased() {
        case "https": true
        case "http": false
        default: nil
        }
    }

    private static func hostAndPort(_ authority: Substring) throws(Fault) -> (Substring, Int?) {
        var host = authority
        var port: Int?
        if authority.utf8.last != UInt8(ascii: "]"), let colon = authority.utf8.lastIndex(of: UInt8(ascii: ":")) {
            let digits = authority.utf8[colon...].dropFirst()
            guard digits.allSatisfy(isDigit), let number = Int(Substring(digits)), (1...65_535).contains(number) else {
                throw Fault(description: "has a port that is not within 1 to 65535")
            }
            host = authority[..<colon]
            port = number
        }
        guard isIPv6(host.utf8) || isName(host.utf8) else { throw Fault(description: "has no host that could be one") }
        return (host, port)
    }

    private static func isIPv6(_ host: Substring.UTF8View) -> Bool {
        host.count > 3 && host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]")
            && host.dropFirst().dropLast().allSatisfy { isDigit($0) || "abcdefABCDEF:.".utf8.contains($0) }
    }

    private static func isName(_ host: Substring.UTF8View) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return host.count <= 253
            && host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
                (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
                    && label.allSatisfy { isDigit($0) || isLetter($0) || $0 == hyphen || $0 == UInt8(ascii: "_") }
            }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    /// `scheme://host` and the port where it is not the scheme's own: RFC 6454, and the audience of RFC 8292.
    package var origin: String {
        (isSecure ? "https://" : "http://") + place
    }

    /// The machine itself: what goes there is not seen on the way.
    package var isLoopback: Bool {
        host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]"
            || (host.hasPrefix("127.") && host.dropFirst(4).allSatisfy { $0.isNumber || $0 == "." })
    }

    /// The host, and the port where it is not the scheme's own.
    package var place: String {
        let usual = isSecure ? 443 : 80
        return host + (port.map { $0 == usual ? "" : ":\($0)" } ?? "")
    }

    /// Bytes of `text` up to and with the one that ends the host and port: what stands behind them leads nowhere else.
    package var byteCountOfPlace: Int {
        rest.isEmpty ? text.utf8.count : text.utf8.count - rest.utf8.count + 1
    }

    /// Scheme, host and port, without a slash at the end, where there is no path.
    package var base: String? { rest.isEmpty || rest == "/" ? origin : nil }
}
