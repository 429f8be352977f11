import Foundation
import Testing

/// One user's webhooks to several receivers, with the built daemon: each receiver has an order of its own.
@Suite(.serialized)
struct ReceiverOrderTests {
    private static let secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

    private static func campaign(_ name: String, _ url: String) -> String {
        """
        campaign: \(name)
        trigger: {type: custom_event, event: \(name)}
        re_eligibility: {after: 0s}
        messages: [{channel: webhook, url: "\(url)"}]
        """
    }

    private static func start(_ daemon: DaemonProcess, _ arguments: [String] = []) throws {
        try daemon.start(arguments: arguments, environment: ["TRIGGERD_WEBHOOK_SECRET": secret])
    }

    private static func event(_ user: String, _ event: String, _ daemon: DaemonProcess) throws {
        let item = #"{"user": "\#(user)", "type": "custom_event", "event": "\#(event)"}"#
        #expect(try daemon.run("track", "-", input: item + "\n").status == 0)
    }

    private static func history(_ user: String, _ campaign: String, _ daemon: DaemonProcess) throws -> [[String: Any]] {
        try daemon.run("explain", user, campaign, "--json").json
    }

    private static func reason(_ decision: [String: Any]?) -> String {
        (decision?["why"] as? [String: Any])?["reason"] as? String ?? ""
    }

