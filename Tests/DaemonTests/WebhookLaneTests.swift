import Foundation
import Testing

/// Several providers behind one channel, with the built daemon and the webhook channel that comes with it.
@Suite(.serialized)
struct WebhookLaneTests {
    private static let secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

    @Test("a receiver that hangs holds up no other; no output of the run holds the secret")
    func hangs() throws {
        let receiver = Process()
        receiver.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        receiver.arguments = [
            "python3", StrangerTests.fixtures.appending(path: "receiver.py").path, Self.secret,
        ]
        let (output, input) = (Pipe(), Pipe())
        (receiver.standardOutput, receiver.standardInput) = (output, input)
        try receiver.run()
        defer {
            try? input.fileHandleForWriting.close()
            receiver.waitUntilExit()
        }
        var printed = ""
        func lines() -> [String] { printed.split(separator: "\n").map(String.init) }
        func readOn() { printed += String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) }
        readOn()
        let healthy = try #require(lines().first)
        let hanging = try HangingServer()

        let daemon = try DaemonProcess(
            """
            campaign: c
            trigger: {type: custom_event, event: e}
            re_eligibility: {after: 0s}
            messages: [{channel: webhook, url: "http://127.0.0.1:{{ event.port }}/", data: {text: "{{ event.text }}"}}]
            """
        )
        try daemon.start(
            arguments: ["--set", "webhook.allow_local=true"],
            environment: ["TRIGGERD_WEBHOOK_SECRET": Self.secret]
        )
        func events(_ range: Range<Int>, to port: String) throws {
            let items = range.map {
                #"{"user": "u\#($0)", "type": "custom_event", "event": "e", "properties": {"port": \#(port), "text": "t\#($0)"}}"#
            }
            #expect(try daemon.run("track", "-", input: items.joined(separator: "\n")).status == 0)
        }
        try events(0..<400, to: String(hanging.port))
        let begin = Date()
        try events(1_000..<1_050, to: healthy)
        while lines().count < 51, Date().timeIntervalSince(begin) < 60 { readOn() }
        #expect(lines().count == 51)
        #expect(Date().timeIntervalSince(begin) < 10)
        #expect(lines().dropFirst().allSatisfy { $0.hasSuffix(" True") })
        try daemon.wait("its outcome") { try daemon.codes("u1049").first == "delivered" }
        #expect(try daemon.codes("u1").first == "scheduled")

        let said = try [
            ["explain", "u1049"], ["failed"], ["health", "--json"], ["plugins"], ["campaigns", "--json"],
        ]
        .map { try DaemonProcess.run($0, environment: ["TRIGGERD_SOCKET": daemon.socket]) }
        .map { $0.out + $0.err }.joined()
        let environment = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(daemon.pid)/environ"))
        #expect(daemon.stop() == 0)
        let secret = Self.secret.dropFirst(6)
        #expect(!said.contains(secret))
        #expect(environment.range(of: Data(secret.utf8)) == nil)
        let found = try StrangerTests.tool(["grep", "-rl", String(secret), daemon.folder.path])
        #expect(found.out.isEmpty, "\(found.out)")
    }

    @Test("a message that was never tried has no try, however it ended")
    func tries() throws {
        let daemon = try DaemonProcess(
            """
            campaign: c
            trigger: {type: custom_event, event: e}
            messages: [{channel: webhook, url: "http://127.0.0.1:1/"}]
            """
        )
        try daemon.start(
            arguments: ["--set", "webhook.give_up_after=2s"],
            environment: ["TRIGGERD_WEBHOOK_SECRET": Self.secret]
        )
        let items = (0..<40).map { #"{"user": "u\#($0)", "type": "custom_event", "event": "e"}"# }
        #expect(try daemon.run("track", "-", input: items.joined(separator: "\n")).status == 0)
        try daemon.wait("all are given up") { try daemon.run("failed", "--json").json.count == 40 }
        let failed = try daemon.run("failed", "--json").json
        for message in failed {
            let wasTried = message["attempts"] as? Int != 0
            #expect(wasTried != (message["reason"] as? String ?? "").hasPrefix("it could not be tried"), "\(message)")
        }
        #expect(failed.contains { $0["attempts"] as? Int == 0 })
        #expect(daemon.stop() == 0)
    }
}

/// Takes connections and never answers.
private final class HangingServer {
    private let socket: Int32
    let port: UInt16

    init() throws {
        socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = socket
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, size) == 0 && listen(socket, 512) == 0 && getsockname(socket, $0, &size) == 0
            }
        }
        guard isBound else { throw Wire.Broken() }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit {
        close(socket)
    }
}
