import Glibc
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import RPC

/// The cases of the wire at its edges: sizes, ids, deadlines, and how connections end.
@Suite(.serialized)
struct EdgeTests {
    @Test("case 6: a frame of the largest length is processed")
    func largest() async throws {
        try await WireTests.withServer { _, path in
            var body = WireTests.envelope("p.S", "Drop", [])
            body.removeLast(2)
            let count = Limits.messageBytes - body.count - 5
            body.append(0x1a)
            for shift in [0, 7, 14, 21] { body.append(UInt8(count >> shift & 0x7f) | (shift < 21 ? 0x80 : 0)) }
            body += [UInt8](repeating: 7, count: count)
            #expect(body.count == 4_194_304)
            let wire = try RawWire(path)
            wire.send(WireTests.frame(1, body))
            #expect(wire.answer() == WireTests.Answer(stream: 1, code: 0, text: ""))
        }
    }

    @Test("case 11: a header of too much, and then silence, is closed")
    func silence() async throws {
        var limits = Limits()
        limits.passOverPause = .milliseconds(50)
        try await WireTests.withServer(limits: limits) { _, path in
            let wire = try RawWire(path)
            wire.send(Array(WireTests.frame(1, [UInt8](repeating: 0, count: 5_000_000)).prefix(1_000)))
            #expect(wire.answer().code == 8)
            #expect(wire.isClosed())
        }
    }

    @Test("case 17: an unknown type with an even id is told of its id")
    func evenUnknown() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(WireTests.frame(2, [], type: 9))
            let text = "StreamID must be odd for client initiated streams"
            #expect(wire.answer() == WireTests.Answer(stream: 2, code: 3, text: text))
            #expect(StreamTests.isQuiet(wire))
        }
    }

    @Test("cases 21, 22, 25, 26: gaps, the largest id, smaller ones and a wrap are calls like any other")
    func ids() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            for stream in [1, 101, 0xffff_ffff, 1, 5, 3] as [UInt32] {
                wire.send(WireTests.frame(stream, WireTests.envelope()))
                let echo = WireTests.Answer(stream: stream, code: 0, text: "", payload: [0x0a, 2, 0x68, 0x69])
                #expect(wire.answer() == echo)
            }
        }
    }

    @Test("cases 33, 36: a code of its own, and one that no client knows")
    func codes() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(WireTests.frame(1, WireTests.envelope("p.S", "EOF")))
            #expect(wire.answer() == WireTests.Answer(stream: 1, code: 11, text: "EOF"))
            wire.send(WireTests.frame(3, WireTests.envelope("p.S", "Odd")))
            #expect(wire.answer() == WireTests.Answer(stream: 3, code: 2, text: "odd"))
        }
    }

    @Test("cases 42, 43: without a timeout there is no deadline; with one it is that far away")
    func deadlines() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            func deadline(_ more: [UInt8]) -> String {
                wire.send(WireTests.frame(1, WireTests.envelope("p.S", "Deadline", [], more: more)))
                return String(decoding: wire.answer().payload, as: UTF8.self)
            }
            #expect(deadline([]) == "none")
            #expect(deadline(WireTests.timeout(0)) == "none")
            let left = try #require(Int(deadline(WireTests.timeout(600_000_000_000))))
            #expect((599_950...600_000).contains(left))
        }
    }

    @Test("case 40: a deadline that passed before the answer leaves is code 4, though the loop had no time to tell")
    func busy() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(WireTests.frame(1, WireTests.envelope("p.S", "Busy", more: WireTests.timeout(20_000_000))))
            #expect(wire.answer() == WireTests.Answer(stream: 1, code: 4, text: "context deadline exceeded"))
            let stream = WireTests.envelope("p.S", "BusyStream", more: WireTests.timeout(20_000_000))
            wire.send(WireTests.frame(3, stream))
            #expect(wire.frame().type == 3)
            #expect(wire.answer() == WireTests.Answer(stream: 3, code: 4, text: "context deadline exceeded"))
        }
    }

    @Test("an answer whose deadline is near does not wait for what came with it")
    func near() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            let start = ContinuousClock.now
            wire.send(
                WireTests.frame(1, WireTests.envelope(more: WireTests.timeout(40_000_000)))
                    + WireTests.frame(3, WireTests.envelope("p.S", "Busy"))
            )
            #expect(wire.answer().code == 0)
            #expect(ContinuousClock.now - start < .milliseconds(40))
            #expect(wire.answer().stream == 3)
        }
    }

    @Test("case 76: an abstract address works as a path does")
    func abstract() async throws {
        let server = try Server(
            services: WireTests.services,
            needs: { _, _ in [] },
            logger: Logger(label: "test"),
            group: MultiThreadedEventLoopGroup.singleton
        )
        let name = "@triggerd-rpc-\(getpid())"
        try await server.listen(Door(.unix(UnixPlace(path: name)), Admission(roles: .all)))
        #expect(StreamTests.isQuiet(try RawWire(name)))
        await server.shutdown(grace: .zero)
    }

    @Test("case 80: a shutdown before anybody came returns at once")
    func nobody() async throws {
        try await WireTests.withServer { server, _ in
            let start = ContinuousClock.now
            await server.shutdown(grace: .seconds(30))
            #expect(ContinuousClock.now - start < .seconds(2))
        }
    }

    @Test("case 81: without patience what is under way fails as closed")
    func forced() async throws {
        try await WireTests.withServer { server, path in
            let client = try await Client.connect(unix: path)
            let pending = Task { try await client.call(service: "p.S", method: "Never", payload: ByteBuffer()) }
            let wire = try RawWire(path)
            wire.send(WireTests.frame(1, WireTests.envelope("p.S", "Never")))
            // Once it is answered what came before is under way.
            _ = try await client.call(service: "p.S", method: "Echo", payload: ByteBuffer())
            #expect(StreamTests.isQuiet(wire))
            await server.shutdown(grace: .zero)
            #expect(wire.isClosed())
            await #expect(throws: ClientClosed.self) { try await pending.value }
        }
    }

    @Test("case 82: a call while the server drains is told so, and what is under way is answered")
    func draining() async throws {
        try await WireTests.withServer { server, path in
            let wire = try RawWire(path)
            wire.send(WireTests.frame(1, WireTests.envelope("p.S", "Never", more: WireTests.timeout(400_000_000))))
            #expect(StreamTests.isQuiet(wire))
            async let down: Void = server.shutdown(grace: .seconds(30))
            while (try? RawWire(path)) != nil { usleep(1_000) }
            wire.send(WireTests.frame(3, WireTests.envelope()))
            wire.send(StreamTests.open(5, "Bidi"))
            #expect(wire.answer() == WireTests.Answer(stream: 3, code: 14, text: "the server is shutting down"))
            #expect(wire.answer() == WireTests.Answer(stream: 5, code: 14, text: "the server is shutting down"))
            #expect(wire.answer().code == 4)
            #expect(wire.isClosed())
            await down
        }
    }

    @Test("case 84: a client that reads a little at a time is let go, and holds up nobody")
    func trickle() async throws {
        var limits = Limits()
        limits.writeDeadline = .milliseconds(200)
        try await WireTests.withServer(limits: limits) { _, path in
            let wire = try RawWire(path)
            wire.send(WireTests.frame(1, WireTests.envelope("p.S", "Huge")))
            let other = try RawWire(path)
            while !wire.isHungUp() {
                _ = wire.read(64)
                #expect(StreamTests.isQuiet(other))
                usleep(5_000)
            }
        }
    }
}
