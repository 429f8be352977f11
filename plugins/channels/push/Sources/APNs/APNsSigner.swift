import Cryptography
import HTTPClient
import PluginKit

/// The provider's signing key at Apple.
package struct APNsSigner: Sendable {
    private let key: P256PrivateKey
    private let keyID: String
    private let teamID: String

    /// - Throws: what is wrong, naming the setting.
    init(pem: String, keyID: String, teamID: String) throws(PluginError) {
        do {
            key = try P256PrivateKey(pem: pem)
        } catch {
            throw PluginError("apns_key: it is not the PEM of a P-256 key, as Apple's .p8 file is")
        }
        self.keyID = keyID
        self.teamID = teamID
    }

    func token(nowSeconds: Int64) throws -> String {
        try JSONWebToken.signed(
            header: [Value.Member("alg", .string("ES256")), Value.Member("kid", .string(keyID))],
            claims: [Value.Member("iss", .string(teamID)), Value.Member("iat", .integer(nowSeconds))]
        ) { try key.signature(of: $0) }
    }
}
