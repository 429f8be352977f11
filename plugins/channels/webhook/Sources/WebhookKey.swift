import Cryptography
import Encodings
import HTTPClient
import PluginKit

/// What sender and receiver share: standardwebhooks.com, "Signature scheme".
package struct WebhookKey: Sendable {
    private let bytes: SecretBytes
    static let prefix = "whsec_"

    /// - Throws: what is wrong, without a word of the key.
    init(_ text: some StringProtocol) throws(PluginError) {
        guard text.hasPrefix(Self.prefix) else { throw PluginError("it must begin with \(Self.prefix)") }
        guard let bytes = Base64.decoded(text.dropFirst(Self.prefix.utf8.count)) else {
            throw PluginError("behind \(Self.prefix) it is not base64")
        }
        guard WebhookLimits.bytesOfKey.contains(bytes.count) else {
            let (least, most) = (WebhookLimits.bytesOfKey.lowerBound, WebhookLimits.bytesOfKey.upperBound)
            throw PluginError("it is of \(bytes.count) bytes, and not of \(least) to \(most)")
        }
        self.bytes = SecretBytes(bytes)
    }

    func signature(of signed: [UInt8]) -> String {
        "v1,\(Base64.encoded(HMACSHA256.code(of: signed, key: bytes)))"
    }
}
