import ArgumentParser
import CampaignFiles
import Glibc
import RPC
import TriggerdClient

/// Makes doors of what the command line and the configuration file say of them.
enum DoorSettings {
    /// The door that a part of the configuration means. `place`: where that part stands, for faults.
    static func door(_ written: DaemonFile.Door, place: String) throws(Failure) -> Door {
        let address: DaemonAddress
        do {
            address = try DaemonAddress(written.address, option: "address")
        } catch {
            throw Failure("\(place): \(error.message)")
        }
        switch address {
        case .unix(let path): return try unix(written, path, place)
        case .tcp(let host, let port):
            guard DaemonAddress.isLoopback(host) else {
                throw Failure(
                    "\(place): without TLS only loopback is served: write tls://\(DaemonAddress.bracketed(host)):\(port) and its certificate, or tcp://127.0.0.1:\(port)"
                )
            }
            try refuseTLS(written, place)
            return Door(.tcp(host: host, port: port), try admission(written, place, [.tokenFile]))
        case .tls(let host, let port):
            guard !written.certificates.isEmpty else {
                throw Failure("\(place): tls:// needs a certificate and its key")
            }
            var tls = TLSSettings(
                identities: written.certificates.map { .init(certificate: $0.certificate, key: $0.key) },
                clientAuthorities: written.clientAuthorities
            )
            tls.clientCertificates = written.requiresClientCertificate ? .required : .optional
            if tls.clientAuthorities == nil {
                let needsAuthority =
                    written.requiresClientCertificate || written.allowed.contains { $0.who == .certificate }
                if needsAuthority {
                    throw Failure("\(place): clients' certificates need `client_ca`, which signs them")
                }
            }
            return Door(.tls(host: host, port: port, tls), try admission(written, place, [.tokenFile, .certificate]))
        }
    }

    private static func unix(_ written: DaemonFile.Door, _ path: String, _ place: String) throws(Failure) -> Door {
        try refuseTLS(written, place)
        var unix = UnixPlace(path: path)
        if unix.isAbstract, written.mode != nil || written.owner != nil || written.group != nil {
            throw Failure("\(place): an abstract socket has no file, and so no mode, owner or group")
        }
        if let mode = written.mode {
            guard let bits = UInt32(mode, radix: 8), bits <= 0o777 else {
                throw Failure("\(place): mode \(mode) is no mode of a file, like 0660")
            }
            unix.mode = bits
        }
        if let owner = written.owner { unix.owner = try user(owner, place) }
        if let group = written.group { unix.group = try Self.group(group, place) }
        return Door(.unix(unix), try admission(written, place, [.user, .group]))
    }

    private static func refuseTLS(_ written: DaemonFile.Door, _ place: String) throws(Failure) {
        let hasAny =
            !written.certificates.isEmpty || written.clientAuthorities != nil || written.requiresClientCertificate
        if hasAny { throw Failure("\(place): certificates are of tls:// only") }
    }

    private static func admission(
        _ written: DaemonFile.Door,
        _ place: String,
        _ possible: Set<DaemonFile.Allowed.Who>
    ) throws(Failure) -> Admission {
        let isUnix = possible.contains(.user)
        if !isUnix, written.mode != nil || written.owner != nil || written.group != nil {
            throw Failure("\(place): mode, owner and group are of unix: only")
        }
        var admission = Admission(roles: try roles(written.roles, place) ?? (isUnix ? .all : []))
        for allowed in written.allowed {
            guard possible.contains(allowed.who) else {
                throw Failure("\(place): nobody comes in there by \(allowed.who.rawValue)")
            }
            let roles = try roles(allowed.roles, place)
            if !isUnix, roles == nil, written.roles == nil {
                throw Failure("\(place): \(allowed.who.rawValue) \(allowed.name) has no roles: ingest, read or admin")
            }
            switch allowed.who {
            case .user: admission.users[try user(allowed.name, place)] = .some(roles)
            case .group: admission.groups[try group(allowed.name, place)] = .some(roles)
            case .certificate: admission.certificates[Array(allowed.name.utf8)] = .some(roles)
            case .tokenFile: admission.tokenFiles.append((allowed.name, roles))
            }
        }
        return admission
    }

    private static func roles(_ words: [String]?, _ place: String) throws(Failure) -> Roles? {
        guard let words else { return nil }
        guard let roles = Roles(given: words.joined(separator: ",")) else {
            throw Failure("\(place): \(words.joined(separator: ",")): the roles are ingest, read and admin")
        }
        return roles
    }

    private static func user(_ name: String, _ place: String) throws(Failure) -> UInt32 {
        if let number = UInt32(name) { return number }
        guard let found = getpwnam(name) else { throw Failure("\(place): there is no user \(name)") }
        return found.pointee.pw_uid
    }

    private static func group(_ name: String, _ place: String) throws(Failure) -> UInt32 {
        if let number = UInt32(name) { return number }
        guard let found = getgrnam(name) else { throw Failure("\(place): there is no group \(name)") }
        return found.pointee.gr_gid
    }
}
