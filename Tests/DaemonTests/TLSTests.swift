import Foundation
import Testing

/// The door of TLS, with certificates that openssl made.
@Suite(.serialized)
struct TLSTests {
    private static func start(_ daemon: DaemonProcess, _ more: [String]) throws -> (port: Int, address: String) {
        try daemon.start(arguments: ["--listen", "tls://127.0.0.1:0"] + more)
        let port = try #require(daemon.ports.first)
        return (port, "tls://localhost:\(port)")
    }

    @Test("a client's certificate says who it is; without one a token does; an error says what is wrong")
    func clients() throws {
        let daemon = try DaemonProcess(slow)
        let (ours, others) = (try Certificates(in: daemon), try Certificates(in: daemon, "others"))
        let server = try ours.sign("server", for: "DNS:localhost")
        let shop = try ours.sign("shop", for: "DNS:shop.internal,URI:spiffe://here/shop")
        let nobody = try ours.sign("nobody", for: "DNS:nobody.internal")
        let strange = try others.sign("shop", for: "DNS:shop.internal")
        let token = try daemon.file("token", "0123456789abcdef")
        let (port, address) = try Self.start(
            daemon,
            [
                "--tls-cert", server.certificate, "--tls-key", server.key, "--tls-client-ca", ours.authority,
                "--allow", "cert:spiffe://here/shop=ingest", "--allow", "token:\(token)=read",
            ]
        )
        func run(_ command: [String], ca: String? = nil, _ more: [String] = []) throws -> DaemonProcess.Output {
            try DaemonProcess.run(command + ["--address", address, "--ca", ca ?? ours.authority] + more)
        }
        let track = ["track", "--user", "u", "--event", "x"]
        let asShop = ["--cert", shop.certificate, "--key", shop.key]
        #expect(try run(["health"]).out == "serving\n")
        #expect(try run(track, asShop).status == 0)
        #expect(try run(["explain", "u"], ["--token-file", token]).status == 0)
        // A certificate and a token: both count.
        #expect(try run(["explain", "u"], asShop + ["--token-file", token]).status == 0)
        #expect(try run(track, asShop + ["--token-file", token]).status == 0)
        let environment = [
            "TRIGGERD_ADDRESS": address, "TRIGGERD_CA": ours.authority, "TRIGGERD_CERT": shop.certificate,
            "TRIGGERD_KEY": shop.key,
        ]
        #expect(try DaemonProcess.run(track, environment: environment).status == 0)

        let cases: [([String], String?, [String], String)] = [
            (["campaigns"], nil, asShop, "needs the role admin; this caller has ingest"),
            (track, nil, [], "connect with a client certificate, or send a token"),
            (track, nil, ["--cert", nobody.certificate, "--key", nobody.key], "this caller has no role"),
            (track, nil, ["--cert", strange.certificate, "--key", strange.key], "this certificate"),
            (track, nil, ["--cert", shop.certificate, "--key", server.key], "not the one of its certificate"),
            (["health"], others.authority, [], "signed by nobody who is believed here"),
            (["health"], token, [], "holds no certificate in PEM"),
        ]
        for (command, ca, more, text) in cases {
            let output = try run(command, ca: ca, more)
            #expect(output.status == 1, "\(command) \(more): \(output.out) \(output.err)")
            #expect(output.err.contains(text), "\(command) \(more): \(output.err)")
        }
        // The certificate is for localhost, and no address.
        let byAddress = ["health", "--address", "tls://127.0.0.1:\(port)", "--ca", ours.authority]
        #expect(try DaemonProcess.run(byAddress).err.contains("is for another host"))
        // Without --ca the system's authorities count.
        #expect(try DaemonProcess.run(["health", "--address", address]).err.contains("--ca FILE"))
        #expect(try DaemonProcess.run(["health", "--address", "tls://localhost:1"]).err.contains("no daemon answers"))
        // Who speaks no TLS is closed without an answer, and told of.
        let plain = try Wire(port: port)
        try plain.send(stream: 1, "triggerd.v1.Health", "Check", [])
        #expect(throws: Wire.Broken.self) { try plain.answer() }
        #expect(daemon.log.contains("a TLS handshake with"), "\(daemon.log)")
        #expect(daemon.stop() == 0)
    }

    @Test("a door that lets nobody in without a certificate; old versions of TLS are refused")
    func required() throws {
        let daemon = try DaemonProcess(slow)
        let ours = try Certificates(in: daemon)
        let server = try ours.sign("server", for: "DNS:localhost,IP:127.0.0.1", isRSA: true)
        let shop = try ours.sign("shop", for: "DNS:shop.internal")
        let file = try daemon.file(
            "triggerd.yaml",
            """
            listen:
              - address: tls://127.0.0.1:0
                certificates: [{certificate: \(server.certificate), key: \(server.key)}]
                client_ca: \(ours.authority)
                client_certificates: required
                roles: [ingest, read]
            """
        )
        try daemon.start("--config", file)
        let port = try #require(daemon.ports.first)
        let asked = ["--address", "tls://127.0.0.1:\(port)", "--ca", ours.authority]
        let known = asked + ["--cert", shop.certificate, "--key", shop.key]
        #expect(try DaemonProcess.run(["users", "get", "u"] + known).err.contains("u"))
        #expect(try DaemonProcess.run(["track", "--user", "u", "--event", "x"] + known).status == 0)
        #expect(try DaemonProcess.run(["campaigns"] + known).err.contains("this caller has ingest, read"))
        let bare = try DaemonProcess.run(["health"] + asked)
        #expect(bare.status == 1)
        #expect(bare.err.contains("asks for a client certificate"), "\(bare.err)")
        let old = try StrangerTests.tool([
            "sh", "-c", "openssl s_client -connect 127.0.0.1:\(port) -tls1_1 -cipher DEFAULT@SECLEVEL=0 </dev/null",
        ])
        #expect(old.status != 0)
        #expect(daemon.stop() == 0)
    }

