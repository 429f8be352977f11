import Foundation
import Testing

/// What a webhook's message says and where it goes, with the built daemon and a server of Python's.
@Suite(.serialized)
struct WebhookMessageTests {
    private static let secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    private static let other = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="

    @Test("a message's timestamp is its event's, and its body the same in each try, signed with each key of its secret")
    func composition() throws {
        let receiver = try WebhookReceiver([Self.secret, Self.other])
        let daemon = try DaemonProcess(
            """
            campaign: c
            trigger: {type: custom_event, event: e}
            messages:
              - channel: webhook
                url: "http://localhost:\(receiver.port)/{{ user.id }}~503~first=1"
                data: {text: "{{ event.text }}"}
                headers: {x-user: "{{ user.id }}", x-version: 2}
            """,
            """
            campaign: d
            trigger: {type: custom_event, event: f}
            messages:
              - channel: webhook
                url: "http://localhost:\(receiver.port)/d"
                body: {text: "{{ event.text }}", list: [1, "{{ user.id }}"]}
                secret: shop
            """
        )
        func write(_ name: String, _ text: String) throws -> String {
            let file = daemon.folder.appending(path: name).path
            try Data(text.utf8).write(to: URL(filePath: file))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            return file
        }
        let garbage = try daemon.run(
            "serve",
            "--data",
            daemon.data,
            "--socket",
            daemon.socket,
            "--set",
            "webhook.secret_file=\(try write("garbage", Self.secret + "\nno key\n"))"
        )
        #expect(garbage.status == 1)
        #expect(
            garbage.err.contains("word 2 of 3, each of which is a key: it must begin with whsec_"),
            "\(garbage.err)"
        )

        try daemon.start(
            "--set",
            "webhook.secret_file=\(try write("secret", Self.secret + "\n" + Self.other + "\n"))",
            "--set",
            "webhook.secrets_file=\(try write("secrets", "shop: \(Self.other)\n"))"
        )
        let time = Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let item =
            #"{"user": "u1", "type": "custom_event", "event": "e", "at": "\#(time)", "properties": {"text": "\"ä\""}}"#
        #expect(try daemon.run("track", "-", input: item).status == 0)
        let tries = [try receiver.next(), try receiver.next()]
        for request in tries {
            #expect(request["verified_by"] as? [Bool] == [true, true])
            let body = request["body"] as? [String: Any]
            #expect(body?["timestamp"] as? String == time)
            #expect((body?["data"] as? [String: String]) == ["text": "\"ä\""])
            let headers = request["headers"] as? [String: String]
            #expect(headers?["x-user"] == "u1" && headers?["x-version"] == "2")
        }
        #expect(tries[0]["text"] as? String == tries[1]["text"] as? String)
        try daemon.wait("its outcome") { try daemon.codes("u1").first == "delivered" }

        let plain = #"{"user": "u1", "type": "custom_event", "event": "f", "properties": {"text": "\"ä\""}}"#
        #expect(try daemon.run("track", "-", input: plain).status == 0)
        let own = try receiver.next()
        #expect(own["text"] as? String == #"{"text":"\"ä\"","list":[1,"u1"]}"#)
        #expect(own["verified_by"] as? [Bool] == [false, true])
        #expect(daemon.stop() == 0)
    }

    @Test("a URL that an event made does not lead to this machine, redriven or not; a campaign's own does")
    func addresses() throws {
        let receiver = try WebhookReceiver([Self.secret])
        let daemon = try DaemonProcess(
            """
            campaign: own
            trigger: {type: custom_event, event: own}
            messages: [{channel: webhook, url: "http://localhost:\(receiver.port)/{{ user.id }}"}]
            """,
            """
            campaign: made
            trigger: {type: custom_event, event: made}
            re_eligibility: {after: 0s}
            messages: [{channel: webhook, url: "http://{{ event.host }}:\(receiver.port)/"}]
            """,
            """
            campaign: behind
            trigger: {type: custom_event, event: behind}
            messages: [{channel: webhook, url: "http://localhost:\(receiver.port){{ event.path }}"}]
            """,
            """
            campaign: chosen
            trigger: {type: custom_event, event: chosen}
            re_eligibility: {after: 0s}
            messages:
            - channel: webhook
              url: "{% assign h = 'localhost' %}{% if event.vip %}http://{{ h }}:\(receiver.port)/vip{% else %}http://127.0.0.1:\(receiver.port)/other{% endif %}"
              body: "{{ event.text }}{{ event.text }}{{ event.text }}{{ event.text }}"
            """
        )
        try daemon.start(arguments: [], environment: ["TRIGGERD_WEBHOOK_SECRET": Self.secret])
        try daemon.run("track", "--user", "u0", "--event", "own")
        #expect(try receiver.next()["path"] as? String == "/u0")
        // The campaign writes both itself; and a payload of exactly 1 MiB goes beside its URL.
        let text = String(repeating: "x", count: 1 << 18)
        let long =
            #"{"user": "v", "type": "custom_event", "event": "chosen", "properties": {"vip": true, "text": "\#(text)"}}"#
        #expect(try daemon.run("track", "-", input: long).status == 0)
        let vip = try receiver.next()
        #expect(
            vip["path"] as? String == "/vip" && (vip["headers"] as? [String: String])?["content-length"] == "\(1 << 20)"
        )
        try daemon.run("track", "--user", "w", "--event", "chosen", "--property", "text=x")
        #expect(try receiver.next()["path"] as? String == "/other")
        let hosts = ["localhost", "127.0.0.1", "127.1", "[::1]", ProcessInfo.processInfo.hostName]
        for (index, host) in hosts.enumerated() {
            try daemon.run("track", "--user", "u\(index + 1)", "--event", "made", "--property", "host=\(host)")
        }
        try daemon.run("track", "--user", "u9", "--event", "behind", "--property", "path=/x")
        for user in (1...hosts.count).map({ "u\($0)" }) + ["u9"] {
            try daemon.wait("\(user)'s outcome") { try daemon.codes(user).first == "provider_rejected" }
            #expect(try daemon.run("explain", user).out.contains("see webhook.allow_local"))
        }
        #expect(try daemon.run("redrive", "--all").status == 0)
        for user in (1...hosts.count).map({ "u\($0)" }) + ["u9"] {
            try daemon.wait("\(user)'s second outcome") {
                try daemon.codes(user).count { $0 == "provider_rejected" } == 2
            }
        }
        try daemon.run("track", "--user", "last", "--event", "own")
        #expect(try receiver.next()["path"] as? String == "/last", "and nothing came between")
        #expect(daemon.stop() == 0)
    }
}
