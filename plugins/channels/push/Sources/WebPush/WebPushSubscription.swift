import Cryptography
import Encodings
import HTTPClient
import PluginKit

/// A browser's PushSubscription.
package struct WebPushSubscription: Sendable {
    package let endpoint: WebAddress
    /// The browser's, of RFC 8291.
    package let publicKey: P256PublicKey
    package let authSecret: [UInt8]

    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    private static let longest = 8_192

    /// The endpoint's origin; nil where a subscription cannot be read as far as that.
    /// - Parameter token: its JSON, or that in base64url.
    package static func origin(of token: Substring) -> String? {
        guard token.utf8.count <= longest else { return nil }
        let bytes = bytes(of: token)
        guard let text = leadingEndpoint(bytes) ?? JSONReader.value(bytes)?["endpoint"]?.string else { return nil }
        return (try? WebAddress(text))?.origin
    }

    private static func bytes(of token: Substring) -> [UInt8] {
        token.utf8.first == UInt8(ascii: "{") ? Array(token.utf8) : Base64.decoded(token) ?? []
    }

    private static let leading = Array(#"{"endpoint":""#.utf8)
    private static let named = Array(#""endpoint""#.utf8)

    /// As every browser writes it: first, without an escape, and once.
    private static func leadingEndpoint(_ bytes: [UInt8]) -> String? {
        guard bytes.starts(with: leading), !bytes.contains(UInt8(ascii: "\\")),
            let end = bytes[leading.count...].firstIndex(of: UInt8(ascii: "\""))
        else { return nil }
        let quotes = bytes.indices[end...].filter { bytes[$0] == UInt8(ascii: "\"") }
        guard !quotes.contains(where: { bytes[$0...].starts(with: named) }) else { return nil }
        return String(validating: bytes[leading.count..<end], as: UTF8.self)
    }

    /// - Parameter token: its JSON, or that in base64url.
    package init(_ token: Substring) throws(Fault) {
        guard token.utf8.count <= Self.longest else { throw Fault(description: "the subscription is too long") }
        guard let json = JSONReader.value(Self.bytes(of: token)), let text = json["endpoint"]?.string else {
            throw Fault(description: "the subscription is not the JSON of one, nor that in base64url")
        }
        do throws(WebAddress.Fault) {
            endpoint = try WebAddress(text)
        } catch {
            throw Fault(description: "the subscription's endpoint \(error)")
        }
        guard endpoint.isSecure || endpoint.isLoopback else {
            throw Fault(description: "the subscription's endpoint is not https:")
        }
        guard let key = json["keys"]?["p256dh"]?.string.flatMap({ Base64.decoded($0) }),
            let publicKey = try? P256PublicKey(key)
        else {
            throw Fault(description: "the subscription's p256dh is no P-256 key")
        }
        guard let secret = json["keys"]?["auth"]?.string.flatMap({ Base64.decoded($0) }), secret.count == 16 else {
            throw Fault(description: "the subscription's auth is not of 16 bytes")
        }
        self.publicKey = publicKey
        authSecret = secret
    }
}
