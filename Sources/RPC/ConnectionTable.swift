import Logging
import NIOCore
import Synchronization

/// The connections that are open: how many at each door, and what they hold together.
final class ConnectionTable: Sendable {
    private struct Open {
        var connections: [ObjectIdentifier: Connection] = [:]
        var counts: [Int: Int] = [:]
        var countsOfClients: [Client: Int] = [:]
        var isShuttingDown = false
        var emptied: CheckedContinuation<Void, Never>?
        /// When it was last told that a listener is full.
        var toldFull: NIODeadline?

        mutating func add(_ connection: Connection) {
            counts[connection.door.number, default: 0] += 1
            countsOfClients[Client(connection), default: 0] += 1
            connections[ObjectIdentifier(connection)] = connection
        }

        /// Gives whether it was there.
        @discardableResult
        mutating func remove(_ connection: Connection) -> Bool {
            guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return false }
            counts[connection.door.number, default: 1] -= 1
            let left = countsOfClients[Client(connection), default: 1] - 1
            countsOfClients[Client(connection)] = left > 0 ? left : nil
            return true
        }

        /// Of the client that has the most connections there, of those that have an idle one: the longest idle.
        func mostDispensable(at door: Int) -> Connection? {
            var clients: [Peer.Client: (count: Int, idle: Connection?)] = [:]
            for connection in connections.values where connection.door.number == door {
                var client = clients[connection.client] ?? (0, nil)
                client.count += 1
                let isLonger = client.idle.map { connection.idleSince < $0.idleSince } ?? true
                if connection.idleSince != .max, isLonger { client.idle = connection }
                clients[connection.client] = client
            }
            return clients.values.filter { $0.idle != nil }.max { $0.count < $1.count }?.idle
        }

        /// Of one client's.
        func longestIdle(of client: Client) -> Connection? {
            connections.values.filter { $0.idleSince != .max && Client($0) == client }
                .min { $0.idleSince < $1.idleSince }
        }
    }

    /// Somebody at one door.
    private struct Client: Hashable {
        let door: Int
        let client: Peer.Client

        init(_ connection: Connection) {
            (door, client) = (connection.door.number, connection.client)
        }
    }

    private let open = Mutex(Open())
    private let held = Atomic(0)
    private let willLook = Atomic(false)
    private let limits: Limits
    private let logger: Logger

    init(limits: Limits, logger: Logger) {
        self.limits = limits
        self.logger = logger
    }

    /// Gives false where the connection cannot be taken in. Where its door is full the client with the most
    /// connections that has one without a call gives up the one that was idle the longest: no client can shut the
    /// others out.
    func add(_ connection: Connection) -> Bool {
        let (isAdded, idle, isTold) = open.withLock { open -> (Bool, Connection?, Bool) in
            if open.isShuttingDown { return (false, nil, false) }
            let client = Client(connection)
            let hasMost = open.countsOfClients[client, default: 0] >= limits.connectionsOfClient
            let isFull = hasMost || open.counts[client.door, default: 0] >= limits.connections
            let idle =
                hasMost ? open.longestIdle(of: client) : isFull ? open.mostDispensable(at: client.door) : nil
            if let idle { open.remove(idle) }
            if !isFull || idle != nil { open.add(connection) }
            let isTold = isFull && open.toldFull.map { .now() - $0 > Limits.fullIsToldAfter } ?? true
            if isTold { open.toldFull = .now() }
            return (!isFull || idle != nil, idle, isTold)
        }
        if let idle {
            if isTold {
                logger.notice(
                    "as many connections are open as may be: idle ones of who has the most are closed for new ones",
                    metadata: ["client": "\(idle.client)"]
                )
            }
            idle.loop.execute { idle.channel.close(promise: nil) }
        } else if !isAdded, isTold {
            logger.warning(
                "as many connections are open as may be, each with a call under way: a new one is not let in",
                metadata: ["client": "\(connection.client)"]
            )
        }
        return isAdded
    }

    func remove(_ connection: Connection) {
        let emptied = open.withLock { open -> CheckedContinuation<Void, Never>? in
            // It may have been taken out already, in favour of a new one.
            guard open.remove(connection), open.connections.isEmpty else { return nil }
            defer { open.emptied = nil }
            return open.emptied
        }
        emptied?.resume()
    }

    /// One of them holds so many bytes more, or fewer.
    func hold(_ bytes: Int, _ loop: any EventLoop) {
        let total = held.add(bytes, ordering: .relaxed).newValue
        guard bytes > 0, total > limits.heldBytes else { return }
        guard !willLook.exchange(true, ordering: .relaxed) else { return }  // One look is for all of them.
        loop.scheduleTask(in: Limits.heldPause) { [self] in
            willLook.store(false, ordering: .relaxed)
            letGoOfTheLargest()
        }
    }

    private func letGoOfTheLargest() {
        let largest = open.withLock { open -> [Connection] in
            // Those that are being let go already give their bytes back in a moment.
            let staying = open.connections.values.filter { !$0.isBeingLetGo }
            var surplus = staying.reduce(0) { $0 + $1.heldBytes } - limits.heldBytes
            var largest: [Connection] = []
            for connection in staying.sorted(by: { $0.heldBytes > $1.heldBytes }) where surplus > 0 {
                surplus -= connection.heldBytes
                largest.append(connection)
            }
            return largest
        }
        for connection in largest where connection.mayBeLetGo() {
            connection.loop.execute {
                connection.letGo("all connections together held too much, and a client the most")
            }
        }
    }

    /// Takes nothing in any more, and gives what is open.
    func beginShutdown() -> [Connection] {
        open.withLock { open in
            open.isShuttingDown = true
            return Array(open.connections.values)
        }
    }

    var all: [Connection] { open.withLock { Array($0.connections.values) } }

    /// Returns when every connection is closed.
    func empty() async {
        await withCheckedContinuation { continuation in
            let isEmpty = open.withLock { open in
                if !open.connections.isEmpty { open.emptied = continuation }
                return open.connections.isEmpty
            }
            if isEmpty { continuation.resume() }
        }
    }
}
