import Cryptography
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

    /// - Parameter token: its JSON, or that in base64url.
    package init(_ token: Substring) throws(Fault) {
        guard token.utf8.count <= Self.longest else { throw Fault(description: "the subscription is too long") }
        let bytes = token.utf8.first == UInt8(ascii: "{") ? Array(String(token).utf8) : Base64.decoded(token) ?? []
        guard let json = JSONReader.value(bytes), let text = json["endpoint"]?.string else {
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
