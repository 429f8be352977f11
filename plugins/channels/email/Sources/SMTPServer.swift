/// A mail server, and how far it is trusted.
package struct SMTPServer: Sendable, Equatable {
    /// `smtp://host:port` or `smtps://host:port`.
    package var url: String
    package var login: Login?
    /// PEM certificates to trust instead of the system's.
    package var caFile: String?

    package struct Login: Sendable, Equatable {
        package var username: String
        package var password: String

        package init(username: String, password: String) {
            self.username = username
            self.password = password
        }
    }

    package init(url: String, login: Login? = nil, caFile: String? = nil) {
        self.url = url
        self.login = login
        self.caFile = caFile
    }

    /// A password goes over a verified connection alone, and whoever names the certificates wants
    /// them looked at. Else TLS only keeps listeners out, and so takes any certificate: a server
    /// on localhost mostly has one that nobody signed, and whoever could forge one could as well
    /// have struck STARTTLS from the greeting.
    var demandsTLS: Bool { login != nil || caFile != nil || url.hasPrefix("smtps:") }

    /// The ways in which a server may give the password back in a reply: as it is, or in the form of the
    /// login (RFC 4616; RFC 4954, 4).
    var secrets: [String] {
        guard let login else { return [] }
        let forms = [login.password, "\0\(login.username)\0\(login.password)"]
        return [login.password] + forms.map { String(decoding: Base64.encode(Array($0.utf8)), as: UTF8.self) }
    }
}
