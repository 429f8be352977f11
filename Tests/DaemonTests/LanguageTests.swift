import Foundation
import Testing

/// What section 14 adds to the language, over the wire and over restarts.
@Suite(.serialized)
struct LanguageTests {
    private static let new = """
        campaigns:
        - campaign: before
          trigger: {type: custom_event, event: booked}
          delay: {until: visit.at, before: 24h}
          messages: [{channel: in_app, title: x}]
        - campaign: after
          trigger: {type: custom_event, event: booked}
          delay: {until: visit.at, after: 90m}
          messages: [{channel: in_app, title: x}]
        - campaign: debounce
          launched_at: 2026-01-01
          trigger: {type: custom_event, event: edit, where: {property: new, neq: {property: old}}}
          delay: {after: 1h, at_most: 90m}
          exceptions: [{type: custom_event, event: edit}]
          re_eligibility: {after: 0s}
          messages: [{channel: in_app, title: x}]
        """

    /// Of the first message under that field, however deep.
    private static func at(_ path: Int..., in bytes: [UInt8]) -> [UInt8]? {
        var bytes = bytes
        for field in path {
            guard let found = Wire.fields(bytes).first(where: { $0.number == field }) else { return nil }
            bytes = found.bytes
        }
        return bytes
    }

    @Test("files become messages, and what Get gives is what Apply takes")
    func messages() throws {
        let daemon = try DaemonProcess(Self.new)
        try daemon.start()
        let wire = try Wire(daemon.socket)
        let delays: [(String, [UInt8])] = [
            ("before", Wire.text(3, "visit.at") + Wire.number(8, 86_400_000)),
            ("after", Wire.text(3, "visit.at") + Wire.number(9, 5_400_000)),
            ("debounce", Wire.number(7, 3_600_000) + Wire.number(10, 5_400_000)),
        ]
        for (name, delay) in delays {
            let got = try wire.call("Campaigns", "Get", Wire.text(1, name))
            let definition = try #require(Self.at(1, in: got.payload))
            #expect(Self.at(8, in: definition) == delay, "\(name)")
            let applied = try wire.call("Campaigns", "Apply", Wire.field(1, definition))
            #expect(applied.code == 0, "\(applied.text)")
            // `changed` is 6, and false.
            #expect(Wire.fields(Self.at(1, in: applied.payload) ?? []).allSatisfy { $0.number != 6 })
        }
        let refused: [(Int, [UInt8], String)] = [
            (8, Wire.text(3, "v") + Wire.number(8, 732 * 86_400_000), "delay.before: a delay is at most 731 days"),
            (8, Wire.text(1, "monday") + Wire.text(4, "09:00") + Wire.number(9, 1), "delay.until: is missing"),
            (8, Wire.number(7, 3_600_000) + Wire.number(10, 1), "delay.at_most: is shorter than the delay"),
        ]
        for (field, delay, text) in refused {
            let event =
                Wire.text(1, "custom_event") + Wire.field(2, Wire.text(1, "event") + Wire.field(2, Wire.text(4, "e")))
            let campaign =
                Wire.text(1, "w") + Wire.field(3, event) + Wire.field(5, event) + Wire.field(7, Wire.text(1, "in_app"))
                + Wire.field(field, delay)
            let answer = try wire.call("Campaigns", "Apply", Wire.field(1, campaign))
            #expect(answer.code == 3 && answer.text.contains(text), "\(answer.text)")
        }
    }

    @Test("kill -9 within the chain of a debounce: it is due at_most after its first trigger all the same")
    func chain() throws {
        let daemon = try DaemonProcess(Self.new)
        try daemon.start()
        let first = Date(timeIntervalSinceNow: -50 * 60)
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        func edit(_ at: Date) throws -> [[String: Any]] {
            let arguments = ["--event", "edit", "--property", "new=1", "--property", "old=2"]
            let line = arguments + ["--at", at.formatted(format), "--json"]
            let told = try DaemonProcess.run(
                ["track", "--user", "u"] + line,
                environment: ["TRIGGERD_SOCKET": daemon.socket]
            )
            return told.json.first?["decisions"] as? [[String: Any]] ?? []
        }
        #expect(try edit(first).map { $0["decision"] as? String } == ["scheduled"])
        daemon.kill()
        try daemon.start()
        #expect(try edit(first + 60).count == 2)
        daemon.kill()
        try daemon.start()
        let again = try edit(Date())
        #expect(again.map { $0["decision"] as? String } == ["rescheduled_by_trigger", "scheduled"])
        #expect(again.last?["next"] as? String == (first + 90 * 60).formatted(format))
        let why = again.last?["why"] as? [String: Any]
        #expect(why?["at_most"] as? String == "90m" && why?["first_triggered_at"] as? String == first.formatted(format))
        // An explanation names both properties of what does not match.
        try daemon.run("track", "--user", "v", "--event", "edit", "--property", "new=1", "--property", "old=1")
        let missed = try daemon.run("explain", "v", "debounce").out
        #expect(missed.contains("new") && missed.contains("old"), "\(missed)")
    }

