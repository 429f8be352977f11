import Foundation
import Testing

/// Requests and replies at their limits, over the socket.
@Suite(.serialized)
struct LimitTests {
    private static func property(_ name: String, text: String) -> [UInt8] {
        Wire.field(2, Wire.field(1, Array(name.utf8)) + Wire.field(2, Wire.field(4, Array(text.utf8))))
    }

    /// `triggerd.v1.Item` of a custom event with properties as fields of it.
    private static func item(_ user: String, id: String = "", _ properties: [UInt8] = []) -> [UInt8] {
        Wire.field(1, Array(user.utf8)) + (id.isEmpty ? [] : Wire.field(2, Array(id.utf8)))
            + Wire.field(5, Wire.field(1, Array("e".utf8)) + properties)
    }

    private static func set(_ name: String, text: String) -> [UInt8] {
        Wire.field(4, Wire.field(1, Array(name.utf8)) + Wire.field(2, Wire.field(4, Array(text.utf8))))
    }

    private static func track(_ wire: Wire, _ items: [[UInt8]]) throws -> Wire.Answer {
        try wire.call("Events", "Track", items.flatMap { Wire.field(1, $0) })
    }

    private static func results(_ answer: Wire.Answer) -> [(result: UInt64, decisions: Int, dropped: Int)] {
        Wire.fields(answer.payload).filter { $0.number == 1 }.map { item in
            let fields = Wire.fields(item.bytes)
            return (
                fields.first { $0.number == 1 }?.value ?? 0, fields.count { $0.number == 2 },
                Int(fields.first { $0.number == 4 }?.value ?? 0)
            )
        }
    }

    @Test("more decisions than a frame holds: the batch is taken, answered, and answered again after a restart")
    func manyDecisions() throws {
        let campaigns = (0..<40).map { number in
            """
            campaign: campaign-with-a-long-name-\(number)
            trigger: {type: custom_event, event: e}
            delay: 1h
            re_eligibility: {after: 0s}
            messages: [{channel: in_app, title: later}]
            """
        }
        let daemon = try DaemonProcess(campaigns.joined(separator: "\n---\n"))
        try daemon.start()
        let items = (0..<1_000).map { Self.item("user-\($0)", id: "id-\($0)") }
        for expected in [1, 2, 2] as [UInt64] {
            if try Wire(daemon.socket).call("Health", "Check", []).code != 0 { Issue.record("it does not answer") }
            let answer = try Self.track(try Wire(daemon.socket), items)
            #expect(answer.code == 0, "\(answer.text)")
            let results = Self.results(answer)
            #expect(results.count == 1_000)
            #expect(results.allSatisfy { $0.result == expected && $0.decisions + $0.dropped == 40 })
            #expect(results.contains { $0.dropped > 0 } && results.contains { $0.dropped == 0 })
            if expected == 2 {
                daemon.kill()
                try daemon.start()
            }
        }
        #expect(try daemon.run("explain", "user-999", "--json").json.count == 40)
    }

    @Test("a request that costs much is decided in parts: others are answered meanwhile, and it is answered whole")
    func parts() throws {
        let campaigns = (0..<40).map { number in
            """
            campaign: c\(number)
            trigger: {type: custom_event, event: e}
            delay: 1h
            messages: [{channel: email, subject: s, body: b}]
            """
        }
        let daemon = try DaemonProcess(campaigns.joined(separator: "\n---\n"))
        try daemon.start()
        let (large, small) = (try Wire(daemon.socket), try Wire(daemon.socket))
        let items = (0..<1_000).flatMap { Wire.field(1, Self.item("u\($0)", id: "i")) }
        try large.send(stream: 1, "triggerd.v1.Events", "Track", items)
        var answeredBefore = 0
        var last: Wire.Answer?
        while last == nil, answeredBefore < 100 {
            let one = try Self.track(small, [Self.item("other", id: "\(answeredBefore)")])
            #expect(one.code == 0)
            if large.hasAnswer { last = try large.answer() } else { answeredBefore += 1 }
        }
        #expect(answeredBefore >= 3)
        let first = try last ?? large.answer()
        #expect(first.code == 0, "\(first.text)")
        let results = Self.results(first)
        #expect(results.count == 1_000)
        #expect(results.allSatisfy { $0.result == 1 && $0.decisions + $0.dropped == 40 })
        daemon.kill()
        try daemon.start()
        let again = Self.results(try Wire(daemon.socket).call("Events", "Track", items))
        #expect(again.allSatisfy { $0.result == 2 && $0.decisions + $0.dropped == 40 })
        #expect(again.count == 1_000)
    }

