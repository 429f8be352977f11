import Foundation
import Testing

/// Absent is absent, and zero is a value; what no calendar of four digits can write is refused where it comes in.
struct PresenceTests {
    private static let late = """
        campaign: late
        launched_at: 1960-01-01
        trigger: {type: custom_event, event: add_to_cart}
        messages: [{channel: in_app, title: hello}]
        """

    private static func event(at time: Int64?, id: String = "") -> [UInt8] {
        Wire.field(
            1,
            Wire.item(user: "w", id: id, event: "add_to_cart") + (time.map { Wire.number(3, $0) } ?? [])
        )
    }

    @Test("1970-01-01T00:00:00Z is an instant: nothing is sent today for what happened then")
    func epoch() throws {
        let daemon = try DaemonProcess(slow)
        try daemon.start()
        try daemon.run("track", "--user", "u", "--event", "add_to_cart", "--at", "1970-01-01T00:00:00Z")
        #expect(try daemon.codes("u") == ["event_before_launch"])
        let wire = try Wire(daemon.socket)
        try wire.send(stream: 1, "triggerd.v1.Events", "Track", Self.event(at: 0))
        #expect(try wire.answer().code == 0)
        #expect(try daemon.codes("w") == ["event_before_launch"])
        try wire.send(stream: 3, "triggerd.v1.Events", "Track", Self.event(at: nil))
        #expect(try wire.answer().code == 0)
        #expect(try daemon.codes("w").first == "scheduled")

        // Under one id the two are two items.
        try wire.send(stream: 5, "triggerd.v1.Events", "Track", Self.event(at: nil, id: "1"))
        #expect(try wire.answer().code == 0)
        try wire.send(stream: 7, "triggerd.v1.Events", "Track", Self.event(at: 0, id: "1"))
        #expect(try wire.answer().code == 6)
    }

    @Test("instants outside the years 1 to 9999 are code 3 with the field's path, and end nothing")
    func years() throws {
        let daemon = try DaemonProcess(Self.late)
        try daemon.start()
        let wire = try Wire(daemon.socket)
        var stream: UInt32 = 1
        let (first, last): (Int64, Int64) = (-62_135_596_800_000, 253_402_300_799_999)
        for (time, code) in [
            (first, 0), (first - 1, 3), (last, 0), (last + 1, 3), (.min, 3), (.min + 1, 3), (.max, 3), (0, 0),
        ] as [(Int64, UInt64)] {
            try wire.send(stream: stream, "triggerd.v1.Events", "Track", Self.event(at: time))
            let answer = try wire.answer()
            #expect(answer.code == code, "\(time): \(answer.text)")
            if code == 3 { #expect(answer.text.hasPrefix("items[0].time_ms: \(time) is not within"), "\(answer.text)") }
            stream += 2
        }
        for launch in [Int64.min, .max, first - 1] {
            let trigger = Wire.field(1, Array("session_start".utf8))
            let message = Wire.field(1, Array("in_app".utf8))
            let campaign =
                Wire.field(1, Array("w".utf8)) + Wire.number(2, launch) + Wire.field(3, trigger)
                + Wire.field(7, message)
            try wire.send(stream: stream, "triggerd.v1.Campaigns", "Apply", Wire.field(1, campaign))
            let answer = try wire.answer()
            #expect(
                answer.code == 3 && answer.text.contains("launched_at_ms: \(launch) is not within"),
                "\(answer.text)"
            )
            stream += 2
        }
        for days in [732, 106_751_991_168, Int64.max, -1, .min] {
            let trigger = Wire.field(1, Array("session_start".utf8))
            let message = Wire.field(1, Array("in_app".utf8))
            let delay = Wire.number(2, days) + Wire.field(4, Array("09:00".utf8))
            let campaign =
                Wire.field(1, Array("w".utf8)) + Wire.field(3, trigger) + Wire.field(7, message) + Wire.field(8, delay)
            try wire.send(stream: stream, "triggerd.v1.Campaigns", "Apply", Wire.field(1, campaign))
            let answer = try wire.answer()
            #expect(answer.code == 3 && answer.text.contains("delay"), "\(days): \(answer.text)")
            stream += 2
        }
        let file = Self.late.replacingOccurrences(of: "1960-01-01", with: "0000-01-01")
        #expect(try daemon.run("apply", "-", input: file).status == 1)
        #expect(try daemon.run("campaigns").out.contains("1960-01-01"))
        #expect(try daemon.run("health").status == 0)
    }

    @Test("a purchase has a price, a place two degrees, and a number of things is at least one")
    func numbers() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        let wire = try Wire(daemon.socket)
        let product = Wire.field(1, Array("p".utf8))
        let items: [(Int, [UInt8], String)] = [
            (6, product, "purchase.price: is missing"), (6, product + Wire.double(2, 0), ""),
            (6, product + Wire.double(2, 1) + Wire.number(4, 0), "purchase.quantity: 0 is below one"),
            (9, [], "location.latitude: is missing"), (9, Wire.double(1, 0), "location.longitude: is missing"),
            (9, Wire.double(1, 0) + Wire.double(2, 0), ""),
        ]
        for (index, (field, body, text)) in items.enumerated() {
            let item = Wire.field(1, Array("u".utf8)) + Wire.field(field, body)
            try wire.send(stream: UInt32(2 * index + 1), "triggerd.v1.Events", "Track", Wire.field(1, item))
            let answer = try wire.answer()
            #expect(
                answer.code == (text.isEmpty ? 0 : 3) && answer.text.hasPrefix(text.isEmpty ? "" : "items[0].\(text)"),
                "\(index): \(answer.text)"
            )
        }
    }

    @Test("whole numbers past 64 bits are refused in a scenario, and are texts where a text is wanted")
    func wideNumbers() throws {
        let daemon = try DaemonProcess()
        let scenario = """
            scenario: wide
            campaigns: [{campaign: c, trigger: {type: custom_event, event: e}, messages: [{channel: in_app, title: t}]}]
            events:
            - {at: 2026-03-02T10:00:00Z, user: 18446744073709551593, type: custom_event, event: e, properties: {n: N}}
            expect: []
            """
        let wide = try daemon.run(
            "simulate",
            "-",
            input: scenario.replacingOccurrences(of: "N}", with: "18446744073709551593}")
        )
        #expect(wide.status == 2 && wide.err.contains("18446744073709551593 does not fit 64 bits"), "\(wide.err)")
        let quoted = try daemon.run(
            "simulate",
            "-",
            "--json",
            input: scenario.replacingOccurrences(of: "N}", with: "1}")
        )
        #expect(quoted.json.first?["user"] as? String == "18446744073709551593", "\(quoted)")
    }
}