    @Test("of several certificates a client gets the one for the host that it names; a changed one is shown at once")
    func identities() throws {
        let daemon = try DaemonProcess(slow)
        let ours = try Certificates(in: daemon)
        let first = try ours.sign("first", for: "DNS:a.example", isRSA: true)
        let second = try ours.sign("second", for: "DNS:b.example,DNS:*.c.example")
        let (port, _) = try Self.start(
            daemon,
            [
                "--tls-cert", first.certificate, "--tls-key", first.key, "--tls-cert", second.certificate,
                "--tls-key", second.key,
            ]
        )
        for (host, shown) in [
            ("a.example", "first"), ("b.example", "second"), ("B.Example", "second"), ("x.c.example", "second"),
            ("x.y.c.example", "first"), ("c.example", "first"), ("other.example", "first"),
        ] {
            #expect(try Certificates.shown(at: port, for: host) == "subject=CN=\(shown)", "\(host)")
        }
        // Half of a change leaves what was, until the other half has come.
        try ours.sign("third", for: "DNS:b.example")
        try FileManager.default.removeItem(atPath: second.certificate)
        try FileManager.default.copyItem(atPath: ours.path("third.pem"), toPath: second.certificate)
        try daemon.wait("a line of the log") { daemon.log.contains("is not the key of the certificate") }
        #expect(try Certificates.shown(at: port, for: "b.example") == "subject=CN=second")
        try FileManager.default.removeItem(atPath: second.key)
        try FileManager.default.copyItem(atPath: ours.path("third.key"), toPath: second.key)
        kill(daemon.pid, SIGHUP)
        try daemon.wait("the new certificate") {
            try Certificates.shown(at: port, for: "b.example") == "subject=CN=third"
        }
        #expect(daemon.log.contains("are read anew"))
        #expect(daemon.stop() == 0)
    }

    @Test("who does not agree on TLS in time is closed, and holds up nobody")
    func handshakes() throws {
        let daemon = try DaemonProcess(slow)
        let ours = try Certificates(in: daemon)
        let server = try ours.sign("server", for: "DNS:localhost")
        let file = try daemon.file("triggerd.yaml", "limits: {handshake_time: 1s}\n")
        let (port, address) = try Self.start(
            daemon,
            ["--config", file, "--tls-cert", server.certificate, "--tls-key", server.key]
        )
        let silent = try (0..<20).map { _ in try Wire(port: port) }
        let slow = try Wire(port: port)
        try slow.send([0x16, 3, 1])
        #expect(try DaemonProcess.run(["health", "--address", address, "--ca", ours.authority]).status == 0)
        for wire in silent + [slow] { #expect(wire.isClosed) }
        #expect(daemon.log.contains("a TLS handshake took too long"))
        #expect(daemon.stop() == 0)
    }

    @Test("what is wrong with the files of TLS is told before anything is served")
    func refused() throws {
        let daemon = try DaemonProcess(slow)
        let ours = try Certificates(in: daemon)
        let server = try ours.sign("server", for: "DNS:localhost")
        let other = try ours.sign("other", for: "DNS:localhost")
        let open = try ours.sign("open", for: "DNS:localhost")
        chmod(open.key, 0o644)
        let cases: [([String], Int32, String)] = [
            (["--tls-cert", server.certificate], 2, "each --tls-cert has its --tls-key"),
            (["--tls-cert", server.certificate, "--tls-key", other.key], 1, "is not the key of the certificate"),
            (["--tls-cert", server.key, "--tls-key", server.key], 1, "holds no certificate in PEM"),
            (["--tls-cert", server.certificate, "--tls-key", server.certificate], 1, "chmod 600"),
            (["--tls-cert", open.certificate, "--tls-key", open.key], 1, "chmod 600 \(open.key)"),
            (["--tls-cert", "/nowhere", "--tls-key", server.key], 1, "/nowhere cannot be read"),
            (
                ["--tls-cert", server.certificate, "--tls-key", server.key, "--allow", "cert:shop=read"], 2,
                "--allow cert: needs --listen tls:// and --tls-client-ca"
            ),
        ]
        for (arguments, status, text) in cases {
            let output = try DaemonProcess.run(
                ["serve", "--data", daemon.data, "--socket", daemon.socket, "--listen", "tls://127.0.0.1:0"] + arguments
            )
            #expect(output.status == status, "\(arguments): \(output.status) \(output.err)")
            #expect(output.err.contains(text), "\(arguments): \(output.err)")
        }
    }
}
