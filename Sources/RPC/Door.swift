/// A way in: where it is, and who may come in by it to do what.
package struct Door: Sendable {
    package enum Place: Sendable {
        case unix(UnixPlace)
        /// Without TLS: whoever opens such a door has to see to it that it is loopback.
        case tcp(host: String, port: Int)
        case tls(host: String, port: Int, TLSSettings)
    }

    package var place: Place
    package var admission: Admission

    /// Whether it reads any, which may change.
    package var hasFiles: Bool {
        if case .tls = place { return true }
        return !admission.tokenFiles.isEmpty
    }

    package init(_ place: Place, _ admission: Admission) {
        self.place = place
        self.admission = admission
    }
}

/// A socket in the file system, or an abstract one (its path begins with NUL or `@`), which has no file.
package struct UnixPlace: Sendable {
    package var path: String
    package var mode: UInt32 = 0o600
    /// Nil: the daemon's own.
    package var owner: UInt32?
    package var group: UInt32?

    package init(path: String) {
        self.path = path
    }

    package var isAbstract: Bool { path.first == "\0" || path.first == "@" }
    var name: [UInt8] { isAbstract ? [0] + path.utf8.dropFirst() : Array(path.utf8) }
}

/// Files of one side of TLS.
package struct TLSSettings: Sendable {
    /// A certificate with those between it and its authority, and its key, both PEM.
    package struct Identity: Sendable {
        package var certificate: String
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    package enum ClientCertificates: Sendable {
        case optional, required
    }

    /// A client that names a host gets the first whose certificate is for it; any other the first.
    package var identities: [Identity]
    /// Who signs clients' certificates; nil: none is asked for.
    package var clientAuthorities: String?
    package var clientCertificates = ClientCertificates.optional

    package init(identities: [Identity], clientAuthorities: String? = nil) {
        self.identities = identities
        self.clientAuthorities = clientAuthorities
    }
}

/// Who may come in by a door, and what they may do there. Where somebody is let in of whom no roles are said, they have
/// the door's.
package struct Admission: Sendable {
    /// Of whoever is let in and known.
    package var roles: Roles
    /// Unix: users and groups beside the daemon's own user and root, who are always let in.
    package var users: [UInt32: Roles?] = [:]
    package var groups: [UInt32: Roles?] = [:]
    /// TLS: by a name of the client's certificate, as its bytes.
    package var certificates: [[UInt8]: Roles?] = [:]
    /// TCP and TLS.
    package var tokenFiles: [(path: String, roles: Roles?)] = []

    /// Whether nobody could ever do anything there but ask whether the daemon serves.
    package var knowsNobody: Bool { roles.isEmpty && certificates.isEmpty && tokenFiles.isEmpty }

    package init(roles: Roles) {
        self.roles = roles
    }

    /// What a process may do that runs as this user with these groups; nil: it is not let in.
    package func roles(user: UInt32, groups: [UInt32], own: UInt32) -> Roles? {
        var found: [Roles?] = []
        if let given = users[user] { found.append(given) }
        for group in groups { if let given = self.groups[group] { found.append(given) } }
        if found.isEmpty, user == own || user == 0 { found.append(nil) }
        guard !found.isEmpty else { return nil }
        return found.reduce(into: Roles()) { $0.formUnion($1 ?? roles) }
    }

    /// What the holder of a certificate with these names may do, whose authority was checked.
    package func roles(certificate names: [String]) -> Roles {
        let found = names.compactMap { certificates[Array($0.utf8)] }
        return found.isEmpty ? roles : found.reduce(into: Roles()) { $0.formUnion($1 ?? roles) }
    }
}
