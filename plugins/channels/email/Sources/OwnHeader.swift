import PluginKit

/// A header that a campaign adds to its letters.
package struct OwnHeader: Sendable, Equatable {
    package let name: String
    package let text: String

    static let most = 20
    /// Providers' own have up to thirty.
    static let longestName = 76
    /// A line's worth, with its name.
    static let longestText = 900

    /// What the letter says of itself, and what others add to it on its way.
    private static let reserved = [
        "bcc", "cc", "date", "delivered-to", "envelope-to", "from", "list-unsubscribe", "list-unsubscribe-post",
        "message-id", "mime-version", "received", "reply-to", "return-path", "sender", "subject", "to",
        "dkim-signature", "domainkey-signature", "authentication-results", "received-spf",
    ]
    private static let reservedBeginnings = ["content-", "resent-", "arc-"]

    /// Of a message's field `headers`. What is empty, or nothing, is left out.
    /// - Throws: what is wrong, for whoever wrote it.
    package static func all(_ value: Value?) throws(PluginError) -> [OwnHeader] {
        guard let value, value != .null else { return [] }
        guard case .object(let members) = value else {
            throw PluginError("headers: it is no mapping of names to texts")
        }
        guard members.count <= most else {
            throw PluginError("headers: there are \(members.count), and at most \(most)")
        }
        var headers: [OwnHeader] = []
        for member in members {
            try check(member.name, headers)
            let text: String
            switch member.value {
            case .null: continue
            case .string(let given): text = String(given.withoutControls.trimmed)
            case .integer(let number): text = "\(number)"
            case .boolean(let flag): text = "\(flag)"
            case .decimal, .array, .object: throw PluginError("headers.\(member.name): it is no text")
            }
            guard text.utf8.count <= longestText else {
                throw PluginError("headers.\(member.name): it has \(text.utf8.count) bytes, and at most \(longestText)")
            }
            headers.append(OwnHeader(name: member.name, text: text))
        }
        return headers.filter { !$0.text.isEmpty }
    }

    private static func check(_ name: String, _ before: [OwnHeader]) throws(PluginError) {
        // RFC 5322, 2.2, without what nobody writes.
        guard (1...longestName).contains(name.utf8.count),
            name.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") })
        else { throw PluginError("headers: \(name.debugDescription) is no name of a header") }
        let lower = name.lowercased()
        guard !reserved.contains(lower), !reservedBeginnings.contains(where: lower.hasPrefix) else {
            throw PluginError("headers.\(name): the letter has it already, or it is not the sender's to write")
        }
        guard !before.contains(where: { $0.name.lowercased() == lower }) else {
            throw PluginError("headers.\(name): it stands there twice")
        }
    }
}
