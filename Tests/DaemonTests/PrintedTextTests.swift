import Foundation
import Testing

/// Texts of users, plug-ins and servers are shown so that none forges a line, moves the cursor, or hides.
struct PrintedTextTests {
    private static let odd = "a\nb\u{1b}[2J\u{202e}c\u{9b}1A\u{200b}\u{feff}\u{2028}"
    private static let shown = #"a\nb\u{1b}[2J\u{202e}c\u{9b}1A\u{200b}\u{feff}\u{2028}"#

    private static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            scalar == "\n"
                || ![.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
        }
    }

    @Test("every command shows control characters, escapes and direction overrides as numbers")
    func escaped() throws {
        let greeting = """
            campaign: greeting
            trigger: {type: custom_event, event: hello, where: {property: word, any_of: [right]}}
            messages: [{channel: in_app, title: "{{ event.word }}{{ user.name }}"}]
            """
        let shown = """
            campaign: shown
            trigger: {type: custom_event, event: hi}
            re_eligibility: {after: 0s}
            messages: [{channel: in_app, title: "{{ event.word }}"}]
            """
        let daemon = try DaemonProcess(greeting, shown)
        try daemon.start()
        let user = "u" + Self.odd
        let name = "u" + Self.shown
        let word = "word=\(String(decoding: try JSONEncoder().encode(Self.odd), as: UTF8.self))"
        for event in ["hello", "hi"] {
            let tracked = try daemon.run("track", "--user", user, "--event", event, "--property", word)
            #expect(tracked.status == 0 && Self.isPlain(tracked.out + tracked.err), "\(tracked)")
        }
        try daemon.run("track", "--user", user, "--set", word)
        let preview = try daemon.run("preview", "shown", "--user", user, "--event", "{\"word\": \(word.dropFirst(5))}")
        #expect(preview.out.contains("    a\n    b\\u{1b}[2J\\u{202e}c"), "\(preview.out)")
        for arguments in [
            ["explain", user], ["users", "get", user], ["inbox", user], ["explain", "nobody\n" + Self.odd],
            ["users", "get", "nobody" + Self.odd], ["stop", "nothing" + Self.odd], ["preview", "nothing" + Self.odd],
            ["apply", "/no/such" + Self.odd], ["campaigns", "--socket", "/no" + Self.odd], ["dump", "/no" + Self.odd],
            ["simulate", "/no" + Self.odd], ["track", "--user", "u", "--event", "e", "--retry", Self.odd],
            ["failed", "--limit", Self.odd], ["--" + Self.odd], ["redrive", Self.odd],
        ] {
            let run = try DaemonProcess.run(arguments, environment: ["TRIGGERD_SOCKET": daemon.socket])
            #expect(Self.isPlain(run.out + run.err), "\(arguments): \(run.out)\(run.err)")
        }
        #expect(Self.isPlain(preview.out))
        let explained = try daemon.run("explain", user, "greeting").out.split(separator: "\n")
        #expect(
            explained.count == 2 && explained[0] == "\(name) never triggered greeting; what came nearest:",
            "\(explained)"
        )
        #expect(try daemon.run("users", "get", user).out.hasPrefix(name + "\n"))

        // JSON says the same, in ASCII where a terminal would obey.
        let json = try daemon.run("users", "get", user, "--json")
        #expect(json.json.first?["user"] as? String == user)
        #expect(Self.isPlain(json.out) && json.out.contains(#"\u202e"#), "\(json.out)")
        let dumped = try DaemonProcess.run(["dump", daemon.data])
        #expect(dumped.json.contains { $0["user"] as? String == user })
        #expect(Self.isPlain(dumped.out))
    }

    @Test("the log, and what health says, of a plug-in that says odd things")
    func log() throws {
        let script = try ScriptedChannel()
        try script.tell("down\u{1b}[2J\u{202e}")
        try script.start()
        try script.event("u")
        try script.daemon.wait("health") { try script.daemon.run("health").out.contains("degraded: scripted") }
        let health = try script.daemon.run("health").out
        #expect(Self.isPlain(health) && health.contains(#"as told: down\u{1b}[2J\u{202e}"#), "\(health)")
        let log = try String(contentsOf: script.daemon.folder.appending(path: "log"), encoding: .utf8)
        #expect(
            Self.isPlain(log) && log.contains(#"is degraded, its messages wait: as told: down\u{1b}[2J\u{202e}"#),
            "\(log)"
        )
    }

    @Test("a campaign file that is wrong: each fault has its line, and forges no other")
    func faults() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        let file = """
            campaign: "evil\\nok: applied, version 1\\e[2J"
            trigger: {type: custom_event, event: e}
            max_recipients: 0
            messages: [{channel: in_app, title: "{{ x |"}]
            """
        let run = try daemon.run("apply", "-", input: file)
        #expect(run.status == 1)
        #expect(Self.isPlain(run.err) && !run.err.contains("\nok:"), "\(run.err)")
        #expect(run.err.contains(#"evil\nok: applied"#), "\(run.err)")
        let lines = run.err.split(separator: "\n")
        #expect(lines.count == 2 && lines.allSatisfy { $0.contains("[invalid") }, "\(run.err)")
    }
}
