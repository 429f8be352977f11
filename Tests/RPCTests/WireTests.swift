import Glibc
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import RPC

/// The cases of the wire, as bytes over a real socket: what goes in, what comes out.
@Suite(.serialized)
struct WireTests {
    /// The fixture service.
    static let services = [
        Service(
            "p.S",
            methods: [
                "Echo": { call, asked in call.reply(asked.payload) },
                "Err": { call, _ in call.fail(Status(.unknown, "plain")) },
                "Details": { call, _ in call.fail(Status(.aborted, "d", details: [.init(typeURL: "t", value: [1, 2])]))
                },
                "Big": { call, _ in call.reply(ByteBuffer(repeating: 0, count: 5 << 20)) },
                "Never": { _, _ in },
                "Drop": { call, _ in call.reply(ByteBuffer()) },
                "Huge": { call, _ in call.reply(ByteBuffer(repeating: 0, count: 4_000_000)) },
                "EOF": { call, _ in call.fail(Status(.outOfRange, "EOF")) },
                "Odd": { call, _ in call.fail(Status(number: 99, "odd")) },
                "Large": { call, _ in call.reply(ByteBuffer(repeating: 0, count: 1 << 20)) },
                "MD": { call, asked in
                    let pairs = asked.metadata[all: "foo"].joined(separator: ",")
                    call.reply(ByteBuffer(string: "\(asked.metadata["FOO"] ?? "-") \(pairs)"))
                },
                "Later": { call, asked in
                    // Answered from another thread, many at once.
                    let loop = MultiThreadedEventLoopGroup.singleton.next()
                    loop.scheduleTask(in: .milliseconds(50)) {
                        Call.complete([(call, { @Sendable in .success(asked.payload) })])
                    }
                },
                // Nothing else of its event loop goes on meanwhile.
                "Busy": { call, asked in
                    usleep(60_000)
                    call.reply(asked.payload)
                },
                "Deadline": { call, _ in
                    let left = call.deadline.map { ($0 - .now()).nanoseconds / 1_000_000 }
                    call.reply(ByteBuffer(string: left.map { "\($0)" } ?? "none"))
                },
            ],
            streams: StreamTests.fixture.methods
        )
    ]

    static func withServer(
        limits: Limits = Limits(),
        _ body: (Server, String) async throws -> Void
    ) async throws {
        let path = "/tmp/triggerd-rpc-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
        let server = try Server(
            services: services,
            needs: { _, _ in [] },
            limits: limits,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            group: MultiThreadedEventLoopGroup.singleton
        )
        try await server.listen(Door(.unix(UnixPlace(path: path)), Admission(roles: .all)))
        do {
            try await body(server, path)
        } catch {
            await server.shutdown(grace: .zero)
            throw error
        }
        await server.shutdown(grace: .zero)
    }

    /// Bytes in, and for each frame out its id, its code and its body.
    struct Answer: Equatable, CustomStringConvertible {
        var stream: UInt32
        var code: Int32
        var text: String
        var payload: [UInt8] = []
        var description: String { "RESP(\(stream), \(code) \"\(text)\", \(payload))" }
    }

    static func envelope(
        _ service: String = "p.S",
        _ method: String = "Echo",
        _ payload: [UInt8] = [0x0a, 2, 0x68, 0x69],
        more: [UInt8] = []
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        for (tag, field) in [(0x0a, Array(service.utf8)), (0x12, Array(method.utf8)), (0x1a, payload)]
            as [(UInt8, [UInt8])]
        {
            bytes.append(tag)
            bytes.append(UInt8(field.count))
            bytes.append(contentsOf: field)
        }
        bytes.append(contentsOf: more)
        return bytes
    }

    static func frame(_ stream: UInt32, _ body: [UInt8], type: UInt8 = 1, flags: UInt8 = 0) -> [UInt8] {
        var frame: [UInt8] = []
        for word in [UInt32(body.count), stream] {
            for shift in [24, 16, 8, 0] as [UInt32] { frame.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        frame.append(type)
        frame.append(flags)
        frame.append(contentsOf: body)
        return frame
    }

    /// The field `timeout_nano`.
    static func timeout(_ nanoseconds: Int64) -> [UInt8] {
        var bytes: [UInt8] = [0x20]
        var rest = UInt64(bitPattern: nanoseconds)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
        return bytes
    }

    @Test("case 1 and 1.3: golden bytes")
    func golden() async throws {
        try await Self.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.frame(1, Self.envelope()))
            #expect(wire.read(16) == [0, 0, 0, 6, 0, 0, 0, 1, 2, 0, 0x12, 4, 0x0a, 2, 0x68, 0x69])
            // 37: `status {}` for an empty answer.
            wire.send(Self.frame(3, Self.envelope("p.S", "Echo", [])))
            #expect(wire.read(12) == [0, 0, 0, 2, 0, 0, 0, 3, 2, 0, 0x0a, 0])
            wire.send(Self.frame(1, Self.envelope("no.S")))
            var refusal: [UInt8] = [0x0a, 0x10, 8, 12, 0x12, 0x0c]
            refusal.append(contentsOf: Array("service no.S".utf8))
            #expect(wire.read(28) == Self.frame(1, refusal, type: 2))
        }
    }

