import Foundation
import Testing

/// The push channel in the built daemon, against a push server of its own (HTTP/2).
@Suite(.serialized)
struct PushLaneTests {
    private static let campaign = """
        campaign: c
        trigger: {type: custom_event, event: e}
        re_eligibility: {after: 0s}
        messages: [{channel: push, title: Hi}]
        """

    private static func register(_ daemon: DaemonProcess, _ tokens: [(user: String, token: String)]) throws {
        let items = tokens.map {
            #"{"user": "\#($0.user)", "type": "custom_event", "event": "e", "set": {"push_tokens": ["\#($0.token)"]}}"#
        }
        let tracked = try daemon.run("track", "-", input: items.joined(separator: "\n") + "\n")
        #expect(tracked.status == 0, "\(tracked.err)")
    }

    private static func tokens(_ daemon: DaemonProcess, _ user: String) throws -> [String] {
        let profile = try daemon.run("users", "get", user, "--json").json.first?["profile"] as? [String: Any]
        return profile?["push_tokens"] as? [String] ?? []
    }

    @Test("a wrong push.apns_url costs no token: health names it, messages are kept, and go once it is right")
    func wrongEnvironment() throws {
        let daemon = try DaemonProcess(Self.campaign)
        let wrong = daemon.folder.appending(path: "wrong")
        try Data().write(to: wrong)
        let server = try PushServices(["--while", wrong.path])
        try daemon.start(arguments: server.settings(in: daemon.folder))
        let users = (1...50).map { (user: "u\($0)", token: "apns:\($0)~400~reason=BadDeviceToken~while") }
        try Self.register(daemon, users)
        try daemon.wait("health") {
            let health = try daemon.run("health").out
            return health.contains("degraded: push (apns)") && health.contains("push.apns_url")
        }
        for (user, token) in users { #expect(try Self.tokens(daemon, user) == [token]) }
        #expect(try daemon.run("failed", "--json").json.isEmpty)

        try FileManager.default.removeItem(at: wrong)
        try daemon.wait("every message") {
            try daemon.run("health").out == "serving\n"
                && users.allSatisfy { try daemon.codes($0.user).first == "delivered" }
        }
        // By now Apple's word is taken.
        try Data().write(to: wrong)
        try Self.register(daemon, [users[0]])
        try daemon.wait("its end") { try daemon.codes("u1").first == "provider_rejected" }
        #expect(try Self.tokens(daemon, "u1").isEmpty)
        #expect(daemon.stop() == 0)
    }

    @Test("Apple's 410 counts against the profile that had the token by then, and against no later one")
    func olderThanTheToken() throws {
        let daemon = try DaemonProcess(Self.campaign)
        let server = try PushServices([])
        try daemon.start(arguments: server.settings(in: daemon.folder))
        let (now, day) = (Int(Date().timeIntervalSince1970 * 1_000), 86_400_000)
        let young = "apns:y~410~reason=Unregistered~gone=\(now - day)"
        let old = "apns:o~410~reason=Unregistered~gone=\(now + day)"
        try Self.register(daemon, [("young", young), ("old", old)])
        try daemon.wait("the old one's end") { try daemon.codes("old").first == "provider_rejected" }
        #expect(try Self.tokens(daemon, "old").isEmpty)
        try daemon.wait("another try") { try daemon.codes("young").count { $0 == "deferred_provider" } >= 1 }
        #expect(try Self.tokens(daemon, "young") == [young])
        let exported = try daemon.run("users", "export", "young").json
        let state = exported.first { $0["kind"] as? String == "user" }?["state"] as? [String: Any]
        #expect((state?["push_tokens_since"] as? [String])?.count == 1)

        // Told late: the device had it two days ago, and gave it up yesterday.
        let late = "apns:l~410~reason=Unregistered~gone=\(now - day)"
        let item =
            #"{"user": "late", "type": "attributes", "at": "\#(Self.iso(now - 2 * day))", "#
            + #""set": {"push_tokens": ["\#(late)"]}}"#
        #expect(try daemon.run("track", "-", input: item + "\n").status == 0)
        try Self.register(daemon, [("late", late)])
        try daemon.wait("the late one's end") { try daemon.codes("late").first == "provider_rejected" }
        #expect(try Self.tokens(daemon, "late").isEmpty)
        #expect(daemon.stop() == 0)
    }

    @Test("profiles full of invented tokens hold up nobody, and count once each")
    func inventedTokens() throws {
        let daemon = try DaemonProcess(Self.campaign)
        let server = try PushServices([])
        try daemon.start(arguments: server.settings(in: daemon.folder))
        try Self.register(daemon, [("first", "apns:first")])
        try daemon.wait("the first") { try daemon.codes("first").first == "delivered" }
        let evil = (1...30).map { user in
            let tokens = (1...12).map { #""apns:\#(user)x\#($0)~400~reason=BadDeviceToken""# }.joined(separator: ", ")
            return
                #"{"user": "evil\#(user)", "type": "custom_event", "event": "e", "set": {"push_tokens": [\#(tokens)]}}"#
        }
        #expect(try daemon.run("track", "-", input: evil.joined(separator: "\n") + "\n").status == 0)
        try daemon.wait("health") { try daemon.run("health").out.contains("degraded: push (apns)") }
        let good = (1...5).map { (user: "good\($0)", token: "apns:good\($0)") }
        try Self.register(daemon, good)
        try daemon.wait("the good ones") { try good.allSatisfy { try daemon.codes($0.user).first == "delivered" } }
        #expect(daemon.stop() == 0)
    }

    @Test("a start of the daemon takes no token more")
    func start() throws {
        let daemon = try DaemonProcess(Self.campaign)
        let server = try PushServices([])
        try daemon.start(arguments: server.settings(in: daemon.folder))
        let users = (1...60).map { (user: "u\($0)", token: "apns:\($0)~410~reason=Unregistered") }
        try Self.register(daemon, users)
        let kept = { try users.count { try !Self.tokens(daemon, $0.user).isEmpty } }
        for _ in 1...2 {
            try daemon.wait("health") { try daemon.run("health").out.contains("degraded: push (apns)") }
            #expect(try kept() == 11)
            #expect(daemon.stop() == 0)
            try daemon.start(arguments: server.settings(in: daemon.folder))
        }
        try daemon.wait("health") { try daemon.run("health").out.contains("degraded: push (apns)") }
        #expect(try kept() == 11)
        #expect(daemon.stop() == 0)
    }

    private static func iso(_ milliseconds: Int) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1_000).ISO8601Format()
    }
}