    @Test("history and sent_at on the wire: one id is one item, however often and whenever it is sent")
    func items() throws {
        let daemon = try DaemonProcess("launched_at: 2026-01-01\n" + slow)
        try daemon.start()
        let wire = try Wire(daemon.socket)
        let now = Date().timeIntervalSince1970.rounded(.down)
        func track(_ id: String, at: Int64, sent: Int64?, isHistory: Bool = false) throws -> Wire.Answer {
            let item =
                Wire.item(user: "w", id: id, event: "add_to_cart") + Wire.number(3, at)
                + (isHistory ? Wire.number(12, 1) : [])
            let request = Wire.field(1, item) + (sent.map { Wire.number(3, $0) } ?? [])
            return try wire.call("Events", "Track", request)
        }
        // A clock that began in 1970: the item happened 10 minutes before the receipt.
        #expect(try track("1", at: 600_000, sent: 1_200_000).code == 0)
        let explained = try daemon.run("explain", "w", "--json").json.first
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let due = try format.parse(try #require(explained?["next"] as? String)).timeIntervalSince1970
        #expect((50 * 60..<51 * 60).contains(due - now), "\(due)")
        // Sent again by the same clock, later: the same item.
        #expect(Wire.result(try track("1", at: 600_000, sent: 1_260_000).payload) == 2)
        #expect(try track("1", at: 600_001, sent: 1_260_000).code == 6)
        #expect(try track("1", at: 600_000, sent: nil, isHistory: true).code == 6)
        let history = try track("2", at: 600_000, sent: nil, isHistory: true)
        #expect(Wire.result(history.payload) == 1 && Wire.decisions(history.payload).isEmpty)
        #expect(Wire.result(try track("2", at: 600_000, sent: nil, isHistory: true).payload) == 2)
        #expect(try daemon.run("track", "--user", "past", "--event", "hello", "--history").status == 0)
        #expect(try daemon.run("explain", "past").out.contains("as what is told with `history` never does"))
        for sent in [-62_135_596_800_001, 253_402_300_800_000] as [Int] {
            let bytes = Wire.number(3, sent)
            let refused = try wire.call("Events", "Track", Wire.track(user: "w", id: "", event: "e") + bytes)
            #expect(refused.code == 3 && refused.text.hasPrefix("sent_at_ms: \(sent) is not within"), "\(refused.text)")
        }
        #expect(try daemon.codes("w") == ["scheduled"])
    }

    @Test("track, by flags and by lines; a rehearsal counts history and lets it trigger nothing")
    func commandLine() throws {
        let daemon = try DaemonProcess("launched_at: 2026-01-01\n" + slow)
        try daemon.start()
        let flags = try daemon.run("track", "--user", "u", "--event", "add_to_cart", "--history", "--json")
        #expect(flags.json.first?["result"] as? String == "accepted")
        #expect((flags.json.first?["decisions"] as? [Any])?.isEmpty == true)
        let lines = """
            {"user": "a", "type": "custom_event", "event": "add_to_cart", "at": "1970-01-01T00:10:00Z", "sent_at": "1970-01-01T00:20:00Z"}
            {"user": "b", "type": "custom_event", "event": "add_to_cart", "at": "1970-01-01T00:10:00Z"}
            {"user": "c", "type": "custom_event", "event": "add_to_cart", "history": true, "at": "2020-01-01"}
            {"user": "d", "type": "custom_event", "event": "add_to_cart", "at": "1980-01-01T00:00:00Z", "sent_at": "1980-01-01T00:00:00Z"}
            {"user": "e", "type": "custom_event", "event": "add_to_cart", "history": 1}
            {"user": "f", "type": "custom_event", "event": "add_to_cart", "sent_at": "soon"}
            """
        let told = try daemon.run("track", "-", "--json", input: lines)
        let found = told.json.map { line in
            let decisions = (line["decisions"] as? [[String: Any]] ?? []).compactMap { $0["decision"] as? String }
            return "\(line["line"] ?? 0) \(line["result"] ?? "") \(decisions)"
        }
        #expect(
            found == [
                #"1 accepted ["scheduled"]"#, #"2 accepted ["event_before_launch"]"#, "3 accepted []",
                #"4 accepted ["scheduled"]"#, "5 error []", "6 error []",
            ]
        )
        #expect(
            told.json.last?["error"] as? String == #"sent_at: "soon" is no ISO 8601 instant of the years 1 to 9999"#
        )
        try daemon.run("track", "--user", "c", "--event", "ask")
        let draft = daemon.folder.appending(path: "draft.yaml")
        try """
        campaigns:
        - campaign: counted
          trigger: {type: custom_event, event: ask}
          audience: {event_count: add_to_cart, eq: 1}
          messages: [{channel: in_app, title: x}]
        - campaign: triggered
          trigger: {type: custom_event, event: add_to_cart}
          messages: [{channel: in_app, title: x}]
        """.write(to: draft, atomically: true, encoding: .utf8)
        #expect(daemon.stop() == 0)
        let tried = try DaemonProcess.run([
            "simulate", "--campaign", draft.path, "--from", daemon.data, "--since", "1h",
        ])
        // Of a and d, whose time was moved when they came in, and of c's question.
        #expect(tried.out.contains("waiting              3"), "\(tried.out)\(tried.err)")
        let kept = try DaemonProcess.run(["dump", daemon.data, "--kind", "events"]).json
        #expect(kept.filter { $0["history"] as? Bool == true }.count == 2)
    }
}
