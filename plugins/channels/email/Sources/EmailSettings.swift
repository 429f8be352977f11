import Glibc
import PluginKit

/// The channel's settings, checked.
package struct EmailSettings: Sendable {
    package var way: Way
    package var from: Mailbox
    package var replyTo: Mailbox?
    package var unsubscribe: UnsubscribeLink?
    package var timeoutMs: Int64

    package enum Way: Sendable, Equatable {
        case server(SMTPServer)
        case maildir(String)
    }

    private static let defaultTimeoutSeconds: Int64 = 60

    package static let fields: [Field] = [
        Field(name: "url", type: .string, summary: "smtp://host:port or smtps://host:port; absent: a maildir"),
        Field(name: "username", type: .string, summary: "of the login at the server"),
        Field(name: "password", type: .string, flags: [.secret], summary: "of the login; it demands TLS"),
        Field(name: "ca_file", type: .string, summary: "PEM file of the certificates to trust; it demands TLS"),
        Field(name: "timeout_seconds", type: .integer, summary: "for one hand-over, 1 to 600; default 60"),
        Field(name: "maildir", type: .string, summary: "the maildir's folder where there is no url"),
        Field(name: "from", type: .string, summary: "\"Name <address>\"; default triggerd@ and the host's name"),
        Field(name: "reply_to", type: .string, summary: "where answers go, if not to `from`"),
        Field(name: "list_unsubscribe", type: .string, summary: "https: or mailto: link of List-Unsubscribe"),
    ]

    /// - Throws: what is wrong, naming the setting.
    package init(_ settings: Value) throws(PluginError) {
        func text(_ name: String) -> String? { settings[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }

        from = try Self.mailbox("from", text("from") ?? "triggerd@\(Self.hostName)")
        replyTo = try text("reply_to").map { text throws(PluginError) in try Self.mailbox("reply_to", text) }
        if let link = text("list_unsubscribe") {
            guard let checked = UnsubscribeLink(link) else {
                throw PluginError("list_unsubscribe: \(link) is not an https: or mailto: link; percent-encode it")
            }
            unsubscribe = checked
        }
        let timeoutSeconds = settings["timeout_seconds"]?.integer ?? Self.defaultTimeoutSeconds
        guard (1...600).contains(timeoutSeconds) else {
            throw PluginError("timeout_seconds: \(timeoutSeconds) is not within 1 to 600")
        }
        timeoutMs = timeoutSeconds * 1000
        if let url = text("url") {
            way = .server(try Self.server(url, text))
        } else {
            for name in ["username", "password", "ca_file"] where text(name) != nil {
                throw PluginError("\(name) is of no use without url, the server's address")
            }
            guard let folder = text("maildir") ?? text("data_folder").map({ $0 + "/maildir" }) else {
                throw PluginError("neither url nor maildir is set, and the host gives no data_folder")
            }
            way = .maildir(folder)
        }
    }

    private static func server(_ url: String, _ text: (String) -> String?) throws(PluginError) -> SMTPServer {
        guard let scheme = ["smtp://", "smtps://"].first(where: { url.lowercased().hasPrefix($0) }) else {
            throw PluginError("url: it begins with smtp:// or smtps://, as in smtp://mail.example.com:587")
        }
        var authority = url.dropFirst(scheme.count)
        if authority.hasSuffix("/") { authority.removeLast() }
        // Not printed: it may hold a password.
        guard !authority.contains("@") else {
            throw PluginError("url: write the login as username and password, not into the url")
        }
        guard isHostAndPort(authority) else {
            throw PluginError("url: after \(scheme) come a host and, if need be, a port, as in mail.example.com:587")
        }
        guard text("maildir") == nil else { throw PluginError("either url or maildir: mail goes one way") }
        var server = SMTPServer(url: scheme + authority, caFile: text("ca_file"))
        switch (text("username"), text("password")) {
        case (let username?, let password?): server.login = .init(username: username, password: password)
        case (nil, nil): break
        case (nil, _?): throw PluginError("password is set and username is not")
        case (_?, nil): throw PluginError("username is set and password is not")
        }
        if let path = server.caFile, access(path, R_OK) != 0 {
            throw PluginError("ca_file: \(path) cannot be read")
        }
        return server
    }

    private static func isHostAndPort(_ authority: Substring) -> Bool {
        var host = authority
        let colon = authority.lastIndex(of: ":")
        if let colon, !authority.hasSuffix("]") {
            guard let port = Int(authority[authority.index(after: colon)...]), (1...65535).contains(port) else {
                return false
            }
            host = authority[..<colon]
        }
        let isIPv6 =
            host.hasPrefix("[") && host.hasSuffix("]") && host.count > 3
            && host.dropFirst().dropLast().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
        return Mailbox.isDomain(host) || isIPv6
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