    @Test("cases 2, 3, 4: byte by byte, 50 at once, a header astride two reads")
    func chunks() async throws {
        try await Self.withServer { _, path in
            let wire = try RawWire(path)
            for byte in Self.frame(1, Self.envelope()) { wire.send([byte]) }
            #expect(wire.answer() == Answer(stream: 1, code: 0, text: "", payload: [0x0a, 2, 0x68, 0x69]))
            wire.send((0..<50).flatMap { Self.frame(UInt32($0) * 2 + 1, Self.envelope()) })
            #expect(Set((0..<50).map { _ in wire.answer().stream }).count == 50)
            let two = Self.frame(1, Self.envelope()) + Self.frame(3, Self.envelope())
            wire.send(Array(two.prefix(two.count / 2 + 4)))
            #expect(wire.answer().stream == 1)
            wire.send(Array(two.dropFirst(two.count / 2 + 4)))
            #expect(wire.answer().stream == 3)
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let number: String
        let bytes: [UInt8]
        let stream: UInt32
        let code: Int32
        let text: String
        var testDescription: String { "case \(number)" }
    }

    static let cases: [Case] = [
        Case(number: "5", bytes: frame(1, []), stream: 1, code: 12, text: "service "),
        Case(
            number: "19",
            bytes: frame(2, envelope()),
            stream: 2,
            code: 3,
            text: "StreamID must be odd for client initiated streams"
        ),
        Case(
            number: "20",
            bytes: frame(0, envelope()),
            stream: 0,
            code: 3,
            text: "StreamID must be odd for client initiated streams"
        ),
        Case(number: "22", bytes: frame(0xffff_ffff, envelope()), stream: 0xffff_ffff, code: 0, text: ""),
        Case(number: "27", bytes: frame(1, envelope("x.Y")), stream: 1, code: 12, text: "service x.Y"),
        Case(number: "28", bytes: frame(1, envelope("p.S", "No")), stream: 1, code: 12, text: "method No"),
        Case(number: "29", bytes: frame(1, envelope("p.S\0x")), stream: 1, code: 12, text: "service p.S\0x"),
        Case(number: "31", bytes: frame(1, [0xff, 0xff, 0xff]), stream: 1, code: 3, text: "unmarshal request error"),
        Case(
            number: "31, a number of more than 64 bits",
            bytes: frame(1, [0x20] + [UInt8](repeating: 0xff, count: 9) + [2]),
            stream: 1,
            code: 3,
            text: "unmarshal request error"
        ),
        Case(
            number: "30",
            bytes: frame(1, [0x0a, 2, 0xc3, 0x28]),
            stream: 1,
            code: 3,
            text: "unmarshal request error"
        ),
        Case(number: "33", bytes: frame(1, envelope("p.S", "Err")), stream: 1, code: 2, text: "plain"),
        Case(number: "35", bytes: frame(1, envelope("p.S", "Big")), stream: 1, code: 8, text: "message length"),
        Case(number: "38", bytes: frame(1, envelope(more: [0xa2, 6, 1, 7])), stream: 1, code: 0, text: ""),
        Case(
            number: "41",
            bytes: frame(1, envelope("p.S", "Never", [], more: timeout(-1))),
            stream: 1,
            code: 4,
            text: "context deadline exceeded"
        ),
        Case(
            number: "40",
            bytes: frame(1, envelope("p.S", "Never", [], more: timeout(10_000_000))),
            stream: 1,
            code: 4,
            text: "context deadline exceeded"
        ),
        Case(number: "44", bytes: frame(1, envelope(more: timeout(.max))), stream: 1, code: 0, text: ""),
        Case(
            number: "63",
            bytes: frame(1, [], type: 3, flags: 5),
            stream: 1,
            code: 3,
            text: "StreamID is no longer active"
        ),
        Case(number: "18", bytes: frame(1, envelope(), flags: 0xff), stream: 1, code: 0, text: ""),
    ]

    @Test("one frame in, one answer out, and the connection goes on", arguments: cases)
    func oneFrame(each: Case) async throws {
        try await Self.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(each.bytes)
            let answer = wire.answer()
            #expect(answer.stream == each.stream)
            #expect(answer.code == each.code)
            #expect(answer.text.hasPrefix(each.text))
            wire.send(Self.frame(7, Self.envelope()))
            #expect(wire.answer() == Answer(stream: 7, code: 0, text: "", payload: [0x0a, 2, 0x68, 0x69]))
        }
    }