/// The push services of PushTests, in a process of their own, which ends with this value.
private final class PushServices {
    private struct Hello: Decodable {
        var port: Int?
        var missing: String?
        var apnsKey: String?
    }

    private let process = Process()
    /// It ends when this is closed.
    private let input = Pipe()
    private let hello: Hello

    init(_ arguments: [String]) throws {
        let script = StrangerTests.root.appending(path: "Tests/PushTests/Fixtures/push_server.py").path
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [script] + arguments
        let python = StrangerTests.root.appending(path: ".build/python").path
        process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONPATH": python]) { $1 }
        let output = Pipe()
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        var line = Data()
        while !line.contains(UInt8(ascii: "\n")) {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { break }
            line += more
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        hello = try decoder.decode(Hello.self, from: line)
        // What it prints of each request is not looked at.
        output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
        guard hello.port != nil else { throw NoServer(missing: hello.missing ?? "") }
    }

    struct NoServer: Error {
        let missing: String
    }

    /// Apple's alone, with the key in a file of that folder.
    func settings(in folder: URL) throws -> [String] {
        let key = folder.appending(path: "apns.p8")
        try Data((hello.apnsKey ?? "").utf8).write(to: key)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key.path)
        return [
            "apns_key_file=\(key.path)", "apns_key_id=ABCDE12345", "apns_team_id=TEAM123456",
            "apns_topic=com.example.shop", "apns_url=http://localhost:\(hello.port ?? 0)",
        ]
        .flatMap { ["--set", "push.\($0)"] }
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
