import HTTPClient

/// Whom a push service may write to, RFC 8292, 2.1. Apple answers BadJwtToken to one that names no domain of the
/// internet's, such as `mailto:ops@localhost`.
enum VAPIDSubject {
    /// RFC 6761, RFC 6762, RFC 8375 and what ICANN keeps free: nobody can be written to there. Names for documentation
    /// such as example.com do exist.
    private static let reserved: Set<Substring> = [
        "localhost", "local", "test", "invalid", "example", "internal", "arpa",
    ]

    /// What is wrong with it; nil: nothing.
    static func fault(of subject: String) -> String? {
        guard subject.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return "it holds a space, a control character or one beyond ASCII"
        }
        guard let host = host(of: subject) else {
            return "write one mailto: address, or an https: URL, without a fragment and without a dot behind the host"
        }
        guard isOfTheInternet(host) else {
            return
                "\"\(host)\" is no domain of the internet, and push services refuse what is signed with it; name one "
                + "where you are written to, as in mailto:ops@example.com"
        }
        return nil
    }

    private static func host(of subject: String) -> Substring? {
        if subject.hasPrefix("mailto:") {
            let parts = subject.dropFirst(7).split(separator: "@", omittingEmptySubsequences: false)
            // One address, and no header field of RFC 6068 behind it.
            let isAddress = parts.count == 2 && !parts[0].isEmpty && !subject.utf8.contains { ",<>?".utf8.contains($0) }
            return isAddress ? parts[1] : nil
        }
        guard let address = try? WebAddress(subject), address.isSecure else { return nil }
        return Substring(address.host)
    }

    private static func isOfTheInternet(_ host: Substring) -> Bool {
        let labels = host.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        guard host.utf8.count <= 253, labels.count >= 2, let last = labels.last, !reserved.contains(last) else {
            return false
        }
        // An address of IPv4 ends with a number, one of IPv6 has brackets.
        return labels.allSatisfy(isLabel) && !last.allSatisfy { $0.isNumber }
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy {
                $0 == UInt8(ascii: "-") || Unicode.Scalar($0).properties.isAlphabetic || $0 < 0x3A && $0 > 0x2F
            }
    }
}
