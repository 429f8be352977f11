import ArgumentParser
import Engine
import Host
import RPC
import Schema

/// Where the daemon listens.
struct SocketOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The daemon's socket (default: $TRIGGERD_SOCKET, else $XDG_RUNTIME_DIR/triggerd/triggerd.sock, else /run/triggerd/triggerd.sock).",
            valueName: "path"
        ),
        completion: .file()
    )
    var socket: String?

    func validate() throws {
        let length = path.utf8.count
        guard length > 0 else { throw ValidationError("--socket is empty: name the path of a socket") }
        guard length <= CommandLimits.socketPath else {
            throw ValidationError(
                "the socket's path \(Visible.quoted(path)) is too long: a path of a socket has at most \(CommandLimits.socketPath) bytes"
            )
        }
    }

    var path: String {
        if let socket { return socket }
        if let path = Environment.variable("TRIGGERD_SOCKET") { return path }
        return (Environment.variable("XDG_RUNTIME_DIR") ?? "/run") + "/triggerd/triggerd.sock"
    }
}

/// Which daemon is asked, and how long it may take.
struct DaemonOption: ParsableArguments {
    @OptionGroup var socket: SocketOption
    @Option(
        help: ArgumentHelp(
            "How long each answer may take (default: \(CommandLimits.answer), of health \(CommandLimits.health)).",
            valueName: "length"
        )
    )
    var timeout: String?

    var path: String { socket.path }

    func validate() throws {
        guard let timeout else { return }  // The standard is well.
        guard try Length(timeout, option: "--timeout", example: "10s") > .zero else {
            throw ValidationError("--timeout \(timeout): no daemon answers in no time; write 10s")
        }
    }

    func connect(timeout standard: Length = CommandLimits.answer) async throws -> DaemonConnection {
        let timeout = timeout.flatMap { Length($0) } ?? standard
        do {
            return DaemonConnection(client: try await Client.connect(unix: path), path: path, timeout: timeout)
        } catch {
            throw Failure(
                "no daemon answers at \(path): \(error.systemReason)",
                "start one with `triggerd serve`, or name its socket with --socket PATH"
            )
        }
    }

    /// Runs `body` with a connection, and closes it.
    func withConnection<Result>(
        timeout: Length = CommandLimits.answer,
        _ body: (DaemonConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try await connect(timeout: timeout)
        do {
            let result = try await body(connection)
            await connection.client.close()
            return result
        } catch {
            await connection.client.close()
            switch error {
            case let status as Status: throw Failure(status)
            case let silent as NoAnswer: throw silent.failure
            case let lost as ClientClosed: throw Failure("the connection to the daemon at \(path) broke: \(lost)")
            default: throw error
            }
        }
    }
}

/// The daemon took longer than it may. Nobody knows what it did.
struct NoAnswer: Error {
    let path: String
    let timeout: Length

    var failure: Failure {
        Failure(
            "the daemon at \(path) did not answer within \(timeout)",
            "it may be busy or hang: look at its log, or wait longer with --timeout LENGTH"
        )
    }
}

/// Calls of the daemon, by their messages.
struct DaemonConnection: Sendable {
    let client: Client
    let path: String
    let timeout: Length

    /// `request` is packed already; `read` sees the reply while it lasts.
    func call<Message, Result>(
        _ service: String,
        _ method: String,
        _ request: [UInt8],
        _ type: Message.Type,
        _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>,
        _ read: (UnsafePointer<Message>) throws -> Result
    ) async throws -> Result {
        let payload = try await answer("triggerd.v1.\(service)", method, request)
        return try Arena.use { arena in
            do {
                return try payload.withUnsafeReadableBytes { try read(arena.unpack(type, descriptor, $0)) }
            } catch let error as PayloadError {
                throw Failure("the daemon's reply does not decode: \(error.text)")
            }
        }
    }

    /// The daemon knows how long it has; whether it keeps to that is measured here.
    private func answer(_ service: String, _ method: String, _ request: [UInt8]) async throws -> Payload {
        let allowed = Duration.milliseconds(timeout.milliseconds)
        return try await withThrowingTaskGroup(of: Payload?.self) { group in
            group.addTask {
                do {
                    return try await client.call(
                        service: service,
                        method: method,
                        payload: Payload(bytes: request),
                        timeout: allowed
                    )
                } catch let status as Status where status.code == .deadlineExceeded {
                    return nil
                }
            }
            group.addTask {
                try await Task.sleep(for: allowed + CommandLimits.slack)
                return nil
            }
            defer { group.cancelAll() }
            if let first = try await group.next(), let payload = first { return payload }
            // Ends the call, which this group would wait for.
            await client.close()
            throw NoAnswer(path: path, timeout: timeout)
        }
    }
}

/// Packs a request.
func packed<Message>(
    _ initialize: (UnsafeMutablePointer<Message>?) -> Void,
    _ fill: (UnsafeMutablePointer<Message>, Arena) -> Void = { _, _ in }
) -> [UInt8] {
    Arena.use { arena in
        let message = arena.make(initialize)
        fill(message, arena)
        return arena.pack(UnsafePointer(message))
    }
}
