import Encodings
import HTTPClient
import PluginKit

/// A signed token of RFC 7519, compact.
enum JSONWebToken {
    /// - Parameter sign: of the text's bytes: for ES256 the 64 bytes of RFC 7518, 3.4; for RS256 those of PKCS #1.
    static func signed(
        header: [Value.Member],
        claims: [Value.Member],
        _ sign: ([UInt8]) throws -> [UInt8]
    ) rethrows -> String {
        let parts = [header, claims].map { Base64.encodedForURL(JSONWriter.bytes(of: .object($0))) }
        let text = parts.joined(separator: ".")
        return text + "." + Base64.encodedForURL(try sign(Array(text.utf8)))
    }
}
