import Cryptography
import Encodings
import HTTPClient

extension WebAddress {
    /// What a URL is called that rests without its host. An operator knows it by the beginning of its path; the rest of it,
    /// and a query, may be a secret, and a digest stands for them.
    var nameOfPart: String {
        let path = rest.prefix { $0 != "?" }
        var told = path.isEmpty ? "/" : String(path.prefix(WebhookLimits.toldOfPath))
        // A + stands between several providers.
        told = told.split(separator: "+", omittingEmptySubsequences: false).joined(separator: "%2B")
        let isWhole = path.count == rest.count && path.count <= WebhookLimits.toldOfPath
        guard !isWhole else { return place.prefix(WebhookLimits.toldOfHost) + told }
        let digest = SHA256.digest(of: Array(text.utf8)).prefix(4).flatMap {
            [hexadecimal($0 >> 4), hexadecimal($0 & 15)]
        }
        return place.prefix(WebhookLimits.toldOfHost) + told + "~" + String(decoding: digest, as: UTF8.self)
    }
}
