import PluginKit

/// What messages are signed with: the usual secret, and those that a message names.
package struct WebhookSecrets: Sendable {
    private var usual: WebhookSecret?
    private var named: [String: WebhookSecret] = [:]

    var isEmpty: Bool { usual == nil && named.isEmpty }

    /// - Parameters:
    ///   - secret: keys; nil where there is no usual secret.
    ///   - secrets: lines, each a name and its keys; a name may stand on several.
    /// - Throws: what is wrong, naming the setting and nothing that could be a key.
    init(secret: String?, secrets: String?) throws(PluginError) {
        usual = try secret.map { text throws(PluginError) in try WebhookSecret(text) }
        let lines = secrets?.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) ?? []
        for (index, line) in lines.enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace)
            let place = "secrets: line \(index + 1)"
            guard var name = words.first else { continue }  // An empty line.
            if name.last == ":" { name = name.dropLast() }
            guard Self.isName(name) else {
                throw PluginError(
                    "\(place): it must begin with a name of letters, digits, `-`, `_` and `.`, then its keys"
                )
            }
            let secret = try WebhookSecret(Array(words.dropFirst()), at: place)
            try add(secret, String(name), at: place)
        }
        if secrets != nil, named.isEmpty { throw PluginError("secrets: it holds none") }
    }

    private mutating func add(_ secret: WebhookSecret, _ name: String, at place: String) throws(PluginError) {
        guard var known = named[name] else {
            named[name] = secret
            return
        }
        try known.add(secret, at: place)
        named[name] = known
    }

    /// - Parameter name: as a message says it; nil: the usual one.
    /// - Throws: that there is none.
    func secret(_ name: String?) throws(PluginError) -> WebhookSecret {
        guard let name else {
            guard let usual else { throw PluginError("webhook.secret is not set") }
            return usual
        }
        guard let secret = named[name] else {
            throw PluginError("secret: webhook.secrets has none of the name \(name)")
        }
        return secret
    }

    /// A key in a name's place is none: names are shown.
    static func isName(_ text: some StringProtocol) -> Bool {
        (1...WebhookLimits.longestName).contains(text.utf8.count) && !text.hasPrefix(WebhookKey.prefix)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_.".utf8.contains(byte)
            }
    }
}
