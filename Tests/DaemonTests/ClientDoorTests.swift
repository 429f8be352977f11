import Foundation
import Testing
import TriggerdClient

/// Every client at every door: a token over loopback, TLS with a token, TLS with a certificate of the client's; and a
/// daemon whose certificate nobody believes.
@Suite(.serialized)
struct ClientDoorTests {
    // Each program prints `taken`, or a code.

    private static let python = """
        import os, ssl, triggerd
        address, token, ca, cert, key = (os.environ[name] for name in "ADDRESS TOKEN CA CERT KEY".split())
        context = ssl.create_default_context(cafile=ca or None)
        if cert: context.load_cert_chain(cert, key)
        try:
            with triggerd.Client(address, token=token or None, ssl_context=context, timeout=5) as client:
                client.track(triggerd.event("u", "e"))
            print("taken")
        except triggerd.TriggerdError as error:
            print(error.code.name)
        """

    private static let node = """
        import fs from 'node:fs';
        import { Client, event } from 'triggerd';
        const { ADDRESS, TOKEN, CA, CERT, KEY } = process.env;
        const read = (file) => (file ? fs.readFileSync(file) : undefined);
        const tls = { ca: read(CA), cert: read(CERT), key: read(KEY) };
        const client = new Client(ADDRESS, { token: TOKEN || undefined, tls, timeout: 5_000 });
        console.log(await client.track(event('u', 'e')).then(() => 'taken', ({ codeName }) => codeName));
        client.close();
        """

    private static let go = """
        package main

        import (
            "context"
            "crypto/tls"
            "crypto/x509"
            "fmt"
            "os"
            "strings"

            "triggerd"
        )

        func main() {
            config := &tls.Config{}
            if file := os.Getenv("CA"); file != "" {
                pem, _ := os.ReadFile(file)
                config.RootCAs = x509.NewCertPool()
                config.RootCAs.AppendCertsFromPEM(pem)
            }
            if pair, err := tls.LoadX509KeyPair(os.Getenv("CERT"), os.Getenv("KEY")); err == nil {
                config.Certificates = []tls.Certificate{pair}
            }
            client, err := triggerd.New(os.Getenv("ADDRESS"), triggerd.Options{Token: os.Getenv("TOKEN"), TLS: config})
            if err != nil {
                panic(err)
            }
            if _, err := client.Track(context.Background(), triggerd.Event("u", "e", nil)); err != nil {
                fmt.Println(strings.ToUpper(triggerd.Code(err).String()))
                return
            }
            fmt.Println("taken")
        }
        """

    private static let c = """
        #include <stdio.h>
        #include <stdlib.h>
        #include <triggerd.h>

        static const char *of(const char *name) {
            const char *text = getenv(name);
            return text && *text ? text : NULL;
        }

        int main(void) {
            triggerd_error error = {0};
            triggerd_options options = {.token = of("TOKEN"), .ca_file = of("CA"), .certificate_file = of("CERT"),
                                        .key_file = of("KEY"), .timeout_ms = 5000};
            triggerd_client *client = triggerd_open(of("ADDRESS"), &options, &error);
            Triggerd__V1__Item *item = triggerd_event("u", "e");
            Triggerd__V1__TrackReply *reply = triggerd_track(client, &item, 1, &error);
            if (reply) printf("taken\\n");
            else printf("%d\\n", error.code);
            triggerd_free(reply);
            triggerd_item_free(item);
            triggerd_close(client);
        }
        """

    /// Of a daemon's doors, what a client is told of one.
    private struct Door {
        var address: String
        var token = ""
        var authority = ""
        var identity: (certificate: String, key: String)?
        var isServed = true

        var environment: [String: String] {
            [
                "ADDRESS": address, "TOKEN": token, "CA": authority, "CERT": identity?.certificate ?? "",
                "KEY": identity?.key ?? "",
            ]
        }
    }

    private static func doors(_ daemon: DaemonProcess) throws -> [Door] {
        let (ours, others) = (try Certificates(in: daemon), try Certificates(in: daemon, "others"))
        let server = try ours.sign("server", for: "DNS:localhost,IP:127.0.0.1")
        let shop = try ours.sign("shop", for: "DNS:shop.internal")
        let token = "0123456789abcdef"
        try daemon.start(arguments: [
            "--listen", "tcp://127.0.0.1:0", "--listen", "tls://127.0.0.1:0", "--tls-cert", server.certificate,
            "--tls-key", server.key, "--tls-client-ca", ours.authority, "--allow",
            "token:\(try daemon.file("token", token))=ingest", "--allow", "cert:shop.internal=ingest",
        ])
        let (tcp, tls) = (daemon.ports[0], daemon.ports[1])
        return [
            Door(address: "tcp://127.0.0.1:\(tcp)", token: token),
            Door(address: "tcp://127.0.0.1:\(tcp)", token: "another-0123456789", isServed: false),
            Door(address: "tls://localhost:\(tls)", token: token, authority: ours.authority),
            Door(address: "tls://127.0.0.1:\(tls)", authority: ours.authority, identity: shop),
            Door(address: "tls://localhost:\(tls)", token: token, authority: others.authority, isServed: false),
        ]
    }

    private static func expect(_ doors: [Door], _ program: [String], _ environment: [String: String] = [:]) throws {
        for door in doors {
            let out = try ClientTests.run(program, environment.merging(door.environment) { $1 })
            let isTaken = out == "taken\n"
            #expect(isTaken == door.isServed, "\(program[0]) at \(door.address): \(out)")
        }
    }

    @Test("Python, Node, Go, C and Swift at every door")
    func all() async throws {
        let daemon = try DaemonProcess()
        let doors = try Self.doors(daemon)
        let clients = ClientTests.clients

        try Self.expect(
            doors,
            ["/usr/bin/python3", "-c", Self.python],
            ["PYTHONPATH": clients.appending(path: "python").path, "PYTHONDONTWRITEBYTECODE": "1"]
        )
        try Self.expect(
            doors,
            ["-C", clients.appending(path: "node").path, "node", "--input-type=module", "--eval", Self.node]
        )
        try ClientTests.withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/src", withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/src/triggerd",
                withDestinationPath: clients.appending(path: "go").path
            )
            let tabbed = Self.go.replacingOccurrences(of: "    ", with: "\t")
            try Data(tabbed.utf8).write(to: URL(fileURLWithPath: folder + "/main.go"))
            let cache = StrangerTests.root.appending(path: ".build/go").path
            _ = try ClientTests.run(
                ["go", "build", "-o", folder + "/go-client", folder + "/main.go"],
                ["GO111MODULE": "off", "GOPATH": folder + ":/usr/share/gocode", "GOCACHE": cache]
            )
            try Self.expect(doors, [folder + "/go-client"])
            try Self.expect(doors, [try ClientTests.cProgram(Self.c, in: folder)])
        }
        for door in doors { try await Self.expectSwift(door) }
    }

    private static func expectSwift(_ door: Door) async throws {
        func read(_ file: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: file))) }
        var options = DaemonClient.Options()
        options.token = door.token.isEmpty ? nil : door.token
        options.timeout = .seconds(5)
        options.tls = try DaemonTLS(
            authorities: door.authority.isEmpty ? nil : try read(door.authority),
            identity: door.identity.map { (try read($0.certificate), try read($0.key)) }
        )
        let client = try DaemonClient(door.address, options: options)
        do throws(DaemonError) {
            _ = try await client.track(.event("u", "e"))
            #expect(door.isServed, "\(door.address)")
        } catch {
            #expect(!door.isServed && error.code != .unavailable, "\(door.address): \(error)")
        }
        await client.close()
    }
}