    @Test("cases 15, 16, 64, 65: what is ignored")
    func ignored() async throws {
        try await Self.withServer { _, path in
            let wire = try RawWire(path)
            for type in [0, 2, 4, 0xff] as [UInt8] { wire.send(Self.frame(1, Self.envelope(), type: type)) }
            wire.send(Self.frame(3, Self.envelope("p.S", "Later")))
            wire.send(Self.frame(3, [1, 2, 3], type: 3))
            #expect(wire.answer().stream == 3)
            wire.send(Self.frame(3, [], type: 3, flags: 5))
            wire.send(Self.frame(5, Self.envelope()))
            #expect(wire.answer().stream == 5)
        }
    }

    @Test("cases 7, 8: an oversize frame is refused for any id, and the reader finds the next")
    func oversize() async throws {
        try await Self.withServer { _, path in
            for stream in [1, 2] as [UInt32] {
                let wire = try RawWire(path)
                wire.send(Self.frame(stream, [UInt8](repeating: 0, count: 4_194_305)) + Self.frame(3, Self.envelope()))
                let text = "message length 4194305 exceed maximum message size of 4194304"
                #expect(wire.answer() == Answer(stream: stream, code: 8, text: text))
                #expect(wire.answer().stream == 3)
            }
        }
    }

    @Test("cases 10, 11: what is hopeless or goes silent is closed")
    func hopeless() async throws {
        var limits = Limits()
        limits.passOverPause = .milliseconds(100)
        try await Self.withServer(limits: limits) { _, path in
            let wire = try RawWire(path)
            wire.send([1, 0, 0, 0, 0, 0, 0, 1, 1, 0])
            #expect(wire.answer().code == 8)
            #expect(wire.isClosed())
        }
    }

    @Test("cases 12, 13, 14, 74: a client that leaves in the middle harms nobody")
    func leaves() async throws {
        try await Self.withServer { _, path in
            for bytes in [[0, 0, 0], Self.frame(1, [UInt8](repeating: 0, count: 100)).dropLast(50)] as [[UInt8]] {
                let wire = try RawWire(path)
                wire.send(bytes)
                wire.close()
            }
            let left = try RawWire(path)
            left.send(Self.frame(1, Self.envelope("p.S", "Later")))
            left.close()
            let wire = try RawWire(path)
            wire.send(Self.frame(1, Self.envelope()))
            #expect(wire.answer().code == 0)
        }
    }

