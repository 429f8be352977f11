import Cryptography
import HTTPClient
import PluginKit

/// What sender and receiver share: standardwebhooks.com, "Signature scheme".
package struct WebhookSecret: Sendable {
    private let key: SecretBytes
    private static let prefix = "whsec_"

    /// - Throws: what is wrong, naming the setting.
    package init(_ text: String) throws(PluginError) {
        let text = text.filter { !$0.isNewline && $0 != " " }
        guard text.hasPrefix(Self.prefix) else { throw PluginError("secret: it begins with \(Self.prefix)") }
        guard let bytes = Base64.decoded(text.dropFirst(Self.prefix.utf8.count)) else {
            throw PluginError("secret: behind \(Self.prefix) it is not base64")
        }
        guard (24...64).contains(bytes.count) else {
            throw PluginError("secret: it is of \(bytes.count) bytes, and not of 24 to 64")
        }
        key = SecretBytes(bytes)
    }

    /// - Parameters:
    ///   - id: the message's, the same for every try.
    ///   - seconds: of this try, since 1970.
    package func headers(id: String, seconds: Int64, payload: [UInt8]) -> [String] {
        // The signed text is divided by full stops, and a header holds no line break.
        let id = id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ".") } ? id : Self.digest(id)
        let code = HMACSHA256.code(of: Array("\(id).\(seconds).".utf8) + payload, key: key)
        return [
            "webhook-id: \(id)",
            "webhook-timestamp: \(seconds)",
            "webhook-signature: v1,\(Base64.encoded(code))",
        ]
    }

    private static func digest(_ id: String) -> String {
        Base64.encodedForURL(SHA256.digest(of: Array(id.utf8)))
    }
}
