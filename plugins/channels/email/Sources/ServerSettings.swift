import Encodings
import PluginKit

extension EmailSettings {
    /// The settings of a server.
    static func server(_ url: String, _ text: (String) -> String?) throws(PluginError) -> SMTPServer {
        guard let scheme = ["smtp://", "smtps://"].first(where: { url.lowercased().hasPrefix($0) }) else {
            throw PluginError("url: it must begin with smtp:// or smtps://, as in smtp://mail.example.com:587")
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
        server.login = try login(text)
        if let path = server.caFile, let fault = Certificates.fault(inFile: path) {
            throw PluginError("ca_file: \(path) \(fault)")
        }
        return server
    }

    private static func login(_ text: (String) -> String?) throws(PluginError) -> SMTPServer.Login? {
        let mechanism = try text("auth").map { name throws(PluginError) in
            guard let known = SMTPServer.Mechanism(rawValue: name.lowercased()) else {
                let all = SMTPServer.Mechanism.allCases.map(\.rawValue).joined(separator: ", ")
                throw PluginError("auth: \(name) is none of \(all)")
            }
            return known
        }
        guard let username = text("username") else {
            for name in ["password", "token_file", "auth"] where text(name) != nil {
                throw PluginError("\(name) is set and username is not")
            }
            return nil
        }
        switch (text("password"), text("token_file")) {
        case (_?, _?): throw PluginError("either password or token_file: a login takes one")
        case (nil, nil): throw PluginError("username is set, and neither password nor token_file")
        case (let password?, nil):
            guard mechanism != .xoauth2 else { throw PluginError("auth: xoauth2 takes token_file, and no password") }
            return .init(username: username, password: password, mechanism: mechanism)
        case (nil, let path?):
            guard mechanism ?? .xoauth2 == .xoauth2 else {
                throw PluginError("token_file is for auth=xoauth2 alone")
            }
            let file = TokenFile(path)
            do throws(TokenFile.Fault) {
                _ = try file.read()
            } catch {
                throw PluginError("token_file: \(error.text)")
            }
            return .init(username: username, password: "", mechanism: .xoauth2, token: file)
        }
    }

    /// What the channel calls itself: a host without a dot in its name is known to nobody, and many servers want one.
    package static func helo(_ given: String?, from: Mailbox, host: String) throws(PluginError) -> String? {
        guard let given else {
            let isKnown = host.contains(".")
            return isKnown ? host : from.domain.contains(".") ? from.domain : nil
        }
        guard given.utf8.count <= 255, Mailbox.isDomain(given) || Mailbox.isLiteral(given) else {
            throw PluginError(
                "helo: \(given) is no name of a host, as in mail.example.com, or its address, as in [192.0.2.1]"
            )
        }
        return given
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
}
