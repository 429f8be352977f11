import NIOCore
import NIOSSL
import Synchronization

/// The server's side of TLS at one door: its certificates, and whose clients' certificates it believes.
final class ServerTLS: Sendable {
    private struct Identity: Sendable {
        var chain: [NIOSSLCertificateSource]
        var key: NIOSSLPrivateKeySource
        var names: [CertificateName]
    }

    private let settings: TLSSettings
    private let context = Mutex<NIOSSLContext?>(nil)

    init(_ settings: TLSSettings) {
        self.settings = settings
    }

    var asksForCertificate: Bool { settings.clientAuthorities != nil }

    var paths: [String] {
        settings.identities.flatMap { [$0.certificate, $0.key] } + (settings.clientAuthorities.map { [$0] } ?? [])
    }

    /// Reads all of its files; new connections get what they say.
    func load(_ read: ReadDoorFile) throws {
        let identities = try settings.identities.map { try Self.identity($0, read) }
        guard let first = identities.first else { throw DoorFault("TLS needs a certificate and its key") }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: first.chain,
            privateKey: first.key
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.shutdownTimeout = Limits.tlsEnd
        if let path = settings.clientAuthorities {
            configuration.trustRoots = .certificates(try Self.certificates(path, read))
            switch settings.clientCertificates {
            case .optional: configuration.certificateVerification = .optionalVerification
            case .required: configuration.certificateVerification = .noHostnameVerification
            }
        }
        if identities.count > 1 {
            configuration.sslContextCallback = { hello, promise in
                var chosen = NIOSSLContextConfigurationOverride()
                if let name = hello.serverHostname,
                    let identity = identities.first(where: { $0.names.contains { $0.isFor(name) } })
                {
                    (chosen.certificateChain, chosen.privateKey) = (identity.chain, identity.key)
                }
                promise.succeed(chosen)
            }
        }
        let made = try NIOSSLContext(configuration: configuration)
        context.withLock { $0 = made }
    }

    func handler() throws -> NIOSSLServerHandler {
        guard let context = context.withLock({ $0 }) else { throw DoorFault("TLS has no certificate yet") }
        return NIOSSLServerHandler(context: context)
    }

    private static func identity(_ files: TLSSettings.Identity, _ read: ReadDoorFile) throws -> Identity {
        let chain = try certificates(files.certificate, read)
        let key: NIOSSLPrivateKey
        let bytes = try read(files.key, true)
        do {
            key = try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            throw DoorFault("\(files.key) holds no private key in PEM without a passphrase")
        }
        let identity = Identity(
            chain: chain.map { .certificate($0) },
            key: .privateKey(key),
            names: chain[0].hostNames
        )
        do {
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(certificateChain: identity.chain, privateKey: identity.key)
            )
        } catch {
            throw DoorFault("\(files.key) is not the key of the certificate \(files.certificate)")
        }
        return identity
    }

    private static func certificates(_ path: String, _ read: ReadDoorFile) throws -> [NIOSSLCertificate] {
        let bytes = try read(path, false)
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
            throw DoorFault("\(path) holds no certificate in PEM")
        }
        return certificates
    }
}

/// A host's name as a certificate has it, where `*.` stands for one label.
struct CertificateName: Sendable {
    let text: String

    /// Names of hosts are ASCII, in which case is nothing.
    func isFor(_ host: String) -> Bool {
        let (mine, other) = (text.utf8.map(Self.lower), host.utf8.map(Self.lower))
        guard mine.starts(with: "*.".utf8) else { return mine == other }
        guard let dot = other.firstIndex(of: UInt8(ascii: ".")), dot > 0 else { return false }
        return mine.dropFirst() == other[dot...]
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

extension NIOSSLCertificate {
    var hostNames: [CertificateName] { alternativeNames([.dnsName]).map(CertificateName.init(text:)) }

    /// Whom it is about: its common name, and the alternative ones that are text.
    var names: [String] {
        let common = subjectName.filter { $0.type == .commonName }.map(\.value)
        return common + alternativeNames([.dnsName, .uri, .email])
    }

    private func alternativeNames(_ kinds: Set<_SubjectAlternativeName.NameType>) -> [String] {
        _subjectAlternativeNames().compactMap { name in
            guard kinds.contains(name.nameType) else { return nil }
            return name.contents.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) }
        }
    }
}
