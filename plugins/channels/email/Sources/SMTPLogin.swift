import Cryptography
import Encodings

/// A login at a server (RFC 4954), step by step: what is said next, and why it failed. It does no I/O.
package struct SMTPLogin {
    package enum Step: Equatable {
        case say(String)
        case done
        case failed(String)
    }

    /// There is no way in that both sides know.
    package struct Unknown: Error {
        package let reason: String
    }

    package let mechanism: SMTPServer.Mechanism
    private let username: String
    /// The password or the token.
    private let secret: String
    /// What the server wants to know, one after the other.
    private var asked = 0
    /// What the server said of a token before it refuses it.
    private var status: String?

    /// Over TLS PLAIN is as good as any, and many servers offer CRAM-MD5 and cannot do it.
    private static let preferred: [SMTPServer.Mechanism] = [.plain, .login, .cramMD5]

    package init(_ login: SMTPServer.Login, token: String?, _ offers: SMTPOffers) throws(Unknown) {
        guard let offered = offers.logins else { throw Unknown(reason: "the server offers no AUTH") }
        let wanted = login.mechanism.map { [$0] } ?? Self.preferred
        guard let mechanism = wanted.first(where: { offered.contains($0.name) }) else {
            let offer = offered.isEmpty ? "AUTH and names no way" : Self.shown(offered)
            let own = wanted.map(\.rawValue).joined(separator: ", ")
            throw Unknown(reason: "the server offers \(offer), and email.\(login.setting) is for \(own)")
        }
        self.mechanism = mechanism
        username = login.username
        secret = token ?? login.password
    }

    private static let mostShown = 10

    private static func shown(_ names: [String]) -> String {
        String(names.prefix(mostShown).joined(separator: " ").withoutControls.prefix(200))
    }

    package var command: String { "AUTH \(mechanism.name)" }

    package mutating func answered(_ reply: SMTPReply) -> Step {
        if reply.code == 235 { return .done }
        guard reply.code == 334 else { return .failed(why(reply)) }
        asked += 1
        let challenge = Base64.decoded(reply.text) ?? []
        switch (mechanism, asked) {
        case (.plain, 1): return .say(encoded("\0\(username)\0\(secret)"))
        case (.login, 1): return .say(encoded(username))
        case (.login, 2): return .say(encoded(secret))
        case (.cramMD5, 1):
            guard let code = HMACMD5.code(of: challenge, key: SecretBytes(Array(secret.utf8))) else {
                return .failed("CRAM-MD5 cannot be done here: the system knows no MD5")
            }
            return .say(encoded("\(username) \(digits(code))"))
        case (.xoauth2, 1): return .say(encoded("user=\(username)\u{1}auth=Bearer \(secret)\u{1}\u{1}"))
        // A token that is refused: why, as JSON. The refusal follows on an empty line.
        case (.xoauth2, 2):
            status = Self.status(String(decoding: challenge, as: UTF8.self))
            return .say("")
        default: return .failed("the server asks for more than \(mechanism.name) has: \(reply.line)")
        }
    }

    /// Why, where the connection ended before the answer.
    package func broke(_ end: String) -> String { status.map { "\(end) after it refused the token (\($0))" } ?? end }

    private func why(_ reply: SMTPReply) -> String {
        guard mechanism == .xoauth2 else { return reply.line }
        return "\(reply.line)\(status.map { " (\($0))" } ?? ""); see email.token_file"
    }

    private func digits(_ code: [UInt8]) -> String {
        String(decoding: code.flatMap { [hexadecimal($0 >> 4), hexadecimal($0 & 15)] }, as: UTF8.self).lowercased()
    }

    private func encoded(_ text: String) -> String { Base64.encoded(Array(text.utf8)) }

    /// Of `{"status":"401","schemes":"bearer"}` the number: nothing else of it is for an operator.
    private static func status(_ json: String) -> String? {
        let parts = json.split(separator: "\"status\"", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let number = parts[1].drop { !$0.isNumber }.prefix { $0.isNumber }
        return number.isEmpty ? nil : "status \(number.prefix(3))"
    }
}

extension SMTPServer.Mechanism {
    /// As the server writes it.
    fileprivate var name: String { rawValue.uppercased() }
}

extension SMTPServer.Login {
    /// Where the way in is said.
    fileprivate var setting: String {
        if token != nil { return "token_file" }
        return mechanism == nil ? "password" : "auth"
    }
}
