import ArgumentParser
import Engine
import Host
import RPC
import Schema
import TriggerdClient

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
        try DaemonAddress.check(path: path, option: "--socket")
    }

    var path: String {
        if let socket { return socket }
        if let path = Environment.variable("TRIGGERD_SOCKET") { return path }
        return (Environment.variable("XDG_RUNTIME_DIR") ?? "/run") + "/triggerd/triggerd.sock"
    }
}

/// Which daemon is asked, who asks, and how long it may take.
struct DaemonOption: ParsableArguments {
    @OptionGroup var socket: SocketOption
    @Option(
        help: ArgumentHelp(
            "The daemon's door: unix:PATH, tcp://HOST:PORT or tls://HOST:PORT (default: $TRIGGERD_ADDRESS, else the socket).",
            valueName: "address"
        )
    )
    var address: String?
    @Option(
        help: ArgumentHelp(
            "Of tls://: who signs the daemon's certificate, PEM (default: $TRIGGERD_CA, else the system's).",
            valueName: "file"
        ),
        completion: .file()
    )
    var ca: String?
    @Option(
        help: ArgumentHelp("Of tls://: the client's certificate, PEM (default: $TRIGGERD_CERT).", valueName: "file"),
        completion: .file()
    )
    var cert: String?
    @Option(
        help: ArgumentHelp("Of tls://: its key, PEM (default: $TRIGGERD_KEY).", valueName: "file"),
        completion: .file()
    )
    var key: String?
    @Option(
        help: ArgumentHelp(
            "The file that holds the token of who asks (default: $TRIGGERD_TOKEN_FILE).",
            valueName: "file"
        ),
        completion: .file()
    )
    var tokenFile: String?
    @Option(
        help: ArgumentHelp(
            "How long each answer may take (default: \(CommandLimits.answer), of health \(CommandLimits.health)).",
            valueName: "length"
        )
    )
    var timeout: String?

    /// The door, for people.
    var path: String { (try? place.text) ?? socket.path }

    /// What is written beats the environment, and `--address` the socket.
    private var place: DaemonAddress {
        get throws(ValidationError) {
            if let address { return try DaemonAddress(address, option: "--address") }
            if socket.socket == nil, let address = Environment.variable("TRIGGERD_ADDRESS") {
                return try DaemonAddress(address, option: "$TRIGGERD_ADDRESS")
            }
            return .unix(socket.path)
        }
    }

    func validate() throws {
        if address != nil, socket.socket != nil {
            throw ValidationError("--address and --socket name two doors: name one")
        }
        let place = try place
        if case .tls = place {
            guard (cert == nil) == (key == nil) else { throw ValidationError("--cert and --key go together") }
        } else {
            for (option, value) in [("--ca", ca), ("--cert", cert), ("--key", key)] where value != nil {
                throw ValidationError("\(option) is of tls://HOST:PORT only, and the door is \(place.text)")
            }
        }
        if place.isOpenToOthers, file(tokenFile, "TRIGGERD_TOKEN_FILE") != nil {
            throw ValidationError("\(place.text): everybody on the way could read the token: use tls://")
        }
        guard let timeout else { return }  // The standard is well.
        guard try Length(timeout, option: "--timeout", example: "10s") > .zero else {
            throw ValidationError("--timeout \(timeout): no daemon answers in no time; write 10s")
        }
    }

    private func file(_ option: String?, _ variable: String) -> String? { option ?? Environment.variable(variable) }

    private func tls() throws -> DaemonTLS {
        let certificate = file(cert, "TRIGGERD_CERT")
        let key = file(self.key, "TRIGGERD_KEY")
        guard (certificate == nil) == (key == nil) else {
            throw Failure("$TRIGGERD_CERT and $TRIGGERD_KEY go together")
        }
        var identity: (certificate: [UInt8], key: [UInt8])?
        if let certificate, let key {
            identity = (
                try DoorFiles.read(certificate, isSecret: false), try DoorFiles.read(key, isSecret: true)
            )
        }
        let authorities = try file(ca, "TRIGGERD_CA").map { try DoorFiles.read($0, isSecret: false) }
        do {
            return try DaemonTLS(authorities: authorities, identity: identity)
        } catch {
            throw Failure(error.message)
        }
    }

    func connect(timeout standard: Length = CommandLimits.answer) async throws -> DaemonConnection {
        let timeout = timeout.flatMap { Length($0) } ?? standard
        let place = try place
        let tls: DaemonTLS? = if case .tls = place { try tls() } else { nil }
        let address = try place.place(tls)
        do {
            let token = try file(tokenFile, "TRIGGERD_TOKEN_FILE").map(DoorFiles.token)
            let client = try await Client.connect(to: address, token: token)
            return DaemonConnection(client: client, path: path, timeout: timeout)
        } catch let refusal as TLSRefusal {
            throw Failure(
                "no connection to \(path): \(refusal)",
                "--ca FILE names who signs the daemon's certificate; --cert FILE and --key FILE say who you are"
            )
        } catch let failure as Failure {
            throw failure
        } catch let fault as DoorFault {
            throw Failure(of: fault)
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
        try self.read(try await answer("triggerd.v1.\(service)", method, request), type, descriptor, read)
    }

    /// Begins a stream; `request`: of a method that takes one. It may last, unless it is told for how long.
    func open(
        _ service: String,
        _ method: String,
        _ request: [UInt8]? = nil,
        for length: Length? = nil
    ) async throws -> ClientStream {
        try await client.open(
            service: "triggerd.v1.\(service)",
            method: method,
            payload: request.map { Payload(bytes: $0) },
            timeout: length.map { .milliseconds($0.milliseconds) }
        )
    }

    /// What a reply, or a message of a stream, says.
    func read<Message, Result>(
        _ payload: Payload,
        _ type: Message.Type,
        _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>,
        _ read: (UnsafePointer<Message>) throws -> Result
    ) throws -> Result {
        try Arena.use { arena in
            do {
                return try payload.withUnsafeReadableBytes { try read(arena.unpack(type, descriptor, $0)) }
            } catch let error as PayloadError {
                throw Failure("the daemon's reply does not decode: \(error.text)")
            }
        }
    }

    private func answer(_ service: String, _ method: String, _ request: [UInt8]) async throws -> Payload {
        do {
            return try await client.call(
                service: service,
                method: method,
                payload: Payload(bytes: request),
                timeout: .milliseconds(timeout.milliseconds)
            )
        } catch let status as Status where status.code == .deadlineExceeded {
            // Whatever it still says is of no use.
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
