import Foundation
import Testing

/// The streaming methods of the built daemon, as bytes.
@Suite(.serialized)
struct StreamTests {
    private static let hello = """
        campaign: hello
        trigger: {type: custom_event, event: hi}
        re_eligibility: {after: 0s}
        messages: [{channel: email, subject: "Hi", body: "Hi"}]
        delay: 1h
        """
    private static let note = """
        campaign: note
        trigger: {type: custom_event, event: hi}
        re_eligibility: {after: 0s}
        messages: [{channel: in_app, title: "Hi"}]
        """

    private static func item(_ user: String, _ event: String, id: String = "") -> [UInt8] {
        Wire.field(1, Wire.item(user: user, id: id, event: event))
    }

    private struct Result: Equatable {
        var place: Int
        /// 1 accepted, 2 duplicate, 3 refused.
        var result: UInt64
        var code: UInt64
        var why: String
        var id: String
    }

    /// Of a `StreamReply`.
    private static func results(_ message: [UInt8]) -> [Result] {
        let fields = Wire.fields(message)
        let first = Int(fields.first { $0.number == 1 }?.value ?? 0)
        return fields.filter { $0.number == 2 }.enumerated().map { index, field in
            let item = Wire.fields(field.bytes)
            func text(_ number: Int) -> String {
                String(decoding: item.first { $0.number == number }?.bytes ?? [], as: UTF8.self)
            }
            return Result(
                place: first + index,
                result: item.first { $0.number == 1 }?.value ?? 0,
                code: item.first { $0.number == 5 }?.value ?? 0,
                why: text(6),
                id: text(7)
            )
        }
    }

    /// Everything of one stream up to its end.
    private static func rest(_ wire: Wire) throws -> [[UInt8]] {
        var messages: [[UInt8]] = []
        while true {
            let frame = try wire.frame()
            if frame.isEnd { return messages }
            #expect(frame.type == 3)
            messages.append(frame.body)
        }
    }

    @Test("Events/Stream: results in the order of the items, a wrong one refused alone, then the end")
    func results() throws {
        let daemon = try DaemonProcess(Self.hello)
        try daemon.start()
        let wire = try Wire(daemon.socket)
        try wire.send(stream: 1, "triggerd.v1.Events", "Stream", [])
        try wire.send(Wire.data(stream: 1, Self.item("u", "hi", id: "a")))
        let many = Self.item("u", "hi", id: "b") + Self.item("u", "", id: "c") + Self.item("u", "other", id: "a")
        try wire.send(Wire.data(stream: 1, many + Self.item("u", "hi", id: "b")))
        try wire.send(Wire.data(stream: 1, []) + Wire.data(stream: 1, Self.item("v", "hi")))
        try wire.send(Wire.data(stream: 1, [], flags: 5))
        let results = try Self.rest(wire).flatMap(Self.results)
        #expect(results.map(\.place) == [0, 1, 2, 3, 4, 5])
        #expect(results.map(\.result) == [1, 1, 3, 3, 2, 1])
        #expect(results.map(\.code) == [0, 0, 3, 6, 0, 0])
        #expect(results.map(\.id) == ["a", "b", "c", "a", "b", ""])
        #expect(results[2].why == "custom_event.event: is empty")
        #expect(results[3].why == #"id: "a" was used for another item of this user"#)
        // What was refused changed nothing, and what was accepted is decided.
        #expect(try daemon.codes("u").filter { $0 == "scheduled" }.count == 2)
        #expect(try wire.call("Health", "Check", []).code == 0)
    }

    @Test("Events/Stream: items of one message each, faster than they are decided, all have results")
    func many() throws {
        let daemon = try DaemonProcess(Self.hello)
        try daemon.start()
        let wire = try Wire(daemon.socket)
        try wire.send(stream: 1, "triggerd.v1.Events", "Stream", [])
        let count = 20_000
        let sender = BackgroundThread {
            for start in stride(from: 0, to: count, by: 100) {
                try wire.send(
                    (start..<start + 100).flatMap {
                        Wire.data(stream: 1, Self.item("u\($0 % 50)", "none", id: "\($0)"))
                    }
                )
            }
            try wire.send(Wire.data(stream: 1, [], flags: 5))
        }
        let results = try Self.rest(wire).flatMap(Self.results)
        try sender.join()
        #expect(results.map(\.id) == (0..<count).map(String.init))
        #expect(results.allSatisfy { $0.result == 1 })
    }

