import RPC

/// The client's side of a `tls://` address, of files in PEM.
public struct DaemonTLS: Sendable {
    package let tls: ClientTLS

    /// `authorities`: who signs the daemon's certificate; without them those of the system are believed. `identity`: who
    /// the client is, where the door asks for that.
    public init(
        authorities: [UInt8]? = nil,
        identity: (certificate: [UInt8], key: [UInt8])? = nil
    ) throws(DaemonError) {
        do {
            tls = try ClientTLS(authorities: authorities, identity: identity)
        } catch {
            throw DaemonError(.invalidArgument, "\(error)", wasSent: false)
        }
    }
}

extension DaemonAddress {
    /// As a connection takes it. Of a `tls://` address without anything said the system's authorities are believed.
    package func place(_ tls: DaemonTLS?) throws(DaemonError) -> Client.Address {
        switch self {
        case .unix(let path): return .unix(path)
        case .tcp(let host, let port): return .tcp(host: host, port: port)
        case .tls(let host, let port):
            // `??` knows no typed throws.
            if let tls { return .tls(host: host, port: port, tls.tls) }
            return .tls(host: host, port: port, try DaemonTLS().tls)
        }
    }
}
