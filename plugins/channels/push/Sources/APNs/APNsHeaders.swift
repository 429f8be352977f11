import Cryptography
import Encodings
import HTTPClient

/// The headers of one push: developer.apple.com, "Sending notification requests to APNs".
enum APNsHeaders {
    private static let longestCollapseID = 64

    static func of(_ notification: Notification, token: Substring, topic: String, nowSeconds: Int64) -> [String] {
        var headers = [
            "apns-topic: \(topic)",
            "apns-push-type: \(notification.isBackground ? "background" : "alert")",
            "apns-priority: \(priority(of: notification) ?? 10)",
            "apns-id: \(id(key: notification.key, token: token))",
            "content-type: application/json",
        ]
        if let expiration = expiration(of: notification, nowSeconds) {
            headers.append("apns-expiration: \(expiration)")
        }
        if let id = collapseID(of: notification) { headers.append("apns-collapse-id: \(id)") }
        return headers
    }

    /// Nil where the message says nothing of it. Apple refuses a background push of any other priority than 5.
    static func priority(of notification: Notification) -> Int? {
        if notification.isBackground || notification.urgency == .normal { return 5 }
        return notification.urgency == .high ? 10 : nil
    }

    /// 0: tried once, and not kept.
    static func expiration(of notification: Notification, _ nowSeconds: Int64) -> Int64? {
        notification.ttlSeconds.map { $0 == 0 ? 0 : nowSeconds + $0 }
    }

    /// What is shown under the same id is replaced, as by a tag elsewhere.
    static func collapseID(of notification: Notification) -> String? {
        (notification.collapseKey ?? notification.tag).map(collapseID)
    }

    /// What is longer than Apple takes, or is none in a header, is a digest of itself.
    private static func collapseID(_ key: String) -> String {
        let isPlain = key.utf8.count <= longestCollapseID && key.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        return isPlain ? key : Base64.encodedForURL(SHA256.digest(of: Array(key.utf8)))
    }

    /// A UUID (RFC 9562, version 8) of the message and the token: the same for every try.
    static func id(key: String, token: Substring) -> String {
        let digest = SHA256.digest(of: Array(key.utf8) + [0] + token.utf8)
        var digits: [UInt8] = []
        for (index, byte) in digest.prefix(16).enumerated() {
            if [4, 6, 8, 10].contains(index) { digits.append(UInt8(ascii: "-")) }
            let marked = index == 6 ? byte & 0x0F | 0x80 : index == 8 ? byte & 0x3F | 0x80 : byte
            for nibble in [marked >> 4, marked & 15] {
                digits.append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