    @Test("Events/Stream: what does not decode ends the stream, after what came before it, and nothing else")
    func garbage() throws {
        let daemon = try DaemonProcess(Self.hello)
        try daemon.start()
        let wire = try Wire(daemon.socket)
        try wire.send(stream: 1, "triggerd.v1.Events", "Stream", [])
        try wire.send(Wire.data(stream: 1, Self.item("u", "hi", id: "a")) + Wire.data(stream: 1, [0xff, 0xff]))
        try wire.send(Wire.data(stream: 1, Self.item("u", "hi", id: "b")))
        #expect(Self.results(try wire.frame().body).map(\.id) == ["a"])
        let answer = try wire.answer()
        #expect(answer.stream == 1 && answer.text.contains("error unmarshalling payload"))
        #expect(try wire.call("Health", "Check", []).code == 0)
        #expect(try daemon.codes("u").count == 1)
    }

    // MARK: Watch

    private static func watch(_ wire: Wire, after: UInt64?, user: String = "", campaign: String = "", code: String = "")
        throws
    {
        var request = Wire.text(1, user) + Wire.text(2, campaign) + Wire.text(3, code)
        if let after { request += Wire.number(4, after) }
        try wire.send(stream: 1, "triggerd.v1.Decisions", "Watch", request)
    }

    /// The sequences of a message's decisions, and its position.
    private static func told(_ message: [UInt8]) -> (sequences: [UInt64], position: UInt64) {
        let fields = Wire.fields(message)
        let sequences = fields.filter { $0.number == 1 }.map { decision in
            Wire.fields(decision.bytes).first { $0.number == 1 }?.value ?? 0
        }
        return (sequences, fields.first { $0.number == 2 }?.value ?? 0)
    }

    @Test("Decisions/Watch: from the beginning, live, and on after a kill: everything once, in order")
    func watch() throws {
        let daemon = try DaemonProcess(Self.hello)
        try daemon.start()
        try daemon.run("track", "--user", "u1", "--event", "hi")
        var seen: [UInt64] = []
        var position: UInt64 = 0
        for round in 0..<3 {
            let wire = try Wire(daemon.socket)
            try Self.watch(wire, after: position)
            for number in 0..<20 { try daemon.run("track", "--user", "r\(round)-\(number)", "--event", "hi") }
            while seen.count < 1 + (round + 1) * 20 {
                let (sequences, now) = Self.told(try wire.frame().body)
                seen += sequences
                position = now
            }
            daemon.kill()
            try daemon.start()
        }
        #expect(seen == seen.sorted() && Set(seen).count == seen.count)
        let all = try Wire(daemon.socket).call("Decisions", "List", Wire.number(3, 1_000))
        let listed = Self.told(all.payload.isEmpty ? [] : all.payload).sequences
        #expect(seen == listed.reversed())
    }

