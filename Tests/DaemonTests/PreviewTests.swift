import Foundation
import Testing

private let lamp = """
    campaign: lamp
    trigger: {type: custom_event, event: add_to_cart}
    abort_if: {attribute: blocked, is: "true"}
    messages:
      - channel: email
        subject: "{{ user.first_name|default:'there' }}, your {{ event.item }}"
        html: "<p>{{ event.item }} for {{ event.price|currency:\\"EUR\\" }}</p>"
      - channel: push
        title: "{% if event.stock == 0 %}{% abort \\"no stock\\" %}{% endif %}{{ event.item|truncate:9 }}"
      - {channel: in_app, title: "{{ event.at|date:'%H:%M' }}"}
    """

/// `triggerd preview` against the built daemon.
@Suite(.serialized)
struct PreviewTests {
    @Test("each message as it would leave, to whom, and why it would not; nothing is recorded")
    func messages() throws {
        let daemon = try DaemonProcess(lamp)
        try daemon.start()
        try daemon.run("track", "--user", "u", "--set", "email=u@example.com", "--set", "first_name=Ann")
        try daemon.run("track", "--user", "u", "--set", "time_zone=Asia/Tokyo")
        let event = #"{"item": "Lamp <big>", "price": 12.5, "at": "2026-03-02T22:30:00Z"}"#
        let shown = try daemon.run("preview", "lamp", "--user", "u", "--event", event)
        #expect(shown.status == 0, "\(shown.err)")
        #expect(
            shown.out == """
                email to u@example.com
                  subject: Ann, your Lamp <big>
                  html: <p>Lamp &lt;big&gt; for €12.50</p>

                push; would not leave now: no_push_token
                  title: Lamp <...

                in_app
                  title: 07:30

                """
        )
        let json = try daemon.run("preview", "lamp", "--user", "u", "--event", event, "--json").json
        #expect(json.map { $0["channel"] as? String } == ["email", "push", "in_app"])
        #expect((json[0]["fields"] as? [String: String])?["html"] == "<p>Lamp &lt;big&gt; for €12.50</p>")
        #expect(json[1]["unreachable"] as? String == "no_push_token")
        #expect(json[1]["addresses"] as? [String] == [])
        #expect(try daemon.run("explain", "u").out.contains("nothing was ever decided about u"))
        let one = try daemon.run("preview", "lamp", "--user", "u", "--event", event, "--channel", "in_app")
        #expect(one.out == "in_app\n  title: 07:30\n")
    }

    @Test("a template that aborts or fails says why; so does abort_if; exit status 1")
    func reasons() throws {
        let daemon = try DaemonProcess(lamp)
        try daemon.start()
        let event = #"{"item": "Lamp", "price": "much", "stock": 0}"#
        let shown = try daemon.run("preview", "lamp", "--user", "nobody", "--event", event)
        #expect(shown.status == 1)
        #expect(shown.out.hasPrefix("nobody called nobody is known: the profile is empty\n"))
        #expect(
            shown.out.contains(
                "email; would not leave now: no_email\n  template_error: html: line 1, column 40: `currency` cannot use \"much\"\n"
            ),
            "\(shown.out)"
        )
        #expect(shown.out.contains("\n  template_aborted: no stock\n"))
        try daemon.run("track", "--user", "b", "--set", "blocked=true")
        let blocked = try daemon.run("preview", "lamp", "--user", "b", "--event", "{}")
        #expect(blocked.status == 1)
        #expect(blocked.out.components(separatedBy: "template_aborted: abort_if: blocked is \"true\"").count == 4)
        #expect(try daemon.run("explain", "nobody").out.contains("nobody called nobody is known"))
    }

    @Test("a file need not be applied; what is wrong with it is said as when it is")
    func drafts() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        let other = lamp.replacingOccurrences(of: "campaign: lamp", with: "campaign: rug")
        let file = daemon.folder.appending(path: "draft.yaml")
        try Data("\(lamp)\n---\n\(other)".utf8).write(to: file)
        let vague = try daemon.run("preview", file.path, "--user", "u")
        #expect(vague.status == 1)
        #expect(vague.err.contains("name one campaign of \(file.path); it has lamp, rug"), "\(vague.err)")
        let shown = try daemon.run(
            "preview",
            file.path,
            "--campaign",
            "rug",
            "--user",
            "u",
            "--event",
            #"{"item": "Rug"}"#,
            "--channel",
            "push"
        )
        #expect(shown.status == 0)
        #expect(shown.out.hasSuffix("  title: Rug\n"))
        #expect(try daemon.run("campaigns").out.contains("no campaigns"))
        let broken = lamp.replacingOccurrences(of: "{{ event.item|truncate:9 }}", with: "{{ evnt.item }}")
        let refused = try daemon.run("preview", "-", "--user", "u", input: broken)
        #expect(refused.status == 1)
        #expect(
            refused.err.contains(
                "standard input:9: campaign lamp: messages[1].title: the template does not parse: line 1, column 62: "
                    + "there is nothing called `evnt`; did you mean `event`? [invalid_campaign, rule 10.8]"
            ),
            "\(refused.err)"
        )
        #expect(try daemon.run("preview", "lamp", "--user", "u").err.contains("no campaign is called \"lamp\""))
        #expect(try daemon.run("preview", "lamp", "--user", "u", "--event", "[]").status == 2)
        #expect(try daemon.run("preview", "lamp").status == 2)
    }

    @Test("--send-to sends one message to that address, and records nothing about the user")
    func tests() throws {
        let daemon = try DaemonProcess(lamp)
        try daemon.start()
        try daemon.run("track", "--user", "u", "--set", "email=u@example.com", "--set", "first_name=Ann")
        let event = #"{"item": "Lamp", "price": 3}"#
        func preview(_ more: String...) throws -> DaemonProcess.Output {
            let arguments = ["preview", "lamp", "--user", "u", "--event", event] + more
            return try DaemonProcess.run(arguments, environment: ["TRIGGERD_SOCKET": daemon.socket])
        }
        let vague = try preview("--send-to", "me@example.com")
        #expect(vague.status == 1)
        #expect(vague.err.contains("channel: name the one to send: lamp sends by email, push"))
        #expect(try daemon.letters().isEmpty)

        let sent = try preview("--send-to", "me@example.com", "--channel", "email")
        #expect(sent.status == 0, "\(sent.err)")
        #expect(sent.out.contains("sent as a test to me@example.com by email"))
        let letters = try daemon.letters()
        #expect(letters.count == 1)
        #expect(letters[0].contains("To: me@example.com") && letters[0].contains("Subject: Ann, your Lamp"))
        #expect(!letters[0].contains("u@example.com"))

        let pushed = try preview("--send-to", "token-1", "--channel", "push", "--json").json
        #expect(pushed.last?["accepted"] as? Bool == true)
        let key = try #require(pushed.last?["key"] as? String)
        #expect(key.hasPrefix("test-"))
        let file = try Data(contentsOf: URL(filePath: daemon.data + "/push/\(key).json"))
        let push = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
        #expect(push["tokens"] as? [String] == ["token-1"])
        #expect(push["title"] as? String == "Lamp")

        let shown = try preview("--send-to", "x", "--channel", "in_app")
        #expect(shown.status == 1)
        #expect(shown.err.contains("send_to: lamp has no message that could be sent: a session shows it"))
        #expect(try preview("--send-to", "x", "--channel", "sms").err.contains("it sends by email, push, in_app"))
        #expect(try daemon.run("explain", "u").out.contains("nothing was ever decided about u"))
        #expect(try daemon.run("campaigns").out.contains("matched") == false)
        #expect(daemon.stop() == 0)
    }

    @Test("--send-to of a channel that asks no user for an address: in place of the message's url, and nowhere else")
    func redirected() throws {
        let receiver = Process()
        let (input, output) = (Pipe(), Pipe())
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        receiver.executableURL = URL(filePath: "/usr/bin/env")
        receiver.arguments = [
            "python3", StrangerTests.root.appending(path: "Tests/WebhookTests/Fixtures/receiver.py").path, secret,
        ]
        (receiver.standardInput, receiver.standardOutput) = (input, output)
        try receiver.run()
        defer { receiver.terminate() }
        let said = try JSONSerialization.jsonObject(with: output.fileHandleForReading.availableData)
        let port = try #require((said as? [String: Any])?["port"] as? Int)
        let daemon = try DaemonProcess(
            """
            campaign: hook
            trigger: {type: custom_event, event: e}
            messages: [{channel: webhook, url: "http://localhost:\(port)/own", data: {item: "{{ event.item }}"}}]
            """
        )
        let file = daemon.folder.appending(path: "secret")
        try Data(secret.utf8).write(to: file)
        chmod(file.path, 0o600)
        try daemon.start("--set", "webhook.secret_file=\(file.path)")
        let event = #"{"item": "Lamp"}"#
        let place = "http://localhost:\(port)/test"
        let sent = try daemon.run("preview", "hook", "--user", "u", "--event", event, "--send-to", place)
        #expect(sent.status == 0, "\(sent.err)")
        #expect(sent.out.contains("sent as a test to \(place) by webhook"), "\(sent.out)")
        let address = try daemon.run("preview", "hook", "--user", "u", "--event", event, "--send-to", "me@example.com")
        #expect(address.status == 1)
        #expect(address.out.contains("url: the URL"), "\(address.out)")
        try input.fileHandleForWriting.close()
        let lines = try output.fileHandleForReading.readToEnd() ?? Data()
        let paths = try lines.split(separator: UInt8(ascii: "\n")).map { line in
            (try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])?["path"] as? String
        }
        #expect(paths == ["/test"])
        #expect(daemon.stop() == 0)
    }

    @Test("applying: every template's fault at once, with the file's line and the template's line and column")
    func applied() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        let campaign = """
            campaign: letters
            trigger: {type: session_start}
            messages:
              - channel: email
                subject: "{{ user.name|upcas }}"
                body: |
                  Hello {{ user.first_name }},
                  your {{ evnt.item }} waits
            """
        let refused = try daemon.run("apply", "-", input: campaign)
        #expect(refused.status == 1)
        #expect(
            refused.err == """
                Error: standard input:5: campaign letters: messages[0].subject: the template does not parse: line 1, column 14: there is no filter `upcas`; did you mean `upcase`? [invalid_campaign, rule 10.8]
                standard input:6: campaign letters: messages[0].body: the template does not parse: line 2, column 9: there is nothing called `evnt`; did you mean `event`? [invalid_campaign, rule 10.8]

                """
        )
        #expect(try daemon.run("campaigns").out.contains("no campaigns"))
    }

    @Test("10.8: what a template gives, an abort and a failure are what becomes of a send")
    func sends() throws {
        let daemon = try DaemonProcess(lamp.replacingOccurrences(of: "  - {channel: in_app", with: "  #"))
        try daemon.start()
        for (user, properties) in [
            ("ok", #"{"item": "Lamp", "price": 3}"#), ("bad", #"{"price": "x"}"#), ("no", #"{"stock": 0}"#),
        ] {
            let line =
                #"{"user": "\#(user)", "type": "custom_event", "event": "add_to_cart", "properties": \#(properties), "#
                + #""set": {"email": "\#(user)@example.com", "push_tokens": ["t"]}}"#
            #expect(try daemon.run("track", "-", input: line).status == 0)
        }
        try daemon.wait("the letter") { try daemon.letters().count == 1 }
        #expect(try daemon.codes("bad").first == "template_error")
        #expect(try daemon.run("explain", "bad").out.contains("html: line 1, column 40: `currency` cannot use \"x\""))
        #expect(try daemon.codes("no").first == "template_aborted")
        #expect(try daemon.letters()[0].contains("Subject: there, your Lamp"))
    }
}
