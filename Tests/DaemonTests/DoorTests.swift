import Foundation
import Testing

/// Who may come in by which door, and what they may do there.
@Suite(.serialized)
struct DoorTests {
    /// Every method of the wire that there is, with the roles that may call it.
    static let methods: [(service: String, method: String, roles: Set<String>)] = [
        ("Events", "Track", ["ingest", "admin"]), ("Inbox", "Lease", ["ingest", "admin"]),
        ("Inbox", "Acknowledge", ["ingest", "admin"]), ("Inbox", "Hold", ["ingest", "admin"]),
        ("Decisions", "Explain", ["read", "admin"]), ("Decisions", "List", ["read", "admin"]),
        ("Users", "Get", ["read", "admin"]), ("Users", "Delete", ["admin"]), ("Users", "Export", ["admin"]),
        ("Campaigns", "Apply", ["admin"]), ("Campaigns", "Get", ["admin"]), ("Campaigns", "List", ["admin"]),
        ("Campaigns", "Stop", ["admin"]), ("Campaigns", "Resume", ["admin"]), ("Campaigns", "Delete", ["admin"]),
        ("Campaigns", "Preview", ["admin"]), ("Outbox", "ListFailed", ["admin"]), ("Outbox", "Redrive", ["admin"]),
        ("Plugins", "List", ["admin"]),
    ]

    static let tokens = ["ingest", "read", "admin"].map { ($0, "\($0)-0123456789abcdef") }

    static func bearer(_ token: String) -> [(String, String)] { [("authorization", "Bearer \(token)")] }

    /// As another user, with other groups: what it printed.
    static func asOther(_ user: String, group: String = "nogroup", groups: String? = nil, _ command: [String]) throws
        -> String
    {
        let more = groups.map { ["--groups", $0] } ?? ["--clear-groups"]
        return try StrangerTests.tool(["setpriv", "--reuid", user, "--regid", group] + more + command).out
    }

    /// Connects to a socket and asks for its health; "closed" where it is turned away.
    static let ask = """
        import socket, sys
        s = socket.socket(socket.AF_UNIX); s.settimeout(10)
        try:
            s.connect(sys.argv[1])
            body = b"\\x0a\\x12triggerd.v1.Events\\x12\\x05Track"
            s.sendall(len(body).to_bytes(4, "big") + b"\\0\\0\\0\\1\\1\\0" + body)
            got = s.recv(4096)
            print("closed" if not got else "code %d" % got[13] if got[10] == 0x0a else "other")
        except ConnectionError:
            print("closed")
        except PermissionError:
            print("no permission")
        """