    @Test("Decisions/Watch: of one user, one campaign, one code; from now on nothing of before")
    func filters() throws {
        let daemon = try DaemonProcess(Self.hello, Self.note)
        try daemon.start()
        try daemon.run("track", "--user", "before", "--event", "hi")
        let wires = try (0..<4).map { _ in try Wire(daemon.socket) }
        try Self.watch(wires[0], after: nil)
        try Self.watch(wires[1], after: nil, user: "u2")
        try Self.watch(wires[2], after: nil, campaign: "hello")
        try Self.watch(wires[3], after: nil, code: "queued_in_app")
        // Each says at once where it begins.
        for wire in wires { #expect(Self.told(try wire.frame().body).sequences == []) }
        for user in ["u1", "u2", "u3"] { try daemon.run("track", "--user", user, "--event", "hi") }
        func count(_ wire: Wire, _ most: Int) throws -> Int {
            var count = 0
            while count < most { count += Self.told(try wire.frame().body).sequences.count }
            return count
        }
        // Of each user: hello is scheduled, note is scheduled and queued.
        #expect(try count(wires[0], 9) == 9)
        #expect(try count(wires[1], 3) == 3)
        #expect(try count(wires[2], 3) == 3)
        #expect(try count(wires[3], 3) == 3)
        for wire in wires { #expect(!wire.hasAnswer) }
        let refused = try Wire(daemon.socket)
        try Self.watch(refused, after: nil, code: "no_such_thing")
        #expect(try refused.answer().code == 3)
    }

    @Test("Decisions/Watch: who does not read holds up nobody, and misses nothing")
    func slow() throws {
        let daemon = try DaemonProcess(Self.note)
        try daemon.start()
        let wire = try Wire(daemon.socket)
        try Self.watch(wire, after: 0)
        let lines = (0..<15_000).map { #"{"user": "user-number-\#($0)", "type": "custom_event", "event": "hi"}"# }
        let tracked = try daemon.run("track", "-", input: lines.joined(separator: "\n"))
        #expect(tracked.status == 0)
        var seen: [UInt64] = []
        while seen.count < 30_000 { seen += Self.told(try wire.frame().body).sequences }
        #expect(seen == seen.sorted() && Set(seen).count == 30_000)
    }

    @Test("Inbox/Watch: a message as soon as it is due, once, and the next when its time has come")
    func inbox() throws {
        let daemon = try DaemonProcess(Self.note)
        try daemon.start()
        let wire = try Wire(daemon.socket)
        try wire.send(stream: 1, "triggerd.v1.Inbox", "Watch", Wire.text(1, "u") + Wire.text(2, "phone"))
        try daemon.run("track", "--user", "u", "--event", "hi")
        func token(_ frame: Wire.Frame) -> UInt64? {
            let lease = Wire.fields(frame.body).first { $0.number == 1 }?.bytes ?? []
            return Wire.fields(lease).first { $0.number == 1 }?.value
        }
        let first = try #require(token(try wire.frame()))
        // A session of the same client is given the same; the watch does not tell it twice.
        try daemon.run("track", "--user", "u", "--session-start", "--device", "phone")
        try wire.send(
            stream: 3,
            "triggerd.v1.Inbox",
            "Acknowledge",
            Wire.text(1, "u") + Wire.number(2, first)
        )
        let seen = try wire.answer()
        #expect(seen.stream == 3 && seen.code == 0)
        #expect(try daemon.codes("u").contains("delivered"))
        // Within 30 s of that the next one waits, however often it is looked for.
        try daemon.run("track", "--user", "u", "--event", "hi")
        try daemon.wait("the next is passed over") { try daemon.codes("u").contains("iam_min_interval") }
        for _ in 0..<3 { try daemon.run("track", "--user", "u", "--event", "hi") }
        #expect(try daemon.codes("u").filter { $0 == "iam_min_interval" }.count == 1)
        #expect(!wire.hasAnswer)
    }

    @Test("a shutdown ends streams with UNAVAILABLE, what came is answered, and it takes no time")
    func shutdown() throws {
        let daemon = try DaemonProcess(Self.hello)
        try daemon.start()
        let wire = try Wire(daemon.socket)
        try wire.send(stream: 1, "triggerd.v1.Events", "Stream", [])
        try wire.send(stream: 3, "triggerd.v1.Decisions", "Watch", [])
        try wire.send(stream: 5, "triggerd.v1.Inbox", "Watch", Wire.text(1, "u"))
        #expect(try wire.frame().stream == 3)
        try wire.send(Wire.data(stream: 1, Self.item("u", "hi", id: "a")))
        #expect(Self.results(try wire.frame().body).map(\.id) == ["a"])
        #expect(!Self.told(try wire.frame().body).sequences.isEmpty)
        let start = ContinuousClock.now
        #expect(daemon.stop() == 0)
        #expect(ContinuousClock.now - start < .seconds(8))
        var codes: [UInt32: UInt64] = [:]
        for _ in 0..<3 {
            let answer = try wire.answer()
            codes[answer.stream] = answer.code
        }
        #expect(codes == [1: 14, 3: 14, 5: 14])
    }
}
