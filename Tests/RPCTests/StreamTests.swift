import Glibc
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import RPC

/// The cases of streams (48 to 73), as bytes over a real socket.
@Suite(.serialized)
struct StreamTests {
    static let fixture = StreamFixture()

    typealias Frame = RawWire.Frame

    static func open(_ stream: UInt32, _ method: String, _ payload: [UInt8] = [], flags: UInt8 = 2) -> [UInt8] {
        var body = WireTests.envelope("p.S", method, payload)
        // Without a payload the field is not there.
        if payload.isEmpty { body.removeLast(2) }
        return WireTests.frame(stream, body, flags: flags)
    }

    static func data(_ stream: UInt32, _ text: String, flags: UInt8 = 0) -> [UInt8] {
        WireTests.frame(stream, Array(text.utf8), type: 3, flags: flags)
    }

    static func end(_ stream: UInt32) -> [UInt8] { data(stream, "", flags: 5) }

    static func isData(_ frame: Frame, _ stream: UInt32, _ text: String) -> Bool {
        frame == Frame(stream: stream, type: 3, flags: 0, body: Array(text.utf8))
    }

    static func isEnd(_ frame: Frame, _ stream: UInt32) -> Bool {
        frame == Frame(stream: stream, type: 3, flags: 5, body: [])
    }

    /// Whether nothing more comes for anything before: an Echo sent now is answered next.
    static func isQuiet(_ wire: RawWire) -> Bool {
        wire.send(WireTests.frame(999, WireTests.envelope()))
        return wire.answer() == WireTests.Answer(stream: 999, code: 0, text: "", payload: [0x0a, 2, 0x68, 0x69])
    }

