import NIOCore
import Synchronization

/// What a call asks. It is not kept longer than its method runs: many calls wait, and payloads are large.
package struct Request: Sendable {
    package let payload: Payload
    package let metadata: Metadata

    package init(payload: Payload, metadata: Metadata = Metadata()) {
        self.payload = payload
        self.metadata = metadata
    }
}

/// One call under way: the way back. The first answer counts; any later one is dropped.
package struct Call: Sendable {
    /// By which the caller wants its answer; at that instant the server answers DEADLINE_EXCEEDED by itself.
    package let deadline: NIODeadline?
    package let peer: Peer
    /// What the caller may do.
    package let roles: Roles

    let connection: Connection
    let stream: UInt32
    let serial: UInt64

    /// From any thread.
    package func reply(_ payload: Payload) {
        end(.success(payload))
    }

    /// From any thread.
    package func fail(_ status: Status) {
        end(.failure(status))
    }

    private func end(_ result: Result<Payload, Status>) {
        if connection.loop.inEventLoop {
            connection.end(stream, serial, result)
            connection.flushUnlessReading()
        } else {
            connection.loop.execute {
                connection.end(stream, serial, result)
                connection.flushUnlessReading()
            }
        }
    }

    /// Whether somebody still waits for the answer: not once the caller has gone or its deadline has passed. Cheap,
    /// and from any thread: to be asked before anything is done that takes time.
    package var isAwaited: Bool {
        if connection.isGone.load(ordering: .relaxed) { return false }
        return deadline.map { NIODeadline.now() < $0 } ?? true
    }

    /// The same for all calls of one connection while it is open.
    package var connectionID: ObjectIdentifier { ObjectIdentifier(connection) }

    /// Nothing more of its connection is handled until `resumeReading`. To be called from the method, before it returns.
    package func pauseReading() {
        connection.loop.preconditionInEventLoop()
        connection.pauseReading()
    }

    /// From any thread.
    package func resumeReading() {
        connection.loop.execute { connection.resumeReading() }
    }

    /// Runs `body` on the event loop when the caller has gone or the deadline has passed before an answer. To be
    /// called from the method, before it returns.
    package func onCancel(_ body: @escaping @Sendable () -> Void) {
        connection.loop.preconditionInEventLoop()
        connection.onCancel(stream, serial, body)
    }

    /// Answers many calls from another thread: one hop for each event loop, on which their results are made, and one
    /// write for each connection.
    package static func complete(_ results: [(call: Call, result: @Sendable () -> Result<Payload, Status>)]) {
        guard let first = results.first else { return }
        let loop = first.call.connection.loop
        if results.allSatisfy({ $0.call.connection.loop === loop }) {
            loop.execute { endAll(results) }
            return
        }
        for group in Dictionary(grouping: results, by: { ObjectIdentifier($0.call.connection.loop) }).values {
            group[0].call.connection.loop.execute { endAll(group) }
        }
    }

    private static func endAll(_ results: [(call: Call, result: @Sendable () -> Result<Payload, Status>)]) {
        for (call, result) in results { call.connection.end(call.stream, call.serial, result()) }
        for (call, _) in results { call.connection.flushUnlessReading() }
    }
}

/// Who is at the other end.
package struct Peer: Hashable, Sendable {
    /// Over a Unix socket: as the kernel had it when the other side connected.
    package var pid: Int32?
    package var uid: UInt32?
    package var gid: UInt32?
    /// Over TCP.
    package var address: String?

    init(pid: Int32, uid: UInt32, gid: UInt32) {
        (self.pid, self.uid, self.gid) = (pid, uid, gid)
    }

    init(address: SocketAddress?) {
        self.address = address.map { "\($0)" }
    }

    /// Whom a share of the connections belongs to: a process, or the host at the other end.
    package enum Client: Hashable, Sendable {
        case process(Int32)
        case host(Substring)
    }

    package var client: Client {
        if let pid { return .process(pid) }
        let address = address ?? ""
        return .host(address[..<(address.lastIndex(of: ":") ?? address.endIndex)])
    }
}
