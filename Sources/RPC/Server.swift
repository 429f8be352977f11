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
        var open: [OpenDoor] = []
        var doors = 0
        var files: [String] = []
    }

    private let router: Router
    private let limits: Limits
    private let logger: Logger
    private let group: any EventLoopGroup
    private let readFile: ReadDoorFile
    private let listening = Mutex(Listening())
    private let connections: ConnectionTable

    /// `needs`: the role that a method of a service needs. `readFile`: reads what a door names: certificates, keys and
    /// tokens. Throws where two services have one name.
    package init(
        services: [Service],
        needs: (_ service: String, _ method: String) -> Roles,
        limits: Limits = Limits(),
        readFile: @escaping ReadDoorFile = { path, _ in throw DoorFault("\(path): no file is read here") },
        logger: Logger,
        group: any EventLoopGroup
    ) throws(ServerError) {
        router = try Router(services, needs: needs)
        self.limits = limits
        self.logger = logger
        self.group = group
        self.readFile = readFile
        connections = ConnectionTable(limits: limits, logger: logger)
    }

    /// Listens at a door. A socket's file that a dead server left behind is replaced. Gives the address of one of TCP,
    /// of which the system chooses the port where it is 0.
    @discardableResult
    package func listen(_ door: Door) async throws -> SocketAddress? {
        let number = listening.withLock { listening in
            defer { listening.doors += 1 }
            return listening.doors
        }
        let open = try OpenDoor(door, number: number, read: readFile, logger: logger)
        let channel: any Channel
        switch door.place {
        case .unix(let place):
            channel = try await bootstrap(open).withBoundSocket(try Self.bind(place)).get()
            if !place.isAbstract { listening.withLock { $0.files.append(place.path) } }
        case .tcp(let host, let port), .tls(let host, let port, _):
            do {
                channel = try await bootstrap(open).bind(host: host, port: port).get()
            } catch {
                throw ServerError.cannotListen(address: "\(host):\(port)", reason: error.systemReason)
            }
        }
        listening.withLock { listening in
            listening.listeners.append(channel)
            listening.open.append(open)
        }
        return open.isUnix ? nil : channel.localAddress
    }

    /// Reads the files of doors that changed since: certificates, keys, tokens. What does not read leaves what was.
    package func reloadDoors() {
        for door in listening.withLock({ $0.open }) {
            do {
                if try door.reload() { logger.notice("a door's files have changed, and are read anew") }
            } catch {
                logger.error("a door's files have changed, and what they said before still holds: \(error)")
            }
        }
    }

    private static func bind(_ place: UnixPlace) throws(ServerError) -> CInt {
        func failure() -> ServerError {
            .cannotListen(address: place.path, reason: String(cString: strerror(errno)))
        }
        let name = place.name
        let owner = unix_socket_owner(name, name.count)
        if owner > 0 { throw .inUse(path: place.path, pid: owner) }
        if owner < 0 { throw failure() }
        if !place.isAbstract { try removeStale(place.path) }
        let socket = unix_socket_bind(name, name.count)
        guard socket >= 0 else { throw failure() }
        guard !place.isAbstract else { return socket }
        let isGiven = unix_socket_give(name, name.count, place.owner ?? .max, place.group ?? .max, place.mode) == 0
        guard isGiven else {
            defer {
                close(socket)
                unlink(place.path)
            }
            throw .cannotListen(
                address: place.path,
                reason: "its owner, group or mode cannot be set: \(String(cString: strerror(errno)))"
            )
        }
        return socket
    }

    private static func removeStale(_ path: String) throws(ServerError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }  // Nothing stands there, or whoever binds is told why.
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw .cannotListen(address: path, reason: "a file that is no socket stands there")
        }
        unlink(path)
    }

    private func bootstrap(_ door: OpenDoor) -> ServerBootstrap {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelInitializer { [logger] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPause(logger: logger))
                }
            }
            .serverChannelOption(.backlog, value: Limits.backlog)
            .serverChannelOption(.maxMessagesPerRead, value: Limits.acceptedAtOnce)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try accept(channel, door) }
            }
        if door.isUnix { return bootstrap }
        return bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
    }

    private func accept(_ channel: any Channel, _ door: OpenDoor) throws {
        let (peer, roles) = try door.isUnix ? admit(channel, door) : (Peer(address: channel.remoteAddress), [])
        let connection = Connection(
            channel: channel,
            door: door,
            roles: roles,
            router: router,
            peer: peer,
            table: connections,
            limits: limits,
            logger: logger
        )
        guard connections.add(connection) else { throw NotAdmitted() }
        channel.closeFuture.whenComplete { [self] _ in connections.remove(connection) }
        if let tls = door.tls { try channel.pipeline.syncOperations.addHandler(try tls.handler()) }
        try channel.pipeline.syncOperations.addHandler(connection)
    }

    /// docs/protocol.md: whoever may not speak is let go before a frame is read.
    private func admit(_ channel: any Channel, _ door: OpenDoor) throws -> (Peer, Roles) {
        let found = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            socket in
            var peer = Peer(pid: 0, uid: 0, gid: 0)
            guard unix_socket_peer(socket, &peer.pid!, &peer.uid!, &peer.gid!) == 0 else { throw NotAdmitted() }
            var groups = [UInt32](repeating: 0, count: door.admission.groups.isEmpty ? 0 : Limits.groups)
            let count = groups.isEmpty ? 0 : unix_socket_peer_groups(socket, &groups, Int32(groups.count))
            return (peer, Array(groups.prefix(max(0, Int(count)))))
        }
        guard let (peer, groups) = found, let uid = peer.uid, let gid = peer.gid else { throw NotAdmitted() }
        guard let roles = door.admission.roles(user: uid, groups: [gid] + groups, own: geteuid()) else {
            door.refusals.notice("a process of user \(uid) and group \(gid) may not speak here, and was turned away")
            throw NotAdmitted()
        }
        return (peer, roles)
    }

    /// Accepts nothing new, answers what is under way, and returns when every connection is closed; those that are
    /// not after `grace` are closed as they are.
    package func shutdown(grace: Duration) async {
        let open = connections.beginShutdown()
        let (listeners, files) = listening.withLock { listening in
            defer {
                listening.listeners = []
                listening.open = []
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
