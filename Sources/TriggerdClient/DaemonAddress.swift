import Glibc

/// Where a daemon listens.
public enum DaemonAddress: Hashable, Sendable {
    /// A path that begins with `@` is an abstract address.
    case unix(String)
    case tcp(host: String, port: Int)
    case tls(host: String, port: Int)

    /// `unix:PATH`, `tcp://HOST:PORT` or `tls://HOST:PORT`; nil where it is none of them.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            var path = String(text.dropFirst("unix:".count))
            if path.hasPrefix("//") { path.removeFirst(2) }
            self = .unix(path)
            return
        }
        let place = text.dropFirst("tcp://".count)
        guard text.hasPrefix("tcp://") || text.hasPrefix("tls://"), !place.contains("/"),
            let colon = place.lastIndex(of: ":"), colon > place.startIndex,
            let port = UInt16(place[place.index(after: colon)...])
        else { return nil }
        var host = String(place[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        self = text.hasPrefix("tls://") ? .tls(host: host, port: Int(port)) : .tcp(host: host, port: Int(port))
    }

    /// `$TRIGGERD_ADDRESS`, else the socket of `$TRIGGERD_SOCKET`, else where the daemon listens unless told otherwise.
    static var standard: String {
        if let address = variable("TRIGGERD_ADDRESS") { return address }
        let folder = variable("XDG_RUNTIME_DIR") ?? "/run"
        return "unix:" + (variable("TRIGGERD_SOCKET") ?? folder + "/triggerd/triggerd.sock")
    }

    private static func variable(_ name: String) -> String? {
        guard let text = getenv(name), text.pointee != 0 else { return nil }
        return String(cString: text)
    }

    /// Of a host that no packet to leaves the machine.
    package static func isLoopback(_ host: String) -> Bool {
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host == "localhost" || host == "::1"
            || (numbers.count == 4 && !numbers.contains(nil) && numbers[0] == 127)
    }

    /// Whether what is sent there can be read on the way.
    package var isOpenToOthers: Bool {
        guard case .tcp(let host, _) = self else { return false }
        return !Self.isLoopback(host)
    }

    package var text: String {
        switch self {
        case .unix(let path): path
        case .tcp(let host, let port): "tcp://\(Self.bracketed(host)):\(port)"
        case .tls(let host, let port): "tls://\(Self.bracketed(host)):\(port)"
        }
    }

    package static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
}
