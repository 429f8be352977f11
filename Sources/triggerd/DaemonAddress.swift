import ArgumentParser

/// Where a daemon listens: `unix:PATH`, `tcp://HOST:PORT` or `tls://HOST:PORT`.
enum DaemonAddress {
    case unix(String)
    case tcp(host: String, port: Int)
    case tls(host: String, port: Int)

    /// `option`: what it was given by. A mere `HOST:PORT` is TCP, as it ever was.
    init(_ text: String, option: String) throws(ValidationError) {
        let isURL = text.hasPrefix("tcp://") || text.hasPrefix("tls://")
        if text.hasPrefix("unix:") {
            var path = String(text.dropFirst("unix:".count))
            if path.hasPrefix("//") { path.removeFirst(2) }
            try Self.check(path: path, option: option)
            self = .unix(path)
            return
        }
        let place = isURL ? String(text.dropFirst("tcp://".count)) : text
        guard !place.contains("/"), let colon = place.lastIndex(of: ":"), colon > place.startIndex,
            let port = UInt16(place[place.index(after: colon)...])
        else {
            throw ValidationError(
                "\(option) \(Visible.quoted(text)): write unix:PATH, tcp://HOST:PORT or tls://HOST:PORT"
            )
        }
        var host = String(place[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        self = text.hasPrefix("tls://") ? .tls(host: host, port: Int(port)) : .tcp(host: host, port: Int(port))
    }

    static func check(path: String, option: String) throws(ValidationError) {
        guard !path.isEmpty else { throw ValidationError("\(option) is empty: name the path of a socket") }
        guard path.utf8.count <= CommandLimits.socketPath else {
            throw ValidationError(
                "the socket's path \(Visible.quoted(path)) is too long: a path of a socket has at most \(CommandLimits.socketPath) bytes"
            )
        }
    }

    /// Of a host that no packet to leaves the machine.
    static func isLoopback(_ host: String) -> Bool {
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host == "localhost" || host == "::1"
            || (numbers.count == 4 && !numbers.contains(nil) && numbers[0] == 127)
    }

    var text: String {
        switch self {
        case .unix(let path): path
        case .tcp(let host, let port): "tcp://\(Self.bracketed(host)):\(port)"
        case .tls(let host, let port): "tls://\(Self.bracketed(host)):\(port)"
        }
    }

    static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
}
