import Foundation
import Testing

/// `triggerd simulate` as its user runs it: the built program over files.
@Suite struct SimulateTests {
    static let scenarios = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Scenarios")

    @Test("every scenario of Tests/Scenarios passes")
    func scenarios() throws {
        let run = try DaemonProcess.run(["simulate", Self.scenarios.path])
        let failed = run.out.split(separator: "\n").filter { !$0.hasPrefix("ok ") }
        #expect(run.status == 0, "\(failed.joined(separator: "\n"))\(run.err)")
        let count = try FileManager.default.contentsOfDirectory(atPath: Self.scenarios.path).count
        #expect(run.out.hasSuffix("\(count) passed, 0 failed\n"))
    }

    @Test("a scenario that fails names what is missing and what nobody expected; one that cannot be read is status 2")
    func failures() throws {
        let scenario = """
            scenario: late
            campaigns:
            - campaign: C
              trigger: {type: custom_event, event: e}
              messages: [{channel: push, title: x}]
            users: {u: {push_tokens: [t]}}
            events: [{at: 2026-03-02T10:00:00Z, user: u, type: custom_event, event: e}]
            expect: [{at: 2026-03-02T10:00:01Z, user: u, campaign: C, channel: push, decision: delivered}]
            """
        let failed = try DaemonProcess.run(["simulate", "-"], input: scenario)
        #expect(failed.status == 1)
        let lines = failed.out.split(separator: "\n")
        #expect(lines.first == "FAIL late")
        #expect(
            lines.count == 4 && lines[1].hasPrefix("  missing     2026-03-02T10:00:01.000Z  u  C  delivered  (push)")
        )
        #expect(lines[2].hasPrefix("  unexpected  2026-03-02T10:00:00.000Z  u  C  delivered  (push)"))
        #expect(lines.last == "0 passed, 1 failed")
        let unknown = scenario.replacingOccurrences(of: "type: custom_event, event: e}]", with: "type: dance}]")
        let unreadable = try DaemonProcess.run(["simulate", "-"], input: unknown)
        #expect(unreadable.status == 2)
        #expect(unreadable.err.contains("type: \"dance\" is none of"))
        #expect(try DaemonProcess.run(["simulate"]).status == 2)
        // What is wrong with an event has its line and its place.
        for (event, expected) in [
            ("{at: 2026-03-02T10:00:00Z, operator: stop, campaign: nope}", #"-:7: no campaign is called "nope""#),
            (
                "{at: 2026-03-02T10:00:00Z, user: u, type: session_start, evnt: e}",
                "-:7: events[0].evnt: session_start has no"
            ),
            ("{at: 2026-03-02T10:00:00Z, user: u, type: session_start, evnt: e}", "history, device, received_at"),
        ] {
            let text = scenario.replacing(#/events: \[.*\]/#, with: "events: [\(event)]")
            let run = try DaemonProcess.run(["simulate", "-"], input: text)
            #expect(run.status == 2 && run.err.contains(expected), "\(run.err)")
        }
        // With --json the report is on standard error, and what is refused among the objects.
        let json = try DaemonProcess.run(["simulate", "-", "--json"], input: scenario)
        #expect(json.status == 1 && !json.json.isEmpty && json.err.hasPrefix("FAIL late\n  missing "), "\(json.err)")
        let refused = try DaemonProcess.run(
            ["simulate", "-", "--json"],
            input: scenario.replacingOccurrences(of: "messages:", with: "delay: 900d\n  messages:")
        )
        #expect(refused.status == 1 && refused.json.first?["refused"] as? String == "invalid_campaign")
        #expect(refused.err.contains("unexpected  refused: invalid_campaign  -:5"), "\(refused.err)")
    }

    /// What a scenario of one campaign says when it is run.
    private static func output(_ campaign: String, users: String = "{}", events: String = "[]") throws -> String {
        let run = try DaemonProcess.run(
            ["simulate", "-"],
            input: """
                scenario: s
                campaigns:
                \(campaign)
                users:
                  u: \(users)
                events: \(events)
                expect: []
                """
        )
        #expect(run.status != 0)
        return run.out + run.err
    }

    private static let plain = """
        - campaign: C
          trigger: {type: session_start}
          messages: [{channel: push, title: x}]
        """

    @Test(
        "a scenario's users go through the door of what is set: what means nothing there is refused, with its line",
        arguments: [
            ("{email_subscription: Unsubscribed}", "subscribed, opted_in, unsubscribed"),
            ("{push_subscription: yes}", "subscribed, opted_in, unsubscribed"),
            ("{email_status: bounced}", "ok, hard_bounced, spam"), ("{push_tokens: t}", "must be a list of strings"),
            ("{email: 5}", "is not an e-mail address"), ("{email: []}", "a list has 1 to 16 addresses"),
            ("{email_subscription: true}", "subscribed, opted_in, unsubscribed"),
        ]
    )
    func users(_ profile: String, _ says: String) throws {
        let found = try Self.output(Self.plain, users: profile)
        let field = profile.dropFirst().prefix { $0 != ":" }
        #expect(found.contains("-:7: users.u.\(field): ") && found.contains(says), "\(found)")
    }

    @Test("a fault of what an event sets is told once")
    func once() throws {
        let event = "[{at: 2026-03-02T10:00:00Z, user: u, type: session_start, set: {n: 99999999999999999999}}]"
        let found = try Self.output(Self.plain, events: event)
        #expect(found.split(separator: "\n").count { $0.contains("does not fit 64 bits") } == 1, "\(found)")
    }

    @Test(
        "what a plug-in refuses, and what is wrong with campaigns together, has its line and its key",
        arguments: [
            (
                "{type: location,\n    areas: [\n    {name: x, latitude: 91, longitude: 0, radius_m: 5}]}", 6,
                "trigger.areas[0]: latitude within 90 degrees"
            ),
            ("{type: location,\n    areas: []}", 5, "trigger.areas: at least one"),
            ("{type: purchase,\n    product_id: []}", 5, "trigger.product_id: must be"),
            ("{type: custom_event,\n    event: ''}", 5, "trigger.event: the name is empty"),
            ("{type: conversion,\n    campaign: nope}", 5, "trigger.campaign: there is no campaign nope"),
            (
                "{type: session_start}\n  audience: {all: [{attribute: a, eq: 1},\n    {not: {received: no, is: true}}]}",
                6,
                "audience.all[1].not.received: there is no campaign no"
            ),
        ]
    )
    func lines(_ trigger: String, _ line: Int, _ says: String) throws {
        let campaign = Self.plain.replacingOccurrences(of: "{type: session_start}", with: trigger)
        let found = try Self.output(campaign)
        #expect(found.contains("-:\(line): campaign C: \(says)"), "\(found)")
    }

    @Test("a draft is tried on what a running daemon was told, and nothing is sent")
    func rehearsal() throws {
        let daemon = try DaemonProcess(
            """
            campaign: live
            trigger: {type: custom_event, event: cart}
            messages: [{channel: in_app, title: x}]
            """
        )
        try daemon.start()
        for user in ["ann", "bob", "cy"] {
            try daemon.run(
                "track",
                "--user",
                user,
                "--event",
                "cart",
                "--property",
                "value=\(user == "cy" ? 1 : 9)",
                "--set",
                "email=\(user)@example.com"
            )
        }
        try daemon.run("track", "--user", "bob", "--purchase", "lamp", "--price", "1")
        let draft = daemon.folder.appending(path: "draft.yaml")
        try """
        campaign: draft
        trigger: {type: custom_event, event: cart, where: {property: value, gt: 5}}
        conversions: [{type: purchase}]
        messages: [{channel: email, subject: x, body: y}]
        """.write(to: draft, atomically: true, encoding: .utf8)
        let arguments = ["simulate", "--campaign", draft.path, "--from", daemon.data, "--since", "1h"]
        let tried = try DaemonProcess.run(arguments + ["--json"])
        #expect(tried.status == 0, "\(tried.err)")
        let found = tried.json.map { "\($0["user"] ?? "") \($0["decision"] ?? "")" }
        #expect(
            found == ["ann delivered", "bob delivered", "cy property_filter_mismatch", "bob converted"]
        )
        let summary = try DaemonProcess.run(arguments).out
        #expect(summary.contains("delivered                 2  ████"))
        #expect(summary.contains("4 events replayed"))
        #expect(try DaemonProcess.run(arguments + ["--user", "ann", "--json"]).json.count == 1)
        #expect(try daemon.letters().isEmpty)
        #expect(try daemon.codes("ann").first == "queued_in_app")

        // Sent after all, a decision is shown as it was in the rehearsal.
        try daemon.run("apply", draft.path)
        try daemon.run(
            "track",
            "--user",
            "dora",
            "--set",
            "email=dora@example.com",
            "--event",
            "cart",
            "--property",
            "value=9"
        )
        try daemon.wait("dora's letter") { try daemon.codes("dora", "draft").first == "delivered" }
        try daemon.run("track", "--user", "dora", "--purchase", "lamp", "--price", "1")
        let live = try daemon.run("explain", "dora", "draft", "--json").json.first { $0["conversion"] as? Int == 1 }
        #expect(live?["decision"] as? String == "converted")
        #expect(live.map { $0.keys.sorted() } == tried.json.last.map { $0.keys.sorted() })
        #expect(daemon.stop() == 0)
    }
}
