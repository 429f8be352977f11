import Foundation
import Testing

/// The fields of an item as people and shops write them.
struct ItemFieldTests {
    private static let campaign = """
        campaign: spent
        trigger: {type: purchase, where: {property: price, eq: 9.90}}
        re_eligibility: {after: 0s}
        messages: [{channel: in_app, title: x}]
        ---
        campaign: near
        trigger: {type: location, areas: [{name: here, latitude: 48.5, longitude: -2, radius_m: 1000}]}
        messages: [{channel: in_app, title: x}]
        """

    private static func purchase(_ fields: String) -> String {
        #"{"user": "u", "type": "purchase", "product_id": "A", \#(fields)}"#
    }

    @Test("14: numbers in quotes are numbers to every field that wants one; what is none says how it is written")
    func quoted() throws {
        let daemon = try DaemonProcess(Self.campaign)
        try daemon.start()
        let good = [
            Self.purchase(#""price": "9.90", "quantity": "2""#), Self.purchase(#""price": 9.9, "quantity": 2.0"#),
            Self.purchase(#""price": "-3""#),
            #"{"user": "v", "type": "location", "latitude": "48.5", "longitude": "-2"}"#,
        ]
        let taken = try daemon.run("track", "-", "--json", input: good.joined(separator: "\n"))
        #expect(taken.status == 0, "\(taken.out)")
        #expect(try daemon.codes("u").count { $0 == "scheduled" } == 2)
        #expect(try daemon.codes("v", "near").contains("scheduled"))
        let bad = [
            (#""price": "9,90""#, #"price: "9,90" is not a number: write digits and a point, like 9.90"#),
            (#""price": "9.90 EUR""#, "is not a number"), (#""price": "nan""#, "is not a number"),
            (#""price": """#, "is not a number"), (#""price": true"#, "is not a number"),
            (#""price": 1, "quantity": "1.5""#, #"quantity: "1.5" is not a whole number"#),
            (#""price": 1, "quantity": "99999999999999999999""#, "does not fit 64 bits"),
            (#""price": 1, "quantity": "0""#, "is below one"),
        ]
        let refused = try daemon.run(
            "track",
            "-",
            "--json",
            input: bad.map { Self.purchase($0.0) }.joined(separator: "\n")
        )
        #expect(refused.status == 1)
        let errors = refused.json.map { $0["error"] as? String ?? "none" }
        for ((line, says), error) in zip(bad, errors) { #expect(error.contains(says), "\(line): \(error)") }
        #expect(errors.count == bad.count)
    }

    @Test("a scenario's events take them, and say it, in the same words")
    func scenario() throws {
        let scenario = """
            scenario: quoted
            campaigns: [{campaign: C, trigger: {type: purchase}, messages: [{channel: push, title: x}]}]
            users: {u: {push_tokens: [t]}}
            events: [{at: 2026-03-02T10:00:00Z, user: u, type: purchase, product_id: A, price: "9.90", quantity: "2"}]
            expect: [{at: 2026-03-02T10:00:00Z, user: u, campaign: C, channel: push, decision: delivered}]
            """
        let read = try DaemonProcess.run(["simulate", "-"], input: scenario)
        #expect(read.status == 0, "\(read.out)\(read.err)")
        let comma = scenario.replacingOccurrences(of: "9.90", with: "9,90")
        let refused = try DaemonProcess.run(["simulate", "-"], input: comma)
        #expect(
            refused.status == 2 && refused.err.contains(#"-:4: events[0].price: "9,90" is not a number: write digits"#),
            "\(refused.err)"
        )
    }

    @Test("a price below zero, a refund, stands behind its option; what is no number says how it is written")
    func options() throws {
        let daemon = try DaemonProcess(Self.campaign)
        try daemon.start()
        let refund = ["track", "--user", "u", "--purchase", "A", "--price", "-3", "--quantity", "2"]
        let run = try DaemonProcess.run(refund + ["--socket", daemon.socket])
        #expect(run.status == 0, "\(run.err)")
        let wrong: [([String], String)] = [
            (["--price", "9,90"], "price: \"9,90\" is not a number: write digits and a point, like 9.90"),
            (["--price", ""], "is not a number"), (["--price", "--json"], "is not a number"),
            (["--price", "1", "--quantity", "-1"], "-1 is below one"),
            (["--price", "1", "--set", "a=1", "--set", "a=2"], "--set a: stands twice"),
        ]
        for (options, says) in wrong {
            let run = try DaemonProcess.run(
                ["track", "--user", "u", "--purchase", "A", "--socket", daemon.socket] + options
            )
            #expect(run.status == 2 && run.err.contains(says), "\(options): \(run.err)")
        }
    }

    @Test("a key that stands twice in a line is an error that names it: the second could be somebody else's words")
    func twice() throws {
        let daemon = try DaemonProcess(Self.campaign)
        try daemon.start()
        let lines = [
            #"{"user": "p", "user": "q", "type": "custom_event", "event": "e"}"#,
            #"{"user": "p", "type": "custom_event", "event": "e", "properties": {"a": 1, "b": [{"c": 1, "\u0063": 2}]}}"#,
            #"{"user": "p", "type": "custom_event", "event": "e", "properties": {"a": {"b": 1}, "b": 1, "A": 1}}"#,
        ]
        let run = try daemon.run("track", "-", "--json", input: lines.joined(separator: "\n"))
        #expect(run.status == 1)
        let errors = run.json.map { $0["error"] as? String ?? "none" }
        #expect(errors == ["the key user stands twice", "the key properties.b[0].c stands twice", "none"])
        #expect(try daemon.run("users", "get", "q").status == 1)
        let preview = try daemon.run("preview", "spent", "--user", "u", "--event", #"{"a": 1, "a": 2}"#)
        #expect(preview.status == 2 && preview.err.contains("the key a stands twice"), "\(preview.err)")
    }
}
