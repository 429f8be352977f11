import Foundation
import Testing

/// The configuration file: its limits hold, and what is wrong in it is told whole.
@Suite(.serialized)
struct ConfigurationTests {
    @Test("limits of the file hold, each at it and beyond it")
    func limits() throws {
        let daemon = try DaemonProcess(slow)
        let file = try daemon.file(
            "triggerd.yaml",
            """
            limits:
              connections: 8
              connections_of_client: 4
              calls_of_connection: 2
              frame_bytes: 65536
              metadata_pairs: 3
              metadata_bytes: 1024
              items_of_request: 3
              frame_time: 1s
            """
        )
        try daemon.start("--config", file)
        func items(_ count: Int) -> [UInt8] {
            (0..<count).flatMap { Wire.field(1, Wire.item(user: "u", id: "i\($0)", event: "x")) }
        }
        let wire = try Wire(daemon.socket)
        #expect(try wire.call("Events", "Track", items(3)).code == 0)
        let many = try wire.call("Events", "Track", items(4))
        #expect(many.code == 3 && many.text.contains("more than the 3"), "\(many)")
        let large = try wire.call("Events", "Track", [UInt8](repeating: 0, count: 65_536))
        #expect(large.code == 8 && large.text.hasSuffix("maximum message size of 65536"), "\(large)")
        let pairs = (0..<3).map { _ in ("k", "v") }
        #expect(try wire.call("Health", "Check", [], metadata: pairs).code == 0)
        #expect(try wire.call("Health", "Check", [], metadata: pairs + [("k", "v")]).code == 8)
        #expect(try wire.call("Health", "Check", [], metadata: [("k", String(repeating: "v", count: 1_025))]).code == 8)
        // A begun frame; its connection is closed after a second, and the others are not.
        let begun = try Wire(daemon.socket)
        try begun.send([0, 0, 1, 0])
        #expect(begun.isClosed)
        #expect(try wire.call("Health", "Check", []).code == 0)
        // Of one process four: the longest idle goes.
        let more = try (0..<4).map { _ in
            let wire = try Wire(daemon.socket)
            #expect(try wire.call("Health", "Check", []).code == 0)
            return wire
        }
        #expect(wire.isClosed)
        for wire in more { #expect(try wire.call("Health", "Check", []).code == 0) }
        #expect(daemon.stop() == 0)
    }

    @Test("every fault of the file is told, with its line, and nothing is begun")
    func faults() throws {
        let daemon = try DaemonProcess(slow)
        let cases: [(String, [String])] = [
            (
                "listen:\n  - {adress: unix:/x}\n  - {address: tcp://127.0.0.1:0, rols: [read]}\nlimit: {}\n",
                ["did you mean `address`?", "did you mean `roles`?", "did you mean `limits`?", ":2:", ":3:", ":4:"]
            ),
            ("listen: [{address: tcp://127.0.0.1:0, roles: [root]}]\n", ["\"root\" is none of ingest, read, admin"]),
            (
                "listen: [{address: tcp://10.0.0.1:1}]\n",
                ["listen[0]: without TLS only loopback is served: write tls://10.0.0.1:1"]
            ),
            ("listen: [{address: tcp://127.0.0.1:1, mode: 0600}]\n", ["mode, owner and group are of unix: only"]),
            ("listen: [{address: tcp://127.0.0.1:1, client_ca: /x}]\n", ["certificates are of tls:// only"]),
            ("listen: [{address: \"unix:@x\", mode: 0600}]\n", ["an abstract socket has no file"]),
            ("listen: [{address: tls://127.0.0.1:1}]\n", ["needs a certificate and its key"]),
            (
                "listen: [{address: tcp://127.0.0.1:1, allow: [{user: root}, {}]}]\n",
                ["one of `user`, `group`, `certificate`, `token_file` is required"]
            ),
            ("listen: [{address: tcp://127.0.0.1:1, allow: [{user: root}]}]\n", ["nobody comes in there by user"]),
            ("listen: [{address: tcp://127.0.0.1:1, allow: [{token_file: /x}]}]\n", ["token_file /x has no roles"]),
            (
                "limits: {connections: 0, idle_time: 0s, frame_bytes: 4194305}\n",
                [
                    "limits.connections: 0 is no number within 1 and", "limits.idle_time: 0s",
                    "limits.frame_bytes: 4194305",
                ]
            ),
            ("limits: {connection: 5}\n", ["did you mean `connections`?"]),
            ("limits: [\n", ["triggerd.yaml"]),
        ]
        for (text, said) in cases {
            let file = try daemon.file("triggerd.yaml", text)
            let output = try DaemonProcess.run(
                ["serve", "--data", daemon.data, "--socket", daemon.socket, "--config", file]
            )
            #expect(output.status == 1, "\(text): \(output.status) \(output.out)")
            for part in said { #expect(output.err.contains(part), "\(text): \(output.err)") }
        }
        #expect(!FileManager.default.fileExists(atPath: daemon.data))
        // Whoever may change the file opens doors.
        let file = try daemon.file("triggerd.yaml", "limits: {connections: 5}\n")
        chmod(file, 0o666)
        let open = try DaemonProcess.run(["serve", "--data", daemon.data, "--config", file, "--socket", daemon.socket])
        #expect(open.status == 1 && open.err.contains("chmod go-w"), "\(open.err)")
    }

    @Test("over TLS, too, a client that never reads is closed in time, and others are answered meanwhile")
    func stall() throws {
        let daemon = try DaemonProcess(slow)
        let ours = try Certificates(in: daemon)
        let server = try ours.sign("server", for: "DNS:localhost")
        let token = try daemon.file("token", "0123456789abcdef")
        let file = try daemon.file("triggerd.yaml", "limits: {write_stall_time: 1s}\n")
        let script = try daemon.file(
            "never.py",
            """
            import socket, ssl, sys, time
            context = ssl.create_default_context(cafile=sys.argv[2])
            made = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost")
            def field(number, data): return bytes([number << 3 | 2, len(data)]) + data
            body = field(1, b"triggerd.v1.Plugins") + field(2, b"List")
            body += field(5, field(1, b"authorization") + field(2, b"Bearer 0123456789abcdef"))
            calls = b"".join(
                len(body).to_bytes(4, "big") + (n * 2 + 1).to_bytes(4, "big") + bytes([1, 0]) + body for n in range(200)
            )
            made.settimeout(20)
            try:
                while True:
                    made.sendall(calls)
            except TimeoutError:
                print("never closed")
            except OSError:
                print("closed")
            """
        )
        try daemon.start(
            "--config",
            file,
            "--listen",
            "tls://127.0.0.1:0",
            "--tls-cert",
            server.certificate,
            "--tls-key",
            server.key,
            "--allow",
            "token:\(token)=admin"
        )
        let port = try #require(daemon.ports.first)
        let said = Lines()
        let never = BackgroundThread {
            let out = try StrangerTests.tool(["/usr/bin/python3", script, "\(port)", ours.authority]).out
            said.add(Wire.Answer(stream: 0, code: 0, text: out, payload: []))
        }
        try daemon.wait("its end") {
            let health = try daemon.run("health")
            #expect(health.status == 0)
            return daemon.log.contains("did not read its replies")
        }
        try never.join()
        #expect(said.all.map(\.text) == ["closed\n"])
        #expect(daemon.stop() == 0)
    }
}
