import PluginKit

extension EmailSettings {
    /// The settings of a server.
    static func server(_ url: String, _ text: (String) -> String?) throws(PluginError) -> SMTPServer {
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
        if let path = server.caFile, let fault = Certificates.fault(inFile: path) {
            throw PluginError("ca_file: \(path) \(fault)")
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
}
