import Cryptography
import Encodings

/// The links of one-click unsubscribing (RFC 8058): each names one user's message, and is signed, so that the
/// application's endpoint knows it for ours without asking anybody.
package struct OneClick: Sendable, Equatable {
    /// `https://`, with or without a query.
    private let base: String
    private let secret: [UInt8]

    static let shortestSecret = 16
    /// Room for the user, the campaign and the key behind it.
    static let longestBase = 300

    /// - Parameter base: an https: link without a fragment, and without a name in its query that the links use; nil
    ///   for anything else.
    package init?(base: String, secret: String) {
        guard base.lowercased().hasPrefix("https://"), base.utf8.count <= Self.longestBase, !base.contains("#"),
            let link = UnsubscribeLink(base)
        else { return nil }
        let query = link.text.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
        let names = query.split(separator: "&").map { $0.prefix { $0 != "=" } }
        guard !names.contains(where: { ["user", "campaign", "key", "signature"].contains($0) }) else { return nil }
        self.base = link.text
        self.secret = Array(secret.utf8)
    }

    /// nil: it would be too long for a header's line.
    package func link(user: String, campaign: String, key: String) -> UnsubscribeLink? {
        let signed = "user=\(percentEncoded(user))&campaign=\(percentEncoded(campaign))&key=\(percentEncoded(key))"
        let join = base.contains("?") ? (base.hasSuffix("?") || base.hasSuffix("&") ? "" : "&") : "?"
        return UnsubscribeLink("\(base)\(join)\(signed)&signature=\(signature(of: signed))")
    }

    /// HMAC-SHA256 in base64url without padding (RFC 4648, 5).
    private func signature(of text: String) -> String {
        let code = HMACSHA256.code(of: Array(text.utf8), key: SecretBytes(secret))
        return Base64.encodedForURL(code)
    }
}
