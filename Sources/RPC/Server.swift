import CUnixSockets
import Logging
import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

package enum ServerError: Error, CustomStringConvertible, Sendable {
    case duplicateService(String)
    /// Somebody listens there already.
    case inUse(path: String, pid: Int32)
    case cannotListen(address: String, reason: String)

    package var description: String {
        switch self {
        case .duplicateService(let name): "two services are called \(name)"
        case .inUse(let path, let pid): "process \(pid) listens at \(path) already"
        case .cannotListen(let address, let reason): "cannot listen at \(address): \(reason)"
        }
    }
}

/// Listens, and lets its services answer.
package final class Server: Sendable {
    private struct Listening {
        var listeners: [any Channel] = []
        var files: [String] = []
    }

    private let router: Router
    private let limits: Limits
    private let logger: Logger
    private let group: any EventLoopGroup
    private let listening = Mutex(Listening())
    private let connections: ConnectionTable

    /// Throws where two services have one name.
    package init(
        services: [Service],
        limits: Limits = Limits(),
        logger: Logger,
        group: any EventLoopGroup
    ) throws(ServerError) {
        router = try Router(services)
        self.limits = limits
        self.logger = logger
        self.group = group
        connections = ConnectionTable(limits: limits, logger: logger)
    }

    /// Listens on a Unix socket of mode 0600; a path that begins with NUL or `@` is an abstract address. A file that
    /// a dead server left behind is replaced.
    package func listen(unix path: String) async throws {
        let isAbstract = path.first == "\0" || path.first == "@"
        let name = isAbstract ? [0] + path.utf8.dropFirst() : Array(path.utf8)
        let owner = unix_socket_owner(name, name.count)
        if owner > 0 { throw ServerError.inUse(path: path, pid: owner) }
        if owner < 0 { throw ServerError.cannotListen(address: path, reason: String(cString: strerror(errno))) }
        if !isAbstract { try Self.removeStale(path) }
        let socket = unix_socket_bind(name, name.count)
        guard socket >= 0 else {
            throw ServerError.cannotListen(address: path, reason: String(cString: strerror(errno)))
        }
        let channel = try await bootstrap(.unix).withBoundSocket(socket).get()
        listening.withLock { listening in
            listening.listeners.append(channel)
            if !isAbstract { listening.files.append(path) }
        }
    }

    /// Listens on TCP; with port 0 the system chooses one. Gives the address.
    package func listen(host: String, port: Int) async throws -> SocketAddress {
        do {
            let channel = try await bootstrap(.tcp).bind(host: host, port: port).get()
            listening.withLock { $0.listeners.append(channel) }
            guard let address = channel.localAddress else { throw ChannelError.unknownLocalAddress }
            return address
        } catch {
            throw ServerError.cannotListen(address: "\(host):\(port)", reason: error.systemReason)
        }
    }

    private static func removeStale(_ path: String) throws(ServerError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }  // Nothing stands there, or whoever binds is told why.
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw .cannotListen(address: path, reason: "a file that is no socket stands there")
        }
        unlink(path)
    }

    private func bootstrap(_ listener: Listener) -> ServerBootstrap {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelInitializer { [logger] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPause(logger: logger))
                }
            }
            .serverChannelOption(.backlog, value: Limits.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [self] channel in accept(channel, listener) }
        return switch listener {
        case .unix: bootstrap
        case .tcp:
            bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.socketOption(.so_keepalive), value: 1)
        }
    }

    private func accept(_ channel: any Channel, _ listener: Listener) -> EventLoopFuture<Void> {
        let peer: EventLoopFuture<Peer>
        if listener == .unix, let options = channel as? any SocketOptionProvider {
            peer = options.unsafeGetSocketOption(level: .socket, name: .init(rawValue: SO_PEERCRED)).map {
                (credentials: PeerCredentials) in
                Peer(pid: credentials.pid, uid: credentials.uid, gid: credentials.gid)
            }
        } else {
            peer = channel.eventLoop.makeSucceededFuture(
                Peer(address: channel.remoteAddress.map { "\($0)" })
            )
        }
        return peer.flatMapThrowing { [self] peer in
            // docs/protocol.md: whoever may not speak is let go before a frame is read.
            if let uid = peer.uid, uid != geteuid(), uid != 0 { throw NotAdmitted() }
            let connection = Connection(
                channel: channel,
                listener: listener,
                router: router,
                peer: peer,
                table: connections,
                limits: limits,
                logger: logger
            )
            guard connections.add(connection) else { throw NotAdmitted() }
            channel.closeFuture.whenComplete { [self] _ in connections.remove(connection) }
            try channel.pipeline.syncOperations.addHandler(connection)
        }
    }

    /// Accepts nothing new, answers what is under way, and returns when every connection is closed; those that are
    /// not after `grace` are closed as they are.
    package func shutdown(grace: Duration) async {
        let open = connections.beginShutdown()
        let (listeners, files) = listening.withLock { listening in
            defer {
                listening.listeners = []
                listening.files = []
            }
            return (listening.listeners, listening.files)
        }
        for path in files { unlink(path) }
        for listener in listeners { try? await listener.close() }
        for connection in open { connection.loop.execute { connection.drain() } }
        let force = Task {
            try await Task.sleep(for: grace)
            for connection in connections.all { connection.channel.close(promise: nil) }
        }
        await connections.empty()
        force.cancel()
    }
}

/// A connection that is closed before a frame is read.
private struct NotAdmitted: Error {}

/// `struct ucred`, which Swift's Glibc does not show.
private struct PeerCredentials {
    var pid: Int32 = 0
    var uid: UInt32 = 0
    var gid: UInt32 = 0
}