    @Test("1.3: golden bytes of a stream")
    func golden() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send([0, 0, 0, 11, 0, 0, 0, 1, 1, 2, 0x0a, 3, 0x70, 0x2e, 0x53, 0x12, 4, 0x42, 0x69, 0x64, 0x69])
            wire.send([0, 0, 0, 3, 0, 0, 0, 1, 3, 0, 0x0a, 1, 0x61])
            #expect(wire.read(13) == [0, 0, 0, 3, 0, 0, 0, 1, 3, 0, 0x0a, 1, 0x61])
            wire.send([0, 0, 0, 0, 0, 0, 0, 1, 3, 5])
            #expect(wire.read(10) == [0, 0, 0, 0, 0, 0, 0, 1, 3, 5])
        }
    }

    @Test(
        "cases 48, 49, 50: the method's kind decides, whatever the request's flags",
        arguments: [2, 6, 0, 1, 0xff] as [UInt8]
    )
    func kinds(flags: UInt8) async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.open(1, "Bidi", flags: flags) + Self.data(1, "a") + Self.end(1))
            #expect(Self.isData(wire.wholeFrame(), 1, "a"))
            #expect(Self.isEnd(wire.wholeFrame(), 1))
            #expect(Self.isQuiet(wire))
        }
    }

    @Test("cases 51, 52: a payload is the first message of a client's stream, an empty one is none")
    func firstMessage() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.open(1, "Bidi", Array("first".utf8)) + Self.end(1))
            #expect(Self.isData(wire.wholeFrame(), 1, "first"))
            #expect(Self.isEnd(wire.wholeFrame(), 1))
            wire.send(WireTests.frame(3, WireTests.envelope("p.S", "Bidi", []), flags: 2) + Self.end(3))
            #expect(Self.isEnd(wire.wholeFrame(), 3))
        }
    }

    @Test("cases 53, 54, 55: a server's stream, its request empty or not, under any flags", arguments: [1, 0, 2])
    func serverStream(flags: UInt8) async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            for (stream, text) in [(1, "hi"), (3, "")] as [(UInt32, String)] {
                wire.send(Self.open(stream, "Div", Array(text.utf8), flags: flags))
                #expect(Self.isData(wire.wholeFrame(), stream, text))
                #expect(Self.isData(wire.wholeFrame(), stream, text))
                #expect(Self.isEnd(wire.wholeFrame(), stream))
                // Of a client that says at last that this was all.
                wire.send(Self.end(stream))
            }
            #expect(Self.isQuiet(wire))
        }
    }

    @Test("case 56: a client's stream has one answer, whatever it sent")
    func sum() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.open(1, "Sum") + Self.data(1, "abc") + Self.data(1, "de") + Self.end(1))
            #expect(wire.answer() == WireTests.Answer(stream: 1, code: 0, text: "", payload: Array("2 5".utf8)))
            let parts = (0..<202).flatMap { Self.data(3, $0 % 2 == 0 ? "" : "x") }
            wire.send(Self.open(3, "Sum") + parts + Self.end(3))
            #expect(wire.answer().payload == Array("202 101".utf8))
            #expect(Self.isQuiet(wire))
        }
    }

    @Test("cases 57, 58, 59, 60: an empty message, no message, a last one, and one that comes with the end")
    func flags() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.open(1, "Bidi") + Self.data(1, ""))
            #expect(Self.isData(wire.wholeFrame(), 1, ""))
            wire.send(Self.data(1, "", flags: 4))
            #expect(Self.isQuiet(wire))
            wire.send(Self.data(1, "", flags: 1))
            #expect(Self.isData(wire.wholeFrame(), 1, ""))
            #expect(Self.isEnd(wire.wholeFrame(), 1))
            wire.send(Self.open(3, "Bidi") + Self.data(3, "last", flags: 1))
            #expect(Self.isData(wire.wholeFrame(), 3, "last"))
            #expect(Self.isEnd(wire.wholeFrame(), 3))
            #expect(Self.isQuiet(wire))
        }
    }

    @Test("cases 61, 62: a message after the end is a fault, the end again is not")
    func afterTheEnd() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.open(1, "Stuck") + Self.end(1) + Self.end(1))
            #expect(Self.isQuiet(wire))
            wire.send(Self.data(1, "late"))
            let text = "data handling error: ttrpc: stream closed"
            #expect(wire.answer() == WireTests.Answer(stream: 1, code: 3, text: text))
            #expect(await Self.fixture.hasEnded("Stuck"))
            wire.send(Self.data(1, "later"))
            #expect(Self.isQuiet(wire))
        }
    }

    @Test("cases 63, 64: of a stream that never was one frame is told; of one that ended none, however many")
    func stray() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.data(5, "x") + Self.data(5, "x") + Self.data(5, "x"))
            #expect(wire.answer() == WireTests.Answer(stream: 5, code: 3, text: "StreamID is no longer active"))
            #expect(Self.isQuiet(wire))
            wire.send(Self.open(1, "Fail") + (0..<100).flatMap { _ in Self.data(1, "x") } + Self.end(1))
            #expect(wire.answer() == WireTests.Answer(stream: 1, code: 2, text: "sfail"))
            #expect(Self.isQuiet(wire))
        }
    }

    @Test("case 65: data for a unary call under way is dropped, and its answer is its own")
    func dataForUnary() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(WireTests.frame(1, WireTests.envelope("p.S", "Later")) + Self.data(1, "x") + Self.end(1))
            #expect(wire.answer() == WireTests.Answer(stream: 1, code: 0, text: "", payload: [0x0a, 2, 0x68, 0x69]))
            #expect(Self.isQuiet(wire))
        }
    }

    @Test("cases 66, 67: an error ends a stream, after what was sent, and nothing follows it")
    func errors() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.open(1, "Fail"))
            #expect(wire.answer() == WireTests.Answer(stream: 1, code: 2, text: "sfail"))
            wire.send(Self.open(3, "FailLate", [7]))
            for _ in 0..<2 { #expect(wire.wholeFrame() == Frame(stream: 3, type: 3, flags: 0, body: [7])) }
            #expect(wire.answer() == WireTests.Answer(stream: 3, code: 10, text: "late"))
            #expect(Self.isQuiet(wire))
        }
    }

    @Test("cases 68, 69: ping-pong of 100, and 1000 in the order of the wire, then the end")
    func order() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.open(1, "Bidi"))
            for number in 0..<100 {
                wire.send(Self.data(1, "message \(number)"))
                #expect(Self.isData(wire.wholeFrame(), 1, "message \(number)"))
            }
            wire.send(Self.open(3, "Thousand"))
            for number in 0..<1_000 { #expect(wire.wholeFrame().body == [UInt8(number >> 8), UInt8(number & 255)]) }
            #expect(Self.isEnd(wire.wholeFrame(), 3))
        }
    }

    @Test("case 70: a method that ends before its client does is told, and its id is free")
    func returns() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.open(1, "Once") + Self.data(1, "a") + Self.data(1, "b"))
            #expect(Self.isEnd(wire.wholeFrame(), 1))
            #expect(await Self.fixture.hasEnded("Once"))
            wire.send(Self.open(1, "Bidi") + Self.data(1, "again"))
            #expect(Self.isData(wire.wholeFrame(), 1, "again"))
        }
    }

    @Test("case 71: a stream that nobody takes from holds up nobody, and beyond its budget ends alone")
    func stuck() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.open(1, "Stuck") + (0..<70).flatMap { _ in Self.data(1, "x") })
            let start = ContinuousClock.now
            #expect(Self.isQuiet(wire))
            #expect(ContinuousClock.now - start < .milliseconds(50))
            let limit = Limits().streamMessages
            wire.send((70..<limit).flatMap { _ in Self.data(1, "x") })
            #expect(Self.isQuiet(wire))
            wire.send(Self.data(1, "x"))
            let refusal = wire.answer()
            #expect(refusal.stream == 1 && refusal.code == 8)
            #expect(await Self.fixture.hasEnded("Stuck"))
            wire.send(Self.data(1, "x"))
            #expect(Self.isQuiet(wire))
        }
    }

    @Test("a stream's budget of bytes: at it, and beyond it")
    func stuckBytes() async throws {
        var limits = Limits()
        limits.streamBytes = 10
        try await WireTests.withServer(limits: limits) { _, path in
            let wire = try RawWire(path)
            wire.send(Self.open(1, "Stuck") + Self.data(1, "12345") + Self.data(1, "67890"))
            #expect(Self.isQuiet(wire))
            wire.send(Self.data(1, "1"))
            #expect(wire.answer().code == 8)
            #expect(await Self.fixture.hasEnded("Stuck"))
        }
    }

    @Test("a method that always takes on is waited for, and loses nothing")
    func waits() async throws {
        var limits = Limits()
        limits.streamMessages = 4
        try await WireTests.withServer(limits: limits) { _, path in
            let wire = try RawWire(path)
            wire.send(Self.open(1, "Slow") + (0..<200).flatMap { Self.data(1, "\($0)") } + Self.end(1))
            for number in 0..<200 { #expect(Self.isData(wire.wholeFrame(), 1, "\(number)")) }
            #expect(Self.isEnd(wire.wholeFrame(), 1))
            #expect(Self.isQuiet(wire))
        }
    }

    @Test("case 72: a stream that is not read makes its method wait, costs little, and holds up no other connection")
    func unread() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.open(1, "Pour"))
            let other = try RawWire(path)
            for _ in 0..<100 { #expect(Self.isQuiet(other)) }
            // Read on, it goes on: more than was ever written at once.
            for _ in 0..<500 { #expect(wire.wholeFrame().body.count == 10_000) }
            wire.close()
            #expect(await Self.fixture.hasEnded("Pour"))
        }
    }

    @Test("streams of one connection leave in turn, and an answer does not wait for what waits of them")
    func turns() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.open(1, "Pour") + Self.open(3, "Pour"))
            var counts: [UInt32: Int] = [:]
            for _ in 0..<400 { counts[wire.wholeFrame().stream, default: 0] += 1 }
            #expect(counts[1, default: 0] > 100 && counts[3, default: 0] > 100)
            wire.send(WireTests.frame(999, WireTests.envelope()))
            var before = 0
            while wire.wholeFrame().stream != 999 { before += 1 }
            // They would never end. What left before the server came to read it is far from that.
            #expect(before < 2_000)
            wire.close()
            for _ in 0..<2 { #expect(await Self.fixture.hasEnded("Pour")) }
        }
    }

    @Test("cases 9, 73: garbage, or a message that is too large, ends its stream, and the connection lives")
    func garbage() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.open(1, "Bidi") + Self.data(1, "garbage"))
            #expect(wire.answer().code == 3)
            #expect(await Self.fixture.hasEnded("Bidi"))
            wire.send(Self.open(3, "Bidi"))
            wire.send(WireTests.frame(3, [UInt8](repeating: 0, count: 4_194_305), type: 3))
            #expect(wire.answer().code == 8)
            #expect(await Self.fixture.hasEnded("Bidi"))
            wire.send(Self.data(3, "x") + Self.end(3))
            #expect(Self.isQuiet(wire))
        }
    }

    @Test("1.4: a stream has a deadline where its client sends one")
    func deadline() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(WireTests.frame(1, WireTests.envelope("p.S", "Stuck", [], more: WireTests.timeout(20_000_000))))
            #expect(wire.answer() == WireTests.Answer(stream: 1, code: 4, text: "context deadline exceeded"))
            #expect(await Self.fixture.hasEnded("Stuck"))
            wire.send(Self.data(1, "late"))
            #expect(Self.isQuiet(wire))
        }
    }

    @Test("case 74: a stream whose client leaves is told")
    func leaves() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.open(1, "Stuck"))
            #expect(Self.isQuiet(wire))
            wire.close()
            #expect(await Self.fixture.hasEnded("Stuck"))
        }
    }

    @Test("a shutdown ends streams that would not end, and answers those that have begun to", .timeLimit(.minutes(1)))
    func drain() async throws {
        try await WireTests.withServer { server, path in
            let wire = try RawWire(path)
            wire.send(Self.open(1, "Stuck") + Self.open(3, "Bidi") + Self.open(5, "Sum") + Self.data(5, "abc"))
            #expect(Self.isQuiet(wire))
            await server.shutdown(grace: .seconds(30))
            let answers = (0..<3).map { _ in wire.answer() }.sorted { $0.stream < $1.stream }
            #expect(answers[0] == WireTests.Answer(stream: 1, code: 14, text: "the server is shutting down"))
            #expect(answers[1] == WireTests.Answer(stream: 3, code: 14, text: "drained"))
            #expect(answers[2] == WireTests.Answer(stream: 5, code: 0, text: "", payload: Array("1 3".utf8)))
            #expect(wire.isClosed())
            #expect(await Self.fixture.hasEnded("Stuck"))
        }
    }

    @Test("our client: each kind of stream, back-pressure, an error and a connection that ends")
    func client() async throws {
        try await WireTests.withServer { _, path in
            let client = try await Client.connect(unix: path)
            let echo = try await client.open(service: "p.S", method: "Bidi")
            for number in 0..<100 {
                try await echo.send(ByteBuffer(string: "\(number)"))
                #expect(try await echo.receive() == ByteBuffer(string: "\(number)"))
            }
            echo.finish()
            #expect(try await echo.receive() == nil)
            let sum = try await client.open(service: "p.S", method: "Sum")
            for _ in 0..<5_000 { try await sum.send(ByteBuffer(repeating: 0, count: 1_000)) }
            sum.finish()
            #expect(try await sum.receive() == ByteBuffer(string: "5000 5000000"))
            #expect(try await sum.receive() == nil)
            let failing = try await client.open(service: "p.S", method: "FailLate", payload: ByteBuffer(string: "x"))
            for _ in 0..<2 { #expect(try await failing.receive() == ByteBuffer(string: "x")) }
            await #expect(throws: Status(.aborted, "late")) { try await failing.receive() }
            let pour = try await client.open(service: "p.S", method: "Pour", payload: ByteBuffer())
            // More than a client keeps: what nobody takes is not read.
            for _ in 0..<3_000 { #expect(try await pour.receive()?.readableBytes == 10_000) }
            await client.close()
            await #expect(throws: ClientClosed.self) { while try await pour.receive() != nil {} }
            #expect(await Self.fixture.hasEnded("Bidi"))
            #expect(await Self.fixture.hasEnded("Pour"))
        }
    }
}
