import Foundation
import Testing

/// The fields of an e-mail from a campaign's file, and from its definition in protobuf, to the letter.
@Suite(.serialized)
struct MailFieldTests {
    private static let campaign = """
        campaign: c
        trigger: {type: custom_event, event: e}
        re_eligibility: {after: 0s}
        messages:
          - channel: email
            subject: Hi
            body: "Bye: {{ unsubscribe_url }}"
            html: "<a href='{{ unsubscribe_url }}'>bye</a>{% if unsubscribe_url %}!{% endif %}"
            bcc: ["{{ user.boss }}", archive@example.org]
            headers: {X-Order: "{{ event.order }}", Auto-Submitted: auto-generated}
        """

    private let settings = ["--set", "email.unsubscribe_url=https://example.com/bye"]
    private let secret = ["TRIGGERD_EMAIL_UNSUBSCRIBE_SECRET": "a secret of some length"]

    private func letter(_ daemon: DaemonProcess, _ order: Int) throws -> String {
        let item =
            #"{"user": "u", "set": {"email": " u@example.com", "boss": "b@example.org"}, "type": "custom_event", "#
            + #""event": "e", "properties": {"order": \#(order)}}"#
        let run = try daemon.run("track", "-", input: item + "\n")
        #expect(run.status == 0, "\(run.err)")
        let mark = "X-Order: \(order)\r\n"
        try daemon.wait("the letter") { try daemon.letters().contains { $0.contains(mark) } }
        return try #require(daemon.letters().first { $0.contains(mark) })
    }

    @Test("headers, bcc and the link to unsubscribe, by YAML and by protobuf")
    func fields() throws {
        let daemon = try DaemonProcess(Self.campaign)
        try daemon.start(arguments: settings, environment: secret)
        let first = try letter(daemon, 1)
        for part in [
            "Auto-Submitted: auto-generated\r\n", "Bye: https://example.com/bye?user=3Du&campaign=3Dc&key=3D",
            "<a href=3D'https://example.com/bye?user=3Du&amp;campaign=3Dc&amp;key=3D", "\r\nTo: u@example.com\r\n",
        ] {
            #expect(first.replacing("=\r\n", with: "").contains(part), "\(first)")
        }
        #expect(!first.contains("example.org"))
        // What Get gives, under another name: the same message.
        let wire = try Wire(daemon.socket)
        let got = try wire.call("Campaigns", "Get", Wire.field(1, Array("c".utf8)))
        let definition = try #require(Wire.fields(got.payload).first { $0.number == 1 }).bytes
        let other = definition + Wire.field(1, Array("d".utf8))
        #expect(try wire.call("Campaigns", "Apply", Wire.field(1, other)).code == 0)
        #expect(try daemon.run("campaigns", "stop", "c").status == 0 || daemon.run("stop", "c").status == 0)
        let second = try letter(daemon, 2).replacing("=\r\n", with: "")
        #expect(second.contains("Auto-Submitted: auto-generated\r\n") && second.contains("campaign=3Dd"))
    }

    @Test("the name of the link is known in e-mails alone")
    func otherChannels() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        let file = daemon.folder.appending(path: "push.yaml")
        let text = """
            campaign: p
            trigger: {type: custom_event, event: e}
            messages: [{channel: push, title: "{{ unsubscribe_url }}"}]
            """
        try Data(text.utf8).write(to: file)
        let run = try daemon.run("apply", file.path)
        #expect(run.status == 1 && run.err.contains("there is nothing called `unsubscribe_url`"), "\(run.err)")
    }

    @Test("a copy reaches its server, a test has none")
    func copies() throws {
        let server = try ScriptedMailServer(["replies": ["rcpt": ["250 Ok", "550 5.1.1 a", "550 5.1.1 b"]]])
        let daemon = try DaemonProcess(Self.campaign)
        try daemon.start(
            arguments: settings + ["--set", "email.url=smtp://127.0.0.1:\(server.port)"],
            environment: secret
        )
        let sent = try daemon.run(
            "preview",
            "c",
            "--user",
            "u",
            "--event",
            #"{"order": 1}"#,
            "--send-to",
            "me@example.com"
        )
        #expect(sent.status == 0 && !sent.out.contains("bcc b@example.org"), "\(sent.out)\(sent.err)")
        server.stop()
    }
}
