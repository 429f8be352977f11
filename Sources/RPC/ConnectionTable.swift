import NIOCore
import Synchronization

/// The connections that are open: how many of each listener, and what they hold together.
final class ConnectionTable: Sendable {
    private struct Open {
        var connections: [ObjectIdentifier: Connection] = [:]
        var counts: [Listener: Int] = [:]
        var isShuttingDown = false
        var emptied: CheckedContinuation<Void, Never>?
    }

    private let open = Mutex(Open())
    private let held = Atomic(0)
    private let limits: Limits

    init(limits: Limits) {
        self.limits = limits
    }

    /// Gives false where the connection cannot be taken in.
    func add(_ connection: Connection) -> Bool {
        open.withLock { open in
            let count = open.counts[connection.listener, default: 0]
            guard !open.isShuttingDown, count < limits.connections else { return false }
            open.counts[connection.listener] = count + 1
            open.connections[ObjectIdentifier(connection)] = connection
            return true
        }
    }

    func remove(_ connection: Connection) {
        let emptied = open.withLock { open -> CheckedContinuation<Void, Never>? in
            guard open.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return nil }
            open.counts[connection.listener, default: 1] -= 1
            guard open.connections.isEmpty else { return nil }
            defer { open.emptied = nil }
            return open.emptied
        }
        emptied?.resume()
    }

    /// One of them holds so many bytes more, or fewer.
    func hold(_ bytes: Int) {
        let total = held.add(bytes, ordering: .relaxed).newValue
        if bytes > 0, total > limits.heldBytes { letGoOfTheLargest() }
    }

    private func letGoOfTheLargest() {
        let largest = open.withLock { open in open.connections.values.max { $0.heldBytes < $1.heldBytes } }
        // One that is being let go already gives its bytes back in a moment.
        if let largest, largest.mayBeLetGo() {
            largest.loop.execute { largest.letGo("all connections together held too much, and a client the most") }
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

enum Listener: Hashable, Sendable {
    case unix, tcp
}
