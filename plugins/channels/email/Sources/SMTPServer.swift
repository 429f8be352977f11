import Encodings

/// A mail server, and how far it is trusted.
package struct SMTPServer: Sendable, Equatable {
    /// `smtp://host:port` or `smtps://host:port`.
    package var url: String
    package var login: Login?
    /// PEM certificates to trust instead of the system's.
    package var caFile: String?
    /// What the channel calls itself at EHLO; nil: the host's name.
    package var helo: String?

    package struct Login: Sendable, Equatable {
        package var username: String
        /// Empty where there is a token.
        package var password: String
        /// nil: PLAIN, then LOGIN, then what else is known to both.
        package var mechanism: Mechanism?
        package var token: TokenFile?

        package init(username: String, password: String, mechanism: Mechanism? = nil, token: TokenFile? = nil) {
            self.username = username
            self.password = password
            self.mechanism = mechanism
            self.token = token
        }
    }

    /// As the setting has them.
    package enum Mechanism: String, Sendable, CaseIterable {
        case plain
        case login
        case cramMD5 = "cram-md5"
        case xoauth2
    }

    package init(url: String, login: Login? = nil, caFile: String? = nil, helo: String? = nil) {
        self.helo = helo
        self.url = url
        self.login = login
        self.caFile = caFile
    }

    /// A password goes over a verified connection alone, and whoever names the certificates wants
    /// them looked at. Else TLS only keeps listeners out, and so takes any certificate: a server
    /// on localhost mostly has one that nobody signed, and whoever could forge one could as well
    /// have struck STARTTLS from the greeting.
    var demandsTLS: Bool { login != nil || caFile != nil || url.hasPrefix("smtps:") }

    /// The ways in which a server may give the password or the token back in a reply: as it is, or in the form of the
    /// login (RFC 4616; RFC 4954, 4; XOAUTH2).
    func secrets(token: String?) -> [String] {
        guard let login else { return [] }
        let secret = token ?? login.password
        let forms = [
            secret, "\0\(login.username)\0\(secret)", "user=\(login.username)\u{1}auth=Bearer \(secret)\u{1}\u{1}",
        ]
        return [secret] + forms.map { Base64.encoded(Array($0.utf8)) }
    }
}
