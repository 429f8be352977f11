import Cryptography
import Encodings
import HTTPClient

/// The headers of one message: RFC 8030 and RFC 8291.
enum WebPushHeaders {
    /// Where a message names no time to live; RFC 8030 demands one.
    private static let usualTTLSeconds: Int64 = 2_419_200

    static func of(_ notification: Notification, authorization: String) -> [String] {
        var headers = [
            "authorization: \(authorization)",
            "content-encoding: aes128gcm",
            "content-type: application/octet-stream",
            "ttl: \(notification.ttlSeconds ?? usualTTLSeconds)",
        ]
        if let urgency = notification.urgency { headers.append("urgency: \(urgency.rawValue)") }
        if let collapseKey = notification.collapseKey { headers.append("topic: \(topic(collapseKey))") }
        return headers
    }

    /// RFC 8030, 5.4: at most 32 characters of base64url; anything else is a digest of itself.
    static func topic(_ key: String) -> String {
        let isTopic =
            key.utf8.count <= 32
            && key.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "-" || $0 == "_")
            }
        return isTopic ? key : Base64.encodedForURL(SHA256.digest(of: Array(key.utf8)).prefix(24))
    }
}