    @Test("cases 34, 39, 45, 46, 47: details, the last of two payloads, metadata")
    func envelopes() async throws {
        try await Self.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.frame(1, Self.envelope("p.S", "Details")))
            let details = wire.frame()
            #expect(details.body == [0x0a, 14, 8, 10, 0x12, 1, 0x64, 0x1a, 7, 0x0a, 1, 0x74, 0x12, 2, 1, 2])
            wire.send(Self.frame(3, Self.envelope(more: [0x1a, 1, 9])))
            #expect(wire.answer().payload == [9])
            func pair(_ key: String, _ value: String) -> [UInt8] {
                var pair: [UInt8] = [0x2a, UInt8(4 + key.utf8.count + value.utf8.count), 0x0a, UInt8(key.utf8.count)]
                pair.append(contentsOf: Array(key.utf8))
                pair.append(contentsOf: [0x12, UInt8(value.utf8.count)])
                pair.append(contentsOf: Array(value.utf8))
                return pair
            }
            wire.send(Self.frame(5, Self.envelope("p.S", "MD", [], more: pair("foo", "1") + pair("Foo", "2"))))
            #expect(String(decoding: wire.answer().payload, as: UTF8.self) == "1 1,2")
            let many = (0..<10_000).flatMap { _ in pair("k", "v") }
            wire.send(Self.frame(7, Self.envelope(more: many)))
            #expect(wire.answer().code == 0)
        }
    }

    @Test("cases 23, 24, 25: an id under way is refused, and its call still answered; later any id is fine")
    func reuse() async throws {
        try await Self.withServer { _, path in
            let wire = try RawWire(path)
            wire.send(Self.frame(5, Self.envelope("p.S", "Later")) + Self.frame(5, Self.envelope()))
            #expect(wire.answer().code == 3)
            #expect(wire.answer() == Answer(stream: 5, code: 0, text: "", payload: [0x0a, 2, 0x68, 0x69]))
            wire.send(Self.frame(5, Self.envelope()) + Self.frame(3, Self.envelope()))
            #expect(wire.answer().stream == 5)
            #expect(wire.answer().stream == 3)
        }
    }

    @Test("cases 77, 78, 79: a shutdown answers what is under way, closes what is idle, and lets nobody in")
    func shutdown() async throws {
        try await Self.withServer { server, path in
            let busy = try RawWire(path)
            let idle = try RawWire(path)
            idle.send(Self.frame(1, Self.envelope()))
            _ = idle.answer()
            busy.send([0, 2, 4].flatMap { Self.frame($0, Self.envelope()) })
            for _ in 0..<3 { #expect(busy.answer().code == 3) }
            for stream in [1, 3, 5, 7, 9] as [UInt32] { busy.send(Self.frame(stream, Self.envelope("p.S", "Later"))) }
            busy.send(Self.frame(99, Self.envelope()))
            #expect(busy.answer().stream == 99)
            await server.shutdown(grace: .seconds(5))
            #expect(Set((0..<5).map { _ in busy.answer().stream }) == [1, 3, 5, 7, 9])
            #expect(busy.isClosed())
            #expect(idle.isClosed())
            #expect(throws: RawWire.NotConnected.self) { try RawWire(path) }
        }
    }

    @Test("case 83: two services of one name are an error at the start")
    func twice() {
        #expect(throws: ServerError.self) { try Router(Self.services + Self.services, needs: { _, _ in [] }) }
    }

    @Test("a socket file that a dead server left is replaced, a live one refused with its pid")
    func stale() async throws {
        try await Self.withServer { _, path in
            let other = try Server(
                services: [],
                needs: { _, _ in [] },
                logger: Logger(label: "test"),
                group: MultiThreadedEventLoopGroup.singleton
            )
            let refused = await #expect(throws: ServerError.self) {
                try await other.listen(Door(.unix(UnixPlace(path: path)), Admission(roles: .all)))
            }
            #expect(refused?.description == "process \(getpid()) listens at \(path) already")
        }
        let path = "/tmp/triggerd-rpc-stale-\(getpid()).sock"
        let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(dead, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        Glibc.close(dead)
        let server = try Server(
            services: Self.services,
            needs: { _, _ in [] },
            logger: Logger(label: "test"),
            group: MultiThreadedEventLoopGroup.singleton
        )
        try await server.listen(Door(.unix(UnixPlace(path: path)), Admission(roles: .all)))
        let wire = try RawWire(path)
        wire.send(Self.frame(1, Self.envelope()))
        #expect(wire.answer().code == 0)
        await server.shutdown(grace: .zero)
    }

    @Test("case 85: any bytes at all; the server answers the next well-formed call", .timeLimit(.minutes(2)))
    func fuzz() async throws {
        try await Self.withServer { _, path in
            var generator = Seeded(state: 20_261_124)
            for _ in 0..<2_000 {
                let wire = try RawWire(path)
                var bytes = (0..<Int.random(in: 1...300, using: &generator)).map { _ in
                    UInt8.random(in: 0 ... .max, using: &generator)
                }
                if Bool.random(using: &generator) {
                    bytes = Self.frame(
                        UInt32.random(in: 0...9, using: &generator),
                        bytes,
                        type: UInt8.random(in: 0...4, using: &generator)
                    )
                }
                wire.send(bytes)
                wire.close()
            }
            let wire = try RawWire(path)
            wire.send(Self.frame(1, Self.envelope()))
            #expect(wire.answer().code == 0)
        }
    }

    @Test("many calls at once over one client, each with its own answer")
    func client() async throws {
        try await Self.withServer { _, path in
            let client = try await Client.connect(unix: path)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        let payload = ByteBuffer(string: "call \(number)")
                        let answer = try await client.call(
                            service: "p.S",
                            method: number % 2 == 0 ? "Echo" : "Later",
                            payload: payload
                        )
                        #expect(answer == payload)
                    }
                }
                try await group.waitForAll()
            }
            await #expect(throws: Status(.unknown, "plain")) {
                try await client.call(service: "p.S", method: "Err", payload: ByteBuffer())
            }
            await client.close()
            await #expect(throws: ClientClosed.self) {
                try await client.call(service: "p.S", method: "Echo", payload: ByteBuffer())
            }
        }
    }
}

struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 33
    }
}
