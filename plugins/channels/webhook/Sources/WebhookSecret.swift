import Cryptography
import Encodings
import HTTPClient
import PluginKit

/// One key, or several while they are changed: each signs, and a receiver that has one of them believes.
package struct WebhookSecret: Sendable {
    private var keys: [WebhookKey]

    /// - Parameter text: keys, with white space between them.
    /// - Throws: what is wrong, naming the setting and no key.
    package init(_ text: String, setting: String = "secret") throws(PluginError) {
        try self.init(text.split(whereSeparator: \.isWhitespace), at: setting)
    }

    /// - Parameter place: where they stand.
    init(_ words: [Substring], at place: String) throws(PluginError) {
        guard !words.isEmpty else { throw PluginError("\(place): it holds no key") }
        keys = []
        for (index, word) in words.enumerated() {
            do throws(PluginError) {
                keys.append(try WebhookKey(word))
            } catch {
                let which = words.count > 1 ? " word \(index + 1) of \(words.count), each of which is a key:" : ""
                throw PluginError("\(place):\(which) \(error.description)")
            }
        }
        try checkCount(at: place)
    }

    mutating func add(_ other: WebhookSecret, at place: String) throws(PluginError) {
        keys += other.keys
        try checkCount(at: place)
    }

    private func checkCount(at place: String) throws(PluginError) {
        guard keys.count <= WebhookLimits.mostKeys else {
            throw PluginError("\(place): it holds \(keys.count) keys, and not at most \(WebhookLimits.mostKeys)")
        }
    }

    /// - Parameters:
    ///   - id: the message's, the same for every try.
    ///   - seconds: of this try, since 1970: a receiver refuses what was signed long ago.
    package func headers(id: String, seconds: Int64, payload: [UInt8]) -> [String] {
        // The signed text is divided by full stops, and a header holds no line break.
        let id = id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ".") } ? id : Self.digest(id)
        let signed = Array("\(id).\(seconds).".utf8) + payload
        return [
            "webhook-id: \(id)",
            "webhook-timestamp: \(seconds)",
            "webhook-signature: \(keys.map { $0.signature(of: signed) }.joined(separator: " "))",
        ]
    }

    private static func digest(_ id: String) -> String {
        Base64.encodedForURL(SHA256.digest(of: Array(id.utf8)))
    }
}
