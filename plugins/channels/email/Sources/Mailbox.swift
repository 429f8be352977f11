import CCurl

/// An address that was checked, with the name that is shown beside it (RFC 5322, 3.4).
///
/// No value of this type holds a control character, and its address can stand in a header and in
/// an SMTP command as it is.
package struct Mailbox: Sendable, Equatable {
    /// Empty: none is shown.
    package let displayName: String
    /// `local@domain`, as it is written to: the domain in its ASCII form, unless letters beyond ASCII stand before the
    /// `@` (RFC 6531, 3.7.1).
    package let address: String
    /// As it was given, white space around it too.
    package let profile: String
    /// In ASCII.
    package let domain: String

    /// Whether only SMTPUTF8 takes it (RFC 6531).
    package var needsUTF8: Bool { !address.utf8.allSatisfy { $0 < 0x80 } }

    /// - Parameter address: `local@domain` and nothing else, as a profile holds it.
    package init(address: String) throws(AddressFault) {
        try self.init(displayName: "", address: address)
    }

    /// - Parameter text: `local@domain`, `<local@domain>`, `Name <local@domain>` or
    ///   `"Name" <local@domain>`; one mailbox only.
    package init(parsing text: String) throws(AddressFault) {
        let text = text.trimmed
        guard text.hasSuffix(">"), let open = text.lastIndex(of: "<") else {
            try self.init(address: String(text))
            return
        }
        try self.init(
            displayName: try Self.unquoted(text[..<open].trimmed),
            address: String(text[text.index(after: open)...].dropLast())
        )
    }

    private init(displayName: String, address: String) throws(AddressFault) {
        let (local, given, domain) = try Self.parts(address.trimmed)
        self.displayName = displayName
        self.domain = domain
        self.address = "\(local)@\(local.utf8.allSatisfy { $0 < 0x80 } ? domain : given)"
        profile = address
    }

    private static func unquoted(_ phrase: Substring) throws(AddressFault) -> String {
        guard !phrase.unicodeScalars.contains(where: \.isControl) else { throw .controlCharacter }
        guard phrase.count >= 2, phrase.hasPrefix("\""), phrase.hasSuffix("\"") else {
            // A bracket here is a second mailbox.
            guard !phrase.contains(where: { "<>".contains($0) }) else { throw .malformed }
            return String(phrase)
        }
        var name = ""
        var escaped = false
        for character in phrase.dropFirst().dropLast() {
            if character == "\\", !escaped {
                escaped = true
            } else {
                name.append(character)
                escaped = false
            }
        }
        return name
    }

    /// RFC 5321, 4.1.2, with its lengths, and RFC 6531, 3.3.
    /// - Returns: what is written before the `@`, the domain as it was given and in ASCII.
    private static func parts(
        _ address: Substring
    ) throws(AddressFault) -> (local: String, given: String, domain: String) {
        guard !address.isEmpty else { throw .empty }
        guard !address.unicodeScalars.contains(where: \.isControl) else { throw .controlCharacter }
        guard let at = address.lastIndex(of: "@") else { throw .malformed }
        guard let local = written(address[..<at]) else { throw .malformed }
        let given = address[address.index(after: at)...]
        guard (1...64).contains(local.utf8.count), (1...255).contains(given.utf8.count) else { throw .malformed }
        if isDomain(given) || isLiteral(given) { return (local, String(given), String(given)) }
        guard !given.utf8.allSatisfy({ $0 < 0x80 }) else { throw .malformed }
        guard let domain = asciiDomain(given) else { throw .noDomain }
        return (local, String(given), domain)
    }

    /// A dot-atom or a quoted string as it is. Japanese providers gave out `a..b@` and `a.@`, which are no dot-atoms:
    /// quoted, they are the same mailbox (RFC 5321, 4.1.2), and taken by relays that refuse them bare. Nil: it is neither.
    private static func written(_ local: Substring) -> String? {
        if local.hasPrefix("\"") { return isQuoted(local) ? String(local) : nil }
        let atoms = local.split(separator: ".", omittingEmptySubsequences: false)
        guard atoms.allSatisfy({ $0.unicodeScalars.allSatisfy(isAtomText) }), atoms.first?.isEmpty == false else {
            return nil
        }
        return atoms.contains("") ? "\"\(local)\"" : String(local)
    }

    private static func isQuoted(_ local: Substring) -> Bool {
        guard local.utf8.count > 2, local.hasSuffix("\"") else { return false }
        var isEscaped = false
        for scalar in local.dropFirst().dropLast().unicodeScalars {
            guard (0x20...0x7E).contains(scalar.value) || scalar.value > 0x7F && isAtomText(scalar) else {
                return false
            }
            if !isEscaped, scalar == "\"" { return false }
            isEscaped = !isEscaped && scalar == "\\"
        }
        return !isEscaped
    }

    /// IDNA 2008, as libcurl knows it; nil: it is no name of a domain.
    private static func asciiDomain(_ domain: Substring) -> String? {
        var ascii = [CChar](repeating: 0, count: 256)
        guard ccurl_ascii_domain(String(domain), &ascii, ascii.count) else { return nil }
        let name = String(upToNull: ascii)
        return isDomain(name) ? name : nil
    }

    package static func isDomain(_ domain: some StringProtocol) -> Bool {
        domain.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    package static func isLiteral(_ domain: some StringProtocol) -> Bool {
        domain.count > 2 && domain.hasPrefix("[") && domain.hasSuffix("]")
            && domain.dropFirst().dropLast().utf8.allSatisfy {
                isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":")
            }
    }

    private static func isAtomText(_ scalar: Unicode.Scalar) -> Bool {
        guard let byte = UInt8(exactly: scalar.value), byte < 0x80 else {
            // What turns the direction of writing makes an address look like another one.
            return !scalar.properties.isWhitespace && !scalar.properties.isBidiControl
                && !scalar.properties.isNoncharacterCodePoint
        }
        return isAlphanumeric(byte) || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}

/// Why a text is not an address.
package enum AddressFault: Error, Equatable, CustomStringConvertible {
    case empty
    case controlCharacter
    /// What stands behind the `@` is beyond ASCII, and no name of a domain.
    case noDomain
    case malformed

    package var description: String {
        switch self {
        case .empty: "is empty"
        case .controlCharacter: "holds a line break or another control character"
        case .noDomain: "has no name of a domain behind its @"
        case .malformed: "is not of the form name@domain"
        }
    }
}

extension Unicode.Scalar {
    /// C0, DEL and C1, and the two separators that some readers take for a line's end.
    var isControl: Bool {
        value < 0x20 || (0x7F...0x9F).contains(value) || value == 0x2028 || value == 0x2029
    }
}

extension StringProtocol where SubSequence == Substring {
    /// Without white space and line ends around it.
    var trimmed: Substring {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return self[startIndex..<startIndex] }
        return self[first...last]
    }
}
