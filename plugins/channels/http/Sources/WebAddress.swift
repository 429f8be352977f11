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
        let lowered = text.prefix(8).lowercased()
        guard let scheme = ["https://", "http://"].first(where: { lowered.hasPrefix($0) }) else {
            throw Fault(description: "does not begin with https:// or http://")
        }
        let behind = text.dropFirst(scheme.count)
        let end = behind.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? behind.endIndex
        let authority = behind[..<end]
        guard !authority.contains("@") else { throw Fault(description: "holds a user name or a password") }
        guard !behind[end...].contains("#") else { throw Fault(description: "holds a fragment (#)") }
        let (host, port) = try Self.hostAndPort(authority)
        self.text = text
        isSecure = scheme == "https://"
        self.host = host.lowercased()
        self.port = port
        rest = behind[end...]
    }

    private static func hostAndPort(_ authority: Substring) throws(Fault) -> (Substring, Int?) {
        var host = authority
        var port: Int?
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            let digits = authority[authority.index(after: colon)...]
            guard digits.allSatisfy(\.isNumber), let number = Int(digits), (1...65_535).contains(number) else {
                throw Fault(description: "has a port that is not within 1 to 65535")
            }
            host = authority[..<colon]
            port = number
        }
        let isIPv6 =
            host.hasPrefix("[") && host.hasSuffix("]") && host.count > 3
            && host.dropFirst().dropLast().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
        let isName =
            !host.isEmpty && host.utf8.count <= 253
            && host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && label.utf8.count <= 63 && !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
            }
        guard isIPv6 || isName else { throw Fault(description: "has no host that could be one") }
        return (host, port)
    }

    /// `scheme://host` and the port where it is not the scheme's own: RFC 6454, and the audience of RFC 8292.
    package var origin: String {
        let usual = isSecure ? 443 : 80
        return (isSecure ? "https://" : "http://") + host + (port.map { $0 == usual ? "" : ":\($0)" } ?? "")
    }

    /// The machine itself: what goes there is not seen on the way.
    package var isLoopback: Bool {
        host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]"
            || (host.hasPrefix("127.") && host.dropFirst(4).allSatisfy { $0.isNumber || $0 == "." })
    }

    /// Scheme, host and port, without a slash at the end, where there is no path.
    package var base: String? { rest.isEmpty || rest == "/" ? origin : nil }
}
