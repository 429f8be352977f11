import Foundation
import Testing

/// A mail server that refuses everybody, for reasons that are not the users'.
@Suite(.serialized)
struct MailRefusalTests {
    private static let campaign = """
        campaign: c
        trigger: {type: custom_event, event: e}
        re_eligibility: {after: 0s}
        messages: [{channel: email, subject: Hi, body: Hello}]
        """

    private func track(_ count: Int, _ daemon: DaemonProcess, _ name: String = "u") throws -> [String] {
        let users = (0..<count).map { "\(name)\($0)" }
        let items = users.map {
            #"{"user": "\#($0)", "set": {"email": "\#($0)@example.com"}, "type": "custom_event", "event": "e"}"#
        }
        let run = try daemon.run("track", "-", input: items.joined(separator: "\n") + "\n")
        #expect(run.status == 0, "\(run.err)")
        return users
    }

    private func bounced(_ users: [String], _ daemon: DaemonProcess) throws -> [String] {
        try users.filter { try daemon.run("users", "get", $0, "--json").out.contains("hard_bounced") }
    }

    private func delivered(_ users: [String], _ daemon: DaemonProcess) throws -> Int {
        try users.filter { try daemon.codes($0).first == "delivered" }.count
    }

    @Test(
        "what concerns the channel costs nobody an address: it rests, says why, and goes on",
        arguments: [
            "550 relay not permitted", "550 5.7.1 Client host blocked", "550 SPF check failed",
            "550 rejected by policy", "504 5.5.2 <box>: Helo command rejected: need fully-qualified hostname",
        ]
    )
    func channel(reply: String) throws {
        let server = try ScriptedMailServer(["rcpt": reply])
        let daemon = try DaemonProcess(Self.campaign)
        try daemon.start("--set", "email.url=smtp://127.0.0.1:\(server.port)")
        let users = try track(7, daemon)
        try daemon.wait("health") { try daemon.run("health").out.contains("degraded: email: \(reply)") }
        #expect(try bounced(users, daemon).isEmpty)
        #expect(try daemon.run("failed", "--json").json.isEmpty)
        server.stop()
        let mended = try ScriptedMailServer(["port": server.port])
        try daemon.wait("all of them") { try delivered(users, daemon) == 7 }
        #expect(try daemon.run("health").out == "serving\n")
        mended.stop()
    }

    @Test("addresses that are all called dead stop the line, and those lost before come back with redrive")
    func deaths() throws {
        let server = try ScriptedMailServer(["rcpt": "550 5.1.1 No such user"])
        let daemon = try DaemonProcess(Self.campaign)
        try daemon.start("--set", "email.url=smtp://127.0.0.1:\(server.port)")
        let users = try track(30, daemon)
        try daemon.wait("health") { try daemon.run("health").out.contains("degraded: email: 5 addresses and more") }
        #expect(try daemon.run("health").out.contains("550 5.1.1 No such user"))
        server.stop()
        let mended = try ScriptedMailServer(["port": server.port])
        try daemon.wait("those that were kept") { try delivered(users, daemon) == 26 }
        #expect(try bounced(users, daemon).count == 4)
        let run = try daemon.run("redrive", "--all")
        #expect(run.out == "4 of 4 messages are sent again\n", "\(run.out)\(run.err)")
        try daemon.wait("the others") { try delivered(users, daemon) == 30 }
        #expect(try bounced(users, daemon).isEmpty)
        mended.stop()
    }

    @Test("good users stand behind no list of dead addresses")
    func listOfDead() throws {
        let server = try ScriptedMailServer(["nobody": "dead"])
        let daemon = try DaemonProcess(Self.campaign)
        try daemon.start("--set", "email.url=smtp://127.0.0.1:\(server.port)")
        let dead = try track(60, daemon, "dead")
        try daemon.wait("health") { try daemon.run("health").out.contains("degraded: email: 5 addresses and more") }
        let good = try track(5, daemon, "good")
        try daemon.wait("the good ones") { try delivered(good, daemon) == 5 }
        #expect(try daemon.run("health").out == "serving\n" || bounced(dead, daemon).count < 60)
        server.stop()
    }

    @Test("a start of the daemon costs no address more")
    func start() throws {
        let server = try ScriptedMailServer(["rcpt": "550 5.1.1 No such user"])
        let daemon = try DaemonProcess(Self.campaign)
        try daemon.start("--set", "email.url=smtp://127.0.0.1:\(server.port)")
        var users = try track(12, daemon)
        for start in 1...2 {
            try daemon.wait("health") { try daemon.run("health").out.contains("5 addresses and more") }
            #expect(daemon.stop() == 0)
            try daemon.start("--set", "email.url=smtp://127.0.0.1:\(server.port)")
            users += try track(6, daemon, "after\(start)-")
        }
        try daemon.wait("health") { try daemon.run("health").out.contains("5 addresses and more") }
        try daemon.wait("a try of each") {
            try users.allSatisfy { try !daemon.codes($0).isEmpty && daemon.codes($0).first != "scheduled" }
        }
        #expect(try bounced(users, daemon).count == 4)
        server.stop()
    }

    @Test("one address that nobody has is dead at once")
    func dead() throws {
        let server = try ScriptedMailServer(["rcpt": "550 No such user here"])
        let daemon = try DaemonProcess(Self.campaign)
        try daemon.start("--set", "email.url=smtp://127.0.0.1:\(server.port)")
        let users = try track(1, daemon)
        try daemon.wait("its end") { try daemon.codes("u0").first == "provider_rejected" }
        #expect(try bounced(users, daemon) == users)
        server.stop()
    }

    @Test("a letter whose answer never comes is sent a few times, and health counts it")
    func unknown() throws {
        let server = try ScriptedMailServer(["content": "drop"])
        let daemon = try DaemonProcess(Self.campaign)
        try daemon.start("--set", "email.url=smtp://127.0.0.1:\(server.port)")
        _ = try track(1, daemon)
        try daemon.wait("health") { try daemon.run("health").out.contains("unknown: email: of 1 tries nobody knows") }
        let why = try daemon.run("explain", "u0").out
        #expect(why.contains("the connection broke between the letter's end and the server's answer"), "\(why)")
        let health = try daemon.run("health", "--json").json.first?["unknown_outcomes"] as? [[String: Any]]
        #expect(health?.first?["count"] as? Int == 1)
        server.stop()
    }
}

/// The tests' SMTP server that does what it is told (Tests/EmailTests/Fixtures).
final class ScriptedMailServer {
    let port: Int
    private let process = Process()
    private let input = Pipe()

    init(_ script: [String: Any]) throws {
        let file = StrangerTests.root.appending(path: "Tests/EmailTests/Fixtures/scripted_server.py")
        let text = String(decoding: try JSONSerialization.data(withJSONObject: script), as: UTF8.self)
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", file.path, text]
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let first = output.fileHandleForReading.availableData
        let object = try JSONSerialization.jsonObject(with: first) as? [String: Any]
        port = try #require(object?["port"] as? Int)
        // What it says beside would fill the pipe.
        output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
    }

    /// It ends with its standard input.
    func stop() {
        guard process.isRunning else { return }
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    deinit {
        if process.isRunning { process.terminate() }
    }
}
