import Cryptography
import HTTPClient
import PluginKit

/// The key file of a Google service account, and what is signed with it.
package struct ServiceAccount: Sendable {
    let projectID: String
    let tokenAddress: WebAddress
    private let email: String
    private let keyID: String
    private let key: RSAPrivateKey

    static let usualTokenAddress = "https://oauth2.googleapis.com/token"
    /// Google gives a token for an hour at most.
    private static let lifeSeconds: Int64 = 3_600

    /// - Throws: what is wrong, naming the setting.
    init(json: String) throws(PluginError) {
        let setting = "fcm_service_account"
        guard let file = JSONReader.value(Array(json.utf8)), case .object = file else {
            throw PluginError("\(setting): it is not the JSON of a key file")
        }
        guard file["type"]?.string == "service_account" else {
            throw PluginError("\(setting): its \"type\" is not \"service_account\"")
        }
        func text(_ name: String) throws(PluginError) -> String {
            guard let text = file[name]?.string, !text.isEmpty else {
                throw PluginError("\(setting): it has no \"\(name)\"")
            }
            return text
        }
        for name in ["project_id", "client_email", "token_uri", "private_key_id"] {
            let isPlain = file[name]?.string?.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
            guard isPlain ?? true else {
                throw PluginError("\(setting): its \"\(name)\" holds a control character")
            }
        }
        projectID = try text("project_id")
        guard projectID.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"/?#%".utf8.contains($0) }) else {
            throw PluginError("\(setting): its \"project_id\" is none")
        }
        email = try text("client_email")
        keyID = file["private_key_id"]?.string ?? ""
        let address = file["token_uri"]?.string ?? Self.usualTokenAddress
        tokenAddress = try PushSettings.address("\(setting): \"token_uri\"", address)
        do {
            key = try RSAPrivateKey(pem: try text("private_key"))
        } catch let error as PluginError {
            throw error
        } catch {
            throw PluginError("\(setting): its \"private_key\" is not the PEM of an RSA key of 2048 bits or more")
        }
    }

    /// RFC 7523: what is given for an access token.
    func assertion(nowSeconds: Int64) throws -> String {
        var header = [Value.Member("alg", .string("RS256")), Value.Member("typ", .string("JWT"))]
        if !keyID.isEmpty { header.append(Value.Member("kid", .string(keyID))) }
        let claims = [
            Value.Member("iss", .string(email)),
            Value.Member("scope", .string("https://www.googleapis.com/auth/firebase.messaging")),
            Value.Member("aud", .string(tokenAddress.text)),
            Value.Member("iat", .integer(nowSeconds)),
            Value.Member("exp", .integer(nowSeconds + Self.lifeSeconds)),
        ]
        return try JSONWebToken.signed(header: header, claims: claims) { try key.signature(of: $0) }
    }
}