    @Test("a large request, decoded beside the event loop, keeps its place among those of its connection")
    func order() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        let wire = try Wire(daemon.socket)
        func set(_ value: String, _ more: Int) -> [UInt8] {
            let filler = (0..<more).map { Self.item("filler\($0)", Self.property("text", text: "some words")) }
            let item = Wire.field(1, Array("u".utf8)) + Self.set("last", text: value) + Wire.field(8, [])
            return (filler + [item]).flatMap { Wire.field(1, $0) }
        }
        var stream: UInt32 = 1
        for round in 0..<5 {
            for (value, more) in [("a\(round)", 0), ("b\(round)", 4_000), ("c\(round)", 0), ("d\(round)", 2_000)] {
                try wire.send(stream: stream, "triggerd.v1.Events", "Track", set(value, more))
                stream += 2
            }
            try wire.send(stream: stream, "triggerd.v1.Events", "Track", set("last\(round)", 0))
            stream += 2
            for _ in 0..<5 { #expect(try wire.answer().code == 0) }
            #expect(try daemon.run("users", "get", "u").out.contains("last\(round)"))
        }
    }

    @Test("whatever is within the limits decodes: tiny items, and many properties")
    func decodes() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        let wire = try Wire(daemon.socket)
        let tiny = try Self.track(wire, (0..<10_000).map { _ in Self.item("u") })
        #expect(tiny.code == 0, "\(tiny.text)")
        let properties = (0..<20).flatMap { Self.property("p\($0)", text: "x") }
        let many = try Self.track(wire, (0..<3_000).map { Self.item("u\($0)", properties) })
        #expect(many.code == 0, "\(many.text)")
        let more = try Self.track(wire, (0..<10_001).map { _ in Self.item("u") })
        #expect(more.code == 3)
        #expect(more.text == "items: more than the 10000 that one request may hold")
    }

    @Test("each limit of an item: at it taken, beyond it refused with code 3 and named")
    func items() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        let wire = try Wire(daemon.socket)
        func properties(_ count: Int) -> [UInt8] { (0..<count).flatMap { Self.property("p\($0)", text: "x") } }
        func text(_ count: Int) -> [UInt8] { Self.property("t", text: String(repeating: "x", count: count)) }
        func list(_ count: Int) -> [UInt8] {
            let elements = (0..<count).flatMap { _ in Wire.field(1, []) }
            return Wire.field(2, Wire.field(1, Array("l".utf8)) + Wire.field(2, Wire.field(5, elements)))
        }
        let cases: [(at: [UInt8], beyond: [UInt8], says: String)] = [
            (properties(1_000), properties(1_001), "properties: 1001 are more than the 1000"),
            (text(262_144), text(262_145), "properties.t: a text longer than 262144 bytes"),
            (list(4_999), list(5_000), "5001 values"),
        ]
        for each in cases {
            #expect(try Self.track(wire, [Self.item("u", each.at)]).code == 0)
            let answer = try Self.track(wire, [Self.item("ok"), Self.item("u", each.beyond)])
            #expect(answer.code == 3)
            #expect(answer.text.contains(each.says) && answer.text.hasPrefix("items[1]."), "\(answer.text)")
        }
        // Of a profile: nothing of the request is taken.
        func sets(_ names: Range<Int>) -> [UInt8] {
            Wire.field(1, Array("p".utf8)) + Wire.field(8, []) + names.flatMap { Self.set("a\($0)", text: "x") }
        }
        #expect(try Self.track(wire, [sets(0..<600), sets(600..<1_000)]).code == 0)
        let past = try Self.track(wire, [Self.item("new"), sets(999..<1_001)])
        #expect(past.code == 3)
        #expect(past.text == "items[1].set: would take the profile past 1000 attributes")
        #expect(try daemon.run("explain", "new").out.contains("nobody called new is known"))
        #expect(try Self.track(wire, [sets(0..<1_000)]).code == 0)
    }

    @Test("a history of large decisions is paged by bytes, and all of it comes")
    func history() throws {
        // The reason of an abort is what the template says, and stands in the decision.
        let reason = String(repeating: "why ", count: 50_000)
        let daemon = try DaemonProcess(
            """
            campaign: c
            trigger: {type: custom_event, event: e}
            re_eligibility: {after: 0s}
            messages: [{channel: email, subject: "{% abort_message('\(reason)') %}", body: b}]
            """
        )
        try daemon.start()
        let wire = try Wire(daemon.socket)
        for _ in 0..<5 {
            let items = (0..<5).map { _ in
                Self.set("email", text: "u@example.com") + Self.item("u")
            }
            let answer = try wire.call("Events", "Track", items.flatMap { Wire.field(1, $0) })
            #expect(answer.code == 0, "\(answer.text)")
        }
        var (shown, page, pages) = (0, [UInt8](), 0)
        repeat {
            let request = Wire.field(1, Array("u".utf8)) + (page.isEmpty ? [] : Wire.field(4, page))
            let reply = try wire.call("Decisions", "Explain", request)
            #expect(reply.code == 0, "\(reply.text)")
            let fields = Wire.fields(reply.payload)
            shown += fields.count { $0.number == 1 }
            page = fields.first { $0.number == 2 }?.bytes ?? []
            pages += 1
        } while !page.isEmpty && pages < 100
        // Each event was scheduled, and aborted when it was due at once.
        #expect(shown == 50)
        #expect(pages > 1)
    }

    /// `triggerd.v1.Campaign` with a delay, and more fields.
    private static func campaign(_ more: [UInt8]) -> [UInt8] {
        let trigger = Wire.field(1, Array("session_start".utf8))
        let message = Wire.field(1, Array("in_app".utf8)) + ["title", "body"].flatMap { property($0, text: "x") }
        return Wire.field(1, Array("c".utf8)) + Wire.field(3, trigger) + [0x20] + Wire.varint(60_000)
            + Wire.field(7, message) + more
    }

    /// An audience that asks an attribute, in `depth` negations, with `operators` as packed.
    private static func audience(depth: Int = 0, path: String = "a", _ operators: [[UInt8]]) -> [UInt8] {
        let fact = Wire.field(1, Array("attribute".utf8)) + Wire.field(2, Array(path.utf8))
        var filter = Wire.field(5, fact + operators.flatMap { Wire.field(5, $0) })
        for _ in 0..<depth { filter = Wire.field(3, filter) }
        return Wire.field(9, filter)
    }

    private static func comparison(_ name: String, _ operand: [UInt8]) -> [UInt8] {
        Wire.field(1, Array(name.utf8)) + Wire.field(2, operand)
    }

    private static func text(_ text: String) -> [UInt8] { Wire.field(4, Array(text.utf8)) }

    @Test("each limit of a campaign holds for an Apply of messages as for one of files: code 3, and the field is named")
    func campaigns() throws {
        let purchase = Wire.field(1, Array("purchase".utf8))
        let exception = Wire.field(5, purchase)
        let conversion = Wire.field(14, Wire.field(1, purchase))
        let equal = Self.comparison("eq", Self.text("x"))
        let cases: [(String, (Int) -> [UInt8], most: Int)] = [
            ("exceptions", { Self.campaign((0..<$0).flatMap { _ in exception }) }, 100),
            ("conversions", { Self.campaign((0..<$0).flatMap { _ in conversion }) }, 100),
            ("audience", { Self.campaign(Self.audience(depth: $0, [equal])) }, 31),
            ("audience", { Self.campaign(Self.audience(path: String(repeating: "p", count: $0), [equal])) }, 1_024),
            ("audience", { Self.campaign(Self.audience(Array(repeating: equal, count: $0))) }, 1_999),
            (
                "audience",
                { count in
                    let element = Wire.field(1, Self.text("x"))
                    let list = Wire.field(5, (0..<count).flatMap { _ in element })
                    return Self.campaign(Self.audience([Self.comparison("any_of", list)]))
                }, 2_000
            ),
            (
                "audience",
                { Self.campaign(Self.audience([Self.comparison("matches", Self.text("(ab){\($0)}"))])) }, 1_000
            ),
        ]
        let daemon = try DaemonProcess()
        try daemon.start()
        let wire = try Wire(daemon.socket)
        for (index, (field, campaign, most)) in cases.enumerated() {
            let fits = try wire.call("Campaigns", "Apply", Wire.field(1, campaign(most)))
            #expect(fits.code == 0, "\(index): \(fits.text)")
            for count in [most + 1, most * 20] {
                let over = try wire.call("Campaigns", "Apply", Wire.field(1, campaign(count)))
                let isNamed = over.text.contains(field) || over.text.contains("nested deeper than 100")
                #expect(over.code == 3 && isNamed, "\(index), \(count): \(over.text)")
            }
        }
        #expect(try daemon.run("health").status == 0)
    }
}
