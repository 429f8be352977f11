import ArgumentParser
import Foundation
import Host
import RPC
import Schema

/// Where the daemon listens.
struct SocketOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The daemon's socket (default: $TRIGGERD_SOCKET, else $XDG_RUNTIME_DIR/triggerd/triggerd.sock, else /run/triggerd/triggerd.sock).",
            valueName: "path"
        )
    )
    var socket: String?

    var path: String {
        let environment = ProcessInfo.processInfo.environment
        if let socket { return socket }
        if let path = environment["TRIGGERD_SOCKET"], !path.isEmpty { return path }
        return Self.standard
    }

    /// Without an option or $TRIGGERD_SOCKET.
    static var standard: String {
        let runtime = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"] ?? ""
        return (runtime.isEmpty ? "/run" : runtime) + "/triggerd/triggerd.sock"
    }

    func connect() async throws -> DaemonConnection {
        do {
            return DaemonConnection(client: try await Client.connect(unix: path))
        } catch {
            throw Failure(
                "no daemon answers at \(path): \(error)\nstart one with `triggerd serve`, or name its socket with --socket PATH"
            )
        }
    }

    /// Runs `body` with a connection, and closes it.
    func withConnection<Result>(_ body: (DaemonConnection) async throws -> Result) async throws -> Result {
        let connection = try await connect()
        do {
            let result = try await body(connection)
            await connection.client.close()
            return result
        } catch let status as Status {
            await connection.client.close()
            throw Failure(status.message)
        } catch {
            await connection.client.close()
            throw error
        }
    }
}

/// Calls of the daemon, by their messages.
struct DaemonConnection: Sendable {
    let client: Client

    /// `request` is packed already; `read` sees the reply while it lasts.
    func call<Message, Result>(
        _ service: String,
        _ method: String,
        _ request: [UInt8],
        _ type: Message.Type,
        _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>,
        _ read: (UnsafePointer<Message>) throws -> Result
    ) async throws -> Result {
        let payload = try await client.call(
            service: "triggerd.v1.\(service)",
            method: method,
            payload: Payload(bytes: request),
            timeout: nil
        )
        return try Arena.use { arena in
            do {
                return try payload.withUnsafeReadableBytes { try read(arena.unpack(type, descriptor, $0)) }
            } catch let error as PayloadError {
                throw Failure("the daemon's reply does not decode: \(error.text)")
            }
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
