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
        #expect(daemon.stop() == 0)
    }
}