    @Test("over loopback nobody has a role without a token, and each token the roles that are given to it")
    func tokens() throws {
        let daemon = try DaemonProcess(slow)
        let files = try Self.tokens.map { role, token in
            "token:\(try daemon.file(role, "# of \(role)\n\(token)\n\n"))=\(role)"
        }
        try daemon.start(arguments: ["--listen", "tcp://127.0.0.1:0"] + files.flatMap { ["--allow", $0] })
        let port = try #require(daemon.ports.first)
        for (service, method, roles) in Self.methods {
            let bare = try Wire(port: port).call(service, method, [])
            #expect(bare.code == 16, "\(service)/\(method): \(bare.code) \(bare.text)")
            #expect(bare.text.contains("send a token"), "\(bare.text)")
            let wrong = try Wire(port: port).call(
                service,
                method,
                [],
                metadata: Self.bearer("admin-0123456789abcdeg")
            )
            #expect(wrong.code == 16, "\(service)/\(method): \(wrong.code) \(wrong.text)")
            for (role, token) in Self.tokens {
                let answer = try Wire(port: port).call(service, method, [], metadata: Self.bearer(token))
                if roles.contains(role) {
                    #expect(![7, 16].contains(answer.code), "\(service)/\(method) as \(role): \(answer.text)")
                } else {
                    #expect(answer.code == 7, "\(service)/\(method) as \(role): \(answer.code) \(answer.text)")
                    #expect(answer.text.contains("needs the role") && answer.text.contains("has \(role)"))
                }
            }
        }
        // A probe needs no role, and learns nothing but whether the daemon serves.
        #expect(try Wire(port: port).call("Health", "Check", []).payload == [8, 1])
        // On one connection each call has its own token.
        let wire = try Wire(port: port)
        #expect(try wire.call("Plugins", "List", [], metadata: Self.bearer(Self.tokens[2].1)).code == 0)
        #expect(try wire.call("Plugins", "List", []).code == 16)
        #expect(try wire.call("Plugins", "List", [], metadata: Self.bearer(Self.tokens[0].1)).code == 7)
        #expect(
            try wire.call("Plugins", "List", [], metadata: [("Authorization", "bearer \(Self.tokens[2].1)")]).code == 0
        )
        // A flood of refusals is a few lines.
        let refusals = daemon.log.split(separator: "\n").filter { $0.contains("needs the role") }
        #expect((1...10).contains(refusals.count), "\(refusals.count)")
        #expect(!daemon.log.contains("0123456789abcde"))
        #expect(daemon.stop() == 0)
    }

    @Test(
        "a token that is taken away is nobody's within a moment, and a new one somebody's; a bad file changes nothing"
    )
    func rotation() throws {
        let daemon = try DaemonProcess(slow)
        let path = try daemon.file("token", "first-0123456789abcdef\n")
        try daemon.start("--listen", "tcp://127.0.0.1:0", "--allow", "token:\(path)=admin")
        let wire = try Wire(port: try #require(daemon.ports.first))
        func code(_ token: String) throws -> UInt64 {
            try wire.call("Plugins", "List", [], metadata: Self.bearer(token)).code
        }
        #expect(try code("first-0123456789abcdef") == 0)
        _ = try daemon.file("token", "second-0123456789abcdef\nfirst-0123456789abcdef\n")
        try daemon.wait("the second token") { try code("second-0123456789abcdef") == 0 }
        #expect(try code("first-0123456789abcdef") == 0)
        _ = try daemon.file("token", "second-0123456789abcdef\n")
        kill(daemon.pid, SIGHUP)
        try daemon.wait("the end of the first token") { try code("first-0123456789abcdef") == 16 }
        _ = try daemon.file("token", "short\n")
        try daemon.wait("a line of the log") { daemon.log.contains("what they said before still holds") }
        #expect(daemon.log.contains("at least 16 characters"))
        #expect(try code("second-0123456789abcdef") == 0)
    }

    @Test("what cannot be a door does not start, and says what would mend it")
    func refused() throws {
        let daemon = try DaemonProcess(slow)
        let token = try daemon.file("token", "0123456789abcdef")
        let open = try daemon.file("open", "0123456789abcdef")
        chmod(open, 0o644)
        let short = try daemon.file("short", "0123456789abcde")
        let cases: [([String], Int32, String)] = [
            (["--listen", "tcp://0.0.0.0:0"], 2, "without TLS only loopback"),
            (["--listen", "0.0.0.0:7420"], 2, "tls://0.0.0.0:7420 with --tls-cert"),
            (["--listen", "tcp://127.0.0.1.example.com:0"], 2, "without TLS only loopback"),
            (["--listen", "ftp://127.0.0.1:1"], 2, "write unix:PATH, tcp://HOST:PORT or tls://HOST:PORT"),
            (["--listen", "tcp://127.0.0.1:65536"], 2, "write unix:PATH"),
            (["--listen", "tls://127.0.0.1:0"], 1, "needs a certificate and its key"),
            (["--allow", "token:\(token)=root"], 2, "the roles are ingest, read and admin"),
            (["--allow", "shop=ingest"], 2, "write user:NAME=ROLES"),
            (["--allow", "user:nobody-at-all=ingest"], 1, "there is no user nobody-at-all"),
            (["--allow", "token:\(token)=read"], 2, "--allow token: is of tcp:// and tls://"),
            (["--tls-cert", token, "--tls-key", token], 2, "are of tls://"),
            (["--socket-mode", "0999"], 1, "is no mode of a file"),
            (["--listen", "tcp://127.0.0.1:0", "--allow", "token:\(open)=read"], 1, "chmod 600"),
            (["--listen", "tcp://127.0.0.1:0", "--allow", "token:\(short)=read"], 1, "at least 16 characters"),
            (["--listen", "tcp://127.0.0.1:0", "--allow", "token:/nowhere=read"], 1, "/nowhere cannot be read"),
        ]
        for (arguments, status, text) in cases {
            let output = try DaemonProcess.run(["serve", "--data", daemon.data, "--socket", daemon.socket] + arguments)
            #expect(output.status == status, "\(arguments): \(output.status) \(output.err)")
            #expect(output.err.contains(text), "\(arguments): \(output.err)")
        }
        // A door that knows nobody is told of, and answers probes alone.
        try daemon.start("--listen", "127.0.0.1:0")
        #expect(daemon.said.contains("warning: nobody has a role at 127.0.0.1:"))
        let port = try #require(daemon.ports.first)
        #expect(try Wire(port: port).call("Health", "Check", []).code == 0)
        #expect(try Wire(port: port).call("Users", "Get", Wire.text(1, "u")).code == 16)
    }

    @Test("a socket lets in whom its settings name, before a frame is read; others are told of at a bounded rate")
    func users() throws {
        try #require(geteuid() == 0, "needs root, to be somebody else")
        let daemon = try DaemonProcess(slow)
        chmod(daemon.folder.path, 0o755)
        let script = try daemon.file("ask.py", Self.ask)
        chmod(script, 0o644)
        let other = daemon.folder.appending(path: "t").path
        func asked(_ user: String, group: String = "nogroup", groups: String? = nil, at path: String? = nil) throws
            -> String
        {
            let command = ["/usr/bin/python3", script, path ?? daemon.socket]
            return try Self.asOther(user, group: group, groups: groups, command).trimmingCharacters(in: .newlines)
        }
        try daemon.start()
        #expect(try asked("nobody") == "no permission")
        #expect(daemon.stop() == 0)

        // Who may open the file is not let in for that.
        try daemon.start(arguments: [
            "--socket-mode", "0666", "--allow", "user:daemon=ingest", "--allow", "group:games=read",
        ])
        for _ in 0..<30 { #expect(try asked("nobody") == "closed") }
        #expect(daemon.log.split(separator: "\n").count { $0.contains("may not speak here") } == 10)
        #expect(try asked("daemon") == "code 3")
        #expect(try asked("nobody", group: "games") == "code 7")
        #expect(try asked("nobody", groups: "games") == "code 7")
        #expect(try daemon.run("health").status == 0)
        #expect(try daemon.run("campaigns").status == 0)
        #expect(daemon.stop() == 0)

        let configuration = try daemon.file(
            "triggerd.yaml",
            """
            listen:
              - address: unix:\(other)
                mode: 0660
                owner: daemon
                group: games
                roles: [ingest]
                allow:
                  - {group: games}
                  - {user: nobody, roles: [read, ingest]}
            """
        )
        try daemon.start("--config", configuration)
        var status = stat()
        #expect(stat(other, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o660)
        #expect(status.st_uid == getpwnam("daemon").pointee.pw_uid)
        #expect(status.st_gid == getgrnam("games").pointee.gr_gid)
        #expect(try asked("daemon", group: "games", at: other) == "code 3")
        // Not in the group, but the file is theirs.
        #expect(try asked("daemon", at: other) == "closed")
        // Root comes in, and has what the door gives.
        let refused = try DaemonProcess.run(["users", "get", "u", "--socket", other])
        #expect(refused.status == 1)
        #expect(refused.err.contains("needs the role read; this caller has ingest"), "\(refused.err)")
        #expect(try DaemonProcess.run(["track", "--user", "u", "--event", "x", "--socket", other]).status == 0)
    }

    @Test("the command line comes in by every door, and says what is missing")
    func commandLine() throws {
        let daemon = try DaemonProcess(slow)
        let token = try daemon.file("token", "0123456789abcdef\n")
        let wrong = try daemon.file("wrong", "0123456789abcdeg\n")
        try daemon.start("--listen", "tcp://127.0.0.1:0", "--allow", "token:\(token)=ingest")
        let address = "tcp://127.0.0.1:\(try #require(daemon.ports.first))"
        let track = ["track", "--user", "u", "--event", "x", "--address", address]
        #expect(try DaemonProcess.run(track + ["--token-file", token]).status == 0)
        #expect(try DaemonProcess.run(track, environment: ["TRIGGERD_TOKEN_FILE": token]).status == 0)
        #expect(try DaemonProcess.run(["health", "--address", address]).status == 0)
        #expect(try DaemonProcess.run(["health"], environment: ["TRIGGERD_ADDRESS": address]).status == 0)
        #expect(try DaemonProcess.run(["health", "--address", "unix:\(daemon.socket)"]).status == 0)
        let cases: [([String], Int32, String)] = [
            (track, 1, "--token-file FILE"),
            (track + ["--token-file", wrong], 1, "nobody here has the token that was sent"),
            (
                ["campaigns", "--address", address, "--token-file", token], 1,
                "needs the role admin; this caller has ingest"
            ),
            (track + ["--token-file", "/nowhere"], 1, "/nowhere cannot be read"),
            (track + ["--socket", daemon.socket], 2, "name one"),
            (track + ["--ca", token], 2, "--ca is of tls://HOST:PORT only"),
            (["health", "--address", "tls://127.0.0.1:1", "--cert", token], 2, "--cert and --key go together"),
            (["health", "--address", "tcp://10.0.0.1:1", "--token-file", token], 2, "everybody on the way"),
            (["health", "--address", "nowhere"], 2, "write unix:PATH, tcp://HOST:PORT or tls://HOST:PORT"),
            (["health", "--address", "tcp://127.0.0.1:1"], 1, "no daemon answers at tcp://127.0.0.1:1"),
        ]
        for (arguments, status, text) in cases {
            let output = try DaemonProcess.run(arguments)
            #expect(output.status == status, "\(arguments): \(output.status) \(output.err)")
            #expect(output.err.contains(text), "\(arguments): \(output.err)")
        }
    }
}