    @Test(
        "a URL that is gone and a receiver that is down hold up nothing else of the user's; what waits for them says so"
    )
    func order() throws {
        let receiver = try WebhookReceiver([Self.secret])
        let port = receiver.port
        let gone = "127.0.0.1:\(port)/gone~410"
        let daemon = try DaemonProcess(
            Self.campaign("gone", "http://\(gone)"),
            Self.campaign("down", "http://127.0.0.1:1/x"),
            Self.campaign("beside", "http://127.0.0.1:\(port)/beside"),
            Self.campaign("other", "http://localhost:\(port)/other")
        )
        try Self.start(daemon)
        for name in ["gone", "down"] {
            try Self.event("u", name, daemon)
            try daemon.wait("its first try") { try daemon.codes("u", name).first == "deferred_provider" }
            try Self.event("u", name, daemon)
        }
        for _ in 0..<3 {
            for name in ["beside", "other"] { try Self.event("u", name, daemon) }
        }
        for name in ["beside", "other"] {
            try daemon.wait("its outcomes") {
                try daemon.codes("u", name).count { $0 == "delivered" } == 3
            }
        }
        let held = try Self.history("u", "gone", daemon)
        #expect(held.first?["decision"] as? String == "deferred_provider")
        let reason = "an earlier message of the user's to \(gone) has no outcome yet: the receiver answered 410"
        #expect(Self.reason(held.first) == reason)
        #expect(try Self.reason(Self.history("u", "down", daemon).first).contains("to 127.0.0.1:1 has no outcome yet"))
        // Of the second message to the URL nobody was asked.
        try Self.event("v", "gone", daemon)
        try daemon.wait("its lane") {
            try Self.reason(Self.history("v", "gone", daemon).first).contains("answered 410 a while ago")
        }
        let health = try daemon.run("health").out
        #expect(
            health.contains("degraded: webhook (\(gone)): the URL answered 410 a while ago, and is left alone; since")
        )
        let lines = health.split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.contains(gone) && $0.hasSuffix(", 3 messages wait") }, "\(health)")
        #expect(lines.contains { $0.contains("(127.0.0.1:1)") && $0.hasSuffix(", 2 messages wait") }, "\(health)")
        #expect(lines.count == 3 && lines[1].contains(gone), "what most wait for comes first: \(health)")
        let log = try String(contentsOf: daemon.folder.appending(path: "log"), encoding: .utf8)
        for name in [gone, "127.0.0.1:1"] { #expect(log.contains("the channel webhook (\(name)) is degraded")) }
        #expect(daemon.stop() == 0)

        // The order of before holds after a start.
        try Self.start(daemon)
        try Self.event("u", "other", daemon)
        try daemon.wait("its outcome") { try daemon.codes("u", "other").count { $0 == "delivered" } == 4 }
        #expect(daemon.stop() == 0)
        var paths: [String] = []
        while paths.count(where: { $0 == "/other" }) < 4 { paths.append(try receiver.next()["path"] as? String ?? "") }
        #expect(paths.count { $0 == "/gone~410" } == 1 && paths.count { $0 == "/beside" } == 3)
    }

    @Test("nor does one that is silent, which is told as one that refuses is")
    func silence() throws {
        let receiver = try WebhookReceiver([Self.secret])
        let name = "localhost:\(receiver.port)"
        let daemon = try DaemonProcess(
            Self.campaign("silent", "http://\(name)/silent~stall"),
            Self.campaign("other", "http://127.0.0.1:\(receiver.port)/other")
        )
        try Self.start(daemon, ["--set", "webhook.timeout_seconds=1"])
        for event in ["silent", "silent", "other", "other"] { try Self.event("u", event, daemon) }
        try daemon.wait("its outcomes") { try daemon.codes("u", "other").count { $0 == "delivered" } == 2 }
        let held = "an earlier message of the user's to \(name) has no outcome yet"
        #expect(try Self.reason(Self.history("u", "silent", daemon).first).hasPrefix(held))
        try daemon.wait("it to be told") {
            try daemon.run("health").out.contains("degraded: webhook (\(name)): no answer in time")
        }
        #expect(try daemon.run("health").out.contains(", 2 messages wait"))
        let log = try String(contentsOf: daemon.folder.appending(path: "log"), encoding: .utf8)
        #expect(log.contains("the channel webhook (\(name)) is degraded, its messages wait: no answer in time"))
        #expect(daemon.stop() == 0)
    }

    @Test("the log names who is degraded, and who is well again, while another is not")
    func log() throws {
        let receiver = try WebhookReceiver([Self.secret])
        let name = "localhost:\(receiver.port)"
        let daemon = try DaemonProcess(
            Self.campaign("dead", "http://127.0.0.1:1/x"),
            Self.campaign("away", "http://\(name)/away~503~first=1")
        )
        try Self.start(daemon)
        for event in ["dead", "away"] { try Self.event("u", event, daemon) }
        try daemon.wait("its outcome") { try daemon.codes("u", "away").first == "delivered" }
        func log() throws -> String { try String(contentsOf: daemon.folder.appending(path: "log"), encoding: .utf8) }
        try daemon.wait("its line") { try log().contains("the channel webhook (\(name)) is well again") }
        #expect(
            try log().contains(
                "the channel webhook (\(name)) is degraded, its messages wait: the receiver answered 503"
            )
        )
        #expect(try log().contains("the channel webhook (127.0.0.1:1) is degraded"))
        #expect(try !log().contains("(127.0.0.1:1) is well again"))
        #expect(daemon.stop() == 0)
    }

    @Test("what is accepted late says when; what is refused for a moment is told as tried again")
    func late() throws {
        let receiver = try WebhookReceiver([Self.secret])
        let daemon = try DaemonProcess(
            Self.campaign("late", "http://localhost:\(receiver.port)/late~404~first=2"),
            Self.campaign("quick", "http://127.0.0.1:\(receiver.port)/quick")
        )
        try Self.start(daemon)
        #expect(try daemon.run("health").out == "serving\n")
        try Self.event("u", "late", daemon)
        try Self.event("u", "quick", daemon)
        try daemon.wait("it to be told") {
            try daemon.run("health").out.contains(
                "retrying: webhook (localhost:\(receiver.port)): the receiver answered 404"
            )
        }
        try daemon.wait("its outcome") { try daemon.codes("u", "late").first == "delivered" }
        #expect(try daemon.run("health").out == "serving\n")
        let late = try #require(try Self.history("u", "late", daemon).first)
        let accepted = (late["why"] as? [String: Any])?["accepted_at"] as? String
        #expect(accepted ?? "" > late["at"] as? String ?? "~")
        let quick = try #require(
            try Self.history("u", "quick", daemon).first { $0["decision"] as? String == "delivered" }
        )
        #expect((quick["why"] as? [String: Any])?["accepted_at"] == nil)
        #expect(daemon.stop() == 0)
    }
}
