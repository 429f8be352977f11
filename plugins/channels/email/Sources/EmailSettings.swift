import Glibc
import PluginKit

/// The channel's settings, checked.
package struct EmailSettings: Sendable {
    package var way: Way
    package var from: Mailbox
    package var replyTo: Mailbox?
    package var bouncesTo: BounceAddress?
    /// The same for every letter.
    package var unsubscribe: UnsubscribeLink?
    package var oneClick: OneClick?
    package var timeoutMs: Int64
    package var answerMs: Int64
    package var connections: Int

    package enum Way: Sendable, Equatable {
        case server(SMTPServer)
        case maildir(String)
    }

    private static let defaultTimeoutSeconds: Int64 = 60
    private static let defaultConnections: Int64 = 8
    package static let mostConnections: Int64 = 64
    private static let longestTimeoutSeconds: Int64 = 600
    /// RFC 5321, 4.5.3.2.6: a server may take ten minutes to say that it has a letter, and one that is asked earlier gets
    /// it twice.
    package static let defaultAnswerSeconds: Int64 = 600
    private static let longestAnswerSeconds: Int64 = 1_800
    /// What all of that comes to, with opening the connection and the answer to the letter before.
    static let deadlineSeconds = 3_600

    package static let fields: [Field] = [
        Field(name: "url", type: .string, summary: "smtp://host:port or smtps://host:port; absent: a maildir"),
        Field(name: "username", type: .string, summary: "of the login at the server"),
        Field(name: "password", type: .string, flags: [.secret], summary: "of the login; it demands TLS"),
        Field(name: "auth", type: .string, summary: "plain, login, cram-md5 or xoauth2; default: plain, then login"),
        Field(name: "token_file", type: .string, summary: "file of the token of xoauth2; read for each connection"),
        Field(name: "helo", type: .string, summary: "what it calls itself; default the host's name, or from's domain"),
        Field(name: "ca_file", type: .string, summary: "PEM file of the certificates to trust; it demands TLS"),
        Field(name: "timeout_seconds", type: .integer, summary: "for one hand-over, 1 to 600; default 60"),
        Field(name: "answer_seconds", type: .integer, summary: "for the answer to a letter, 1 to 1800; default 600"),
        Field(name: "connections", type: .integer, summary: "to the server at once, 1 to 64; default 8"),
        Field(name: "maildir", type: .string, summary: "the maildir's folder where there is no url"),
        Field(name: "from", type: .string, summary: "\"Name <address>\"; default triggerd@ and the host's name"),
        Field(name: "reply_to", type: .string, summary: "where answers go, if not to `from`"),
        Field(name: "bounces_to", type: .string, summary: "where bounces go; {key} in it is the message's key"),
        Field(name: "list_unsubscribe", type: .string, summary: "https: or mailto: link of List-Unsubscribe"),
        Field(name: "unsubscribe_url", type: .string, summary: "https: endpoint of one-click unsubscribing (RFC 8058)"),
        Field(name: "unsubscribe_secret", type: .string, flags: [.secret], summary: "signs that endpoint's links"),
    ]

    /// - Throws: what is wrong, naming the setting.
    package init(_ settings: Value) throws(PluginError) {
        func text(_ name: String) -> String? { settings[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }

        from = try Self.mailbox("from", text("from") ?? "triggerd@\(Self.hostName)")
        replyTo = try text("reply_to").map { text throws(PluginError) in try Self.mailbox("reply_to", text) }
        bouncesTo = try text("bounces_to").map { text throws(PluginError) in try BounceAddress(text) }
        if let link = text("list_unsubscribe") {
            guard let checked = UnsubscribeLink(link) else {
                throw PluginError("list_unsubscribe: \(link) is not an https: or mailto: link; percent-encode it")
            }
            unsubscribe = checked
        }
        oneClick = try Self.oneClick(text("unsubscribe_url"), secret: text("unsubscribe_secret"))
        timeoutMs =
            try Self.number(settings, "timeout_seconds", 1...Self.longestTimeoutSeconds) ?? Self.defaultTimeoutSeconds
        timeoutMs *= 1000
        answerMs =
            try Self.number(settings, "answer_seconds", 1...Self.longestAnswerSeconds) ?? Self.defaultAnswerSeconds
        answerMs *= 1000
        connections = Int(
            try Self.number(settings, "connections", 1...Self.mostConnections) ?? Self.defaultConnections
        )
        if let url = text("url") {
            var server = try Self.server(url, text)
            server.helo = try Self.helo(text("helo"), from: from, host: Self.hostName)
            way = .server(server)
        } else {
            for name in ["username", "password", "auth", "token_file", "helo", "ca_file", "connections"]
            where settings[name] ?? .null != .null {
                throw PluginError("\(name) is of no use without url, the server's address")
            }
            guard let folder = text("maildir") ?? text("data_folder").map({ $0 + "/maildir" }) else {
                throw PluginError("neither url nor maildir is set, and the host gives no data_folder")
            }
            way = .maildir(folder)
        }
    }

    private static func oneClick(_ url: String?, secret: String?) throws(PluginError) -> OneClick? {
        switch (url, secret) {
        case (nil, nil): return nil
        case (nil, _?): throw PluginError("unsubscribe_secret is of no use without unsubscribe_url")
        case (_?, nil): throw PluginError("unsubscribe_url needs unsubscribe_secret, which signs its links")
        case (let url?, let secret?):
            guard secret.utf8.count >= OneClick.shortestSecret else {
                throw PluginError("unsubscribe_secret: it is shorter than \(OneClick.shortestSecret) bytes")
            }
            guard let oneClick = OneClick(base: url, secret: secret) else {
                throw PluginError(
                    "unsubscribe_url: it is not an https: link of at most \(OneClick.longestBase) bytes, without a fragment "
                        + "and without user, campaign, key or signature in its query"
                )
            }
            return oneClick
        }
    }

    private static func number(
        _ settings: Value,
        _ name: String,
        _ range: ClosedRange<Int64>
    ) throws(PluginError) -> Int64? {
        guard let number = settings[name]?.integer else { return nil }
        guard range.contains(number) else {
            throw PluginError("\(name): \(number) is not within \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func mailbox(_ name: String, _ text: String) throws(PluginError) -> Mailbox {
        do throws(AddressFault) {
            return try Mailbox(parsing: text)
        } catch {
            throw PluginError("\(name): \(error)")
        }
    }

    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        let text = String(upToNull: name)
        return Mailbox.isDomain(text) ? text : "localhost"
    }
}
