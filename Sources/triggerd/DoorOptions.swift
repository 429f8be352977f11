import ArgumentParser
import CampaignFiles
import TriggerdClient

/// The doors that the command line opens.
struct DoorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Listen here too; may come again: unix:PATH, tcp://HOST:PORT (loopback only), tls://HOST:PORT.",
            valueName: "address"
        )
    )
    var listen: [String] = []
    @Option(
        help: ArgumentHelp(
            "Let in whom else, with which roles (ingest, read, admin); may come again. user: and group: on sockets, cert: by a name in the client's certificate, token: by a file of tokens.",
            valueName: "kind:name=roles"
        )
    )
    var allow: [String] = []
    @Option(help: ArgumentHelp("The mode of the sockets' files (default: 0600).", valueName: "mode"))
    var socketMode: String?
    @Option(help: ArgumentHelp("Who owns the sockets' files (default: the daemon's user).", valueName: "user"))
    var socketOwner: String?
    @Option(help: ArgumentHelp("The group of the sockets' files (default: the daemon's).", valueName: "group"))
    var socketGroup: String?
    @Option(
        help: ArgumentHelp(
            "The certificate of tls://, PEM, with those between it and its CA; may come again, each with its --tls-key.",
            valueName: "file"
        ),
        completion: .file()
    )
    var tlsCert: [String] = []
    @Option(help: ArgumentHelp("The key of --tls-cert, PEM.", valueName: "file"), completion: .file())
    var tlsKey: [String] = []
    @Option(
        help: ArgumentHelp("Who signs the certificates of clients of tls://, PEM.", valueName: "file"),
        completion: .file()
    )
    var tlsClientCa: String?
    @Flag(help: "Let nobody come in by tls:// without a client certificate.") var tlsRequireClientCert = false

    func validate() throws {
        var (hasTCP, hasTLS) = (false, false)
        for text in listen {
            switch try DaemonAddress(text, option: "--listen") {
            case .unix: break
            case .tcp: hasTCP = true
            case .tls: hasTLS = true
            }
            if case .tcp(let host, let port) = try DaemonAddress(text, option: "--listen"),
                !DaemonAddress.isLoopback(host)
            {
                throw ValidationError(
                    "--listen \(text): without TLS only loopback is served: tls://\(DaemonAddress.bracketed(host)):\(port) with --tls-cert and --tls-key, or tcp://127.0.0.1:\(port)"
                )
            }
        }
        for text in allow {
            switch try Self.allowed(text).who {
            case .user, .group: break
            case .tokenFile where hasTCP || hasTLS: break
            case .certificate where hasTLS && tlsClientCa != nil: break
            case .tokenFile:
                throw ValidationError("--allow token: is of tcp:// and tls://: open such a door with --listen")
            case .certificate: throw ValidationError("--allow cert: needs --listen tls:// and --tls-client-ca")
            }
        }
        guard hasTLS || (tlsCert.isEmpty && tlsKey.isEmpty && tlsClientCa == nil && !tlsRequireClientCert) else {
            throw ValidationError(
                "--tls-cert and its kin are of tls://: open such a door with --listen tls://HOST:PORT"
            )
        }
        guard !tlsRequireClientCert || tlsClientCa != nil else {
            throw ValidationError("--tls-require-client-cert needs --tls-client-ca: who signs them")
        }
        guard tlsCert.count == tlsKey.count else {
            throw ValidationError("each --tls-cert has its --tls-key: name as many of one as of the other")
        }
    }

    /// The doors of the command line: the first is that of `--socket`.
    func written(socket: String) throws -> [DaemonFile.Door] {
        let allowed = try allow.map(Self.allowed)
        return try (["unix:\(socket)"] + listen).map { text in
            var door = DaemonFile.Door(address: text)
            switch try DaemonAddress(text, option: "--listen") {
            case .unix(let path):
                if path.first != "@" { (door.mode, door.owner, door.group) = (socketMode, socketOwner, socketGroup) }
                door.allowed = allowed.filter { $0.who == .user || $0.who == .group }
            case .tcp: door.allowed = allowed.filter { $0.who == .tokenFile }
            case .tls:
                door.allowed = allowed.filter { $0.who == .tokenFile || $0.who == .certificate }
                door.certificates = zip(tlsCert, tlsKey).map { ($0, $1) }
                (door.clientAuthorities, door.requiresClientCertificate) = (tlsClientCa, tlsRequireClientCert)
            }
            return door
        }
    }

    private static func allowed(_ text: String) throws -> DaemonFile.Allowed {
        let kinds: [(String, DaemonFile.Allowed.Who)] = [
            ("user:", .user), ("uid:", .user), ("group:", .group), ("gid:", .group), ("cert:", .certificate),
            ("token:", .tokenFile),
        ]
        guard let kind = kinds.first(where: { text.hasPrefix($0.0) }), let equals = text.lastIndex(of: "=") else {
            throw ValidationError(
                "--allow \(Visible.quoted(text)): write user:NAME=ROLES, group:NAME=ROLES, cert:NAME=ROLES or token:FILE=ROLES"
            )
        }
        let name = text[..<equals].dropFirst(kind.0.count)
        let roles = text[text.index(after: equals)...].split(separator: ",").map(String.init)
        let areKnown = !roles.isEmpty && roles.allSatisfy { ["ingest", "read", "admin"].contains($0) }
        guard !name.isEmpty, areKnown else {
            throw ValidationError(
                "--allow \(Visible.quoted(text)): the roles are ingest, read and admin, with commas between"
            )
        }
        return DaemonFile.Allowed(kind.1, String(name), roles: roles)
    }
}
