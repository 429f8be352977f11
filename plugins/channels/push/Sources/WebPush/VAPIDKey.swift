import Cryptography
import Encodings
import HTTPClient
import PluginKit

/// The application server's key of RFC 8292.
package struct VAPIDKey: Sendable {
    private let key: P256PrivateKey
    /// Uncompressed, in base64url: what a browser subscribes with.
    let publicKey: String

    /// A push service takes a token of 24 hours at most.
    static let lifeSeconds: Int64 = 12 * 3_600

    /// - Parameter text: PEM, or the 32 bytes in base64url.
    /// - Throws: what is wrong, naming the setting.
    init(_ text: String) throws(PluginError) {
        do {
            if text.contains("-----BEGIN") {
                key = try P256PrivateKey(pem: text)
            } else {
                let bytes = Base64.decoded(text.filter { !$0.isWhitespace }) ?? []
                key = try P256PrivateKey(bytes: bytes)
            }
        } catch {
            throw PluginError("webpush_key: it is neither the PEM of a P-256 key nor its 32 bytes in base64url")
        }
        publicKey = Base64.encodedForURL(key.publicKey.bytes)
    }

    /// The value of `Authorization` for one origin.
    func authorization(origin: String, subject: String, nowSeconds: Int64) throws -> String {
        let token = try JSONWebToken.signed(
            header: [Value.Member("typ", .string("JWT")), Value.Member("alg", .string("ES256"))],
            claims: [
                Value.Member("aud", .string(origin)),
                Value.Member("exp", .integer(nowSeconds + Self.lifeSeconds)),
                Value.Member("sub", .string(subject)),
            ]
        ) { try key.signature(of: $0) }
        return "vapid t=\(token), k=\(publicKey)"
    }
}
