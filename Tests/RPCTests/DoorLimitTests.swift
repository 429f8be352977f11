import Logging
import NIOCore
import NIOPosix
import Testing

@testable import RPC

/// Limits of connections and requests: below, at and above each.
@Suite(.serialized)
struct DoorLimitTests {
    /// `count` pairs of metadata, whose fields take that many bytes each.
    private static func pairs(_ count: Int, bytes: Int) -> [UInt8] {
        let value = bytes - 5
        let pair = [0x0a, 1, 0x6b, 0x12, UInt8(value)] + [UInt8](repeating: 0x76, count: value)
        return (0..<count).flatMap { _ in [0x2a, UInt8(pair.count)] + pair }
    }

    @Test("pairs and bytes of metadata: beyond either code 8, and the connection lives")
    func metadata() async throws {
        var limits = Limits()
        (limits.metadataPairs, limits.metadataBytes) = (10, 1_000)
        try await WireTests.withServer(limits: limits) { _, path in
            let wire = try RawWire(path)
            for (count, bytes, code) in [(9, 10, 0), (10, 10, 0), (11, 10, 8), (9, 100, 0), (10, 100, 0), (10, 101, 8)]
            {
                wire.send(WireTests.frame(1, WireTests.envelope(more: Self.pairs(count, bytes: bytes))))
                #expect(wire.answer().code == Int32(code), "\(count) of \(bytes)")
            }
        }
    }

    @Test("the largest frame may be set lower: at it taken, beyond it code 8, and the connection lives")
    func frame() async throws {
        var limits = Limits()
        limits.frameBytes = 4_096
        try await WireTests.withServer(limits: limits) { _, path in
            let wire = try RawWire(path)
            let bare = WireTests.envelope().count
            for (size, code) in [(4_095, 0), (4_096, 0), (4_097, 8), (100_000, 8), (4_096, 0)] {
                // Field 100, unknown and so passed over, fills the rest: a tag of two bytes, a length of three.
                let fill = size - bare - 5
                let field = [0xa2, 6] + Self.varint(fill) + [UInt8](repeating: 0, count: fill)
                let body = WireTests.envelope(more: field)
                #expect(body.count == size)
                wire.send(WireTests.frame(1, body))
                let answer = wire.answer()
                #expect(answer.code == Int32(code), "\(size): \(answer)")
                if code == 8 {
                    #expect(answer.text == "message length \(size) exceed maximum message size of 4096")
                }
            }
        }
    }

    /// In three bytes, whatever it is.
    private static func varint(_ value: Int) -> [UInt8] {
        [UInt8(value & 0x7f) | 0x80, UInt8(value >> 7 & 0x7f) | 0x80, UInt8(value >> 14)]
    }

    @Test("calls under way on a connection: one more is code 8, and when one ended there is room again")
    func calls() async throws {
        var limits = Limits()
        limits.callsUnderWay = 3
        try await WireTests.withServer(limits: limits) { _, path in
            let wire = try RawWire(path)
            for stream in [1, 3] as [UInt32] { wire.send(WireTests.frame(stream, WireTests.envelope("p.S", "Never"))) }
            wire.send(WireTests.frame(5, WireTests.envelope("p.S", "Later")))
            wire.send(WireTests.frame(7, WireTests.envelope()))
            let refused = wire.answer()
            #expect(refused.stream == 7 && refused.code == 8)
            #expect(wire.answer().stream == 5)
            wire.send(WireTests.frame(7, WireTests.envelope()))
            #expect(wire.answer().code == 0)
        }
    }

    @Test("connections of one client: its own idle one goes for a new one, and with none idle the new one does")
    func client() async throws {
        var limits = Limits()
        (limits.connections, limits.connectionsOfClient) = (10, 3)
        try await WireTests.withServer(limits: limits) { _, path in
            let wires = try (0..<3).map { _ in
                let wire = try RawWire(path)
                wire.send(WireTests.frame(1, WireTests.envelope()))
                #expect(wire.answer().code == 0)
                return wire
            }
            let fourth = try RawWire(path)
            fourth.send(WireTests.frame(1, WireTests.envelope()))
            #expect(fourth.answer().code == 0)
            #expect(wires[0].isClosed())
            for wire in [wires[1], wires[2], fourth] {
                wire.send(WireTests.frame(1, WireTests.envelope("p.S", "Never")))
                // Told of, so that the call before it is under way.
                wire.send(WireTests.frame(3, WireTests.envelope()))
                #expect(wire.answer().stream == 3)
            }
            #expect(try RawWire(path).isClosed())
            #expect(!wires[1].isHungUp())
        }
    }

    @Test("where the system has room for few, a quarter stays for others than who has the most")
    func fit() {
        var limits = Limits()
        limits.fit(2_000)
        #expect((limits.connections, limits.connectionsOfClient) == (1_024, 768))
        limits.fit(100)
        #expect((limits.connections, limits.connectionsOfClient) == (100, 75))
        limits.fit(1)
        #expect((limits.connections, limits.connectionsOfClient) == (1, 1))
    }

    @Test("a listener takes in a burst at once, and then so many a second")
    func accepts() {
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var allowance = AcceptAllowance(now: now)
        for _ in 0..<Limits.acceptedInBurst - 1 { #expect(allowance.takes(at: now) == nil) }
        #expect(allowance.takes(at: now) == Limits.acceptRest)
        // In a second of a storm, as many as there may be.
        var taken = 0
        let end = now + .seconds(1)
        while now < end {
            taken += 1
            now = now + (allowance.takes(at: now) ?? .microseconds(1))
        }
        #expect((1_900...2_100).contains(taken), "\(taken)")
        // After a while of quiet a burst again.
        now = now + .seconds(1)
        for _ in 0..<Limits.acceptedInBurst - 1 { #expect(allowance.takes(at: now) == nil) }
    }

    @Test("a token is compared whole; a scheme's case is nothing")
    func tokens() {
        let tokens = Tokens()
        tokens.replace(with: [
            .init(token: Array("0123456789abcdef".utf8), roles: .read),
            .init(token: Array("0123456789abcdefg".utf8), roles: .ingest),
        ])
        #expect(tokens.roles(of: "0123456789abcdef") == .read)
        #expect(tokens.roles(of: "0123456789abcdefg") == .ingest)
        for wrong in ["", "0", "0123456789abcde", "0123456789abcdeF", "0123456789abcdef0123456789abcdef"] {
            #expect(tokens.roles(of: wrong) == nil, "\(wrong)")
        }
        for (value, token) in [
            ("Bearer abc", "abc"), ("bearer abc", "abc"), ("BEARER abc", "abc"), ("Bearer ", nil), ("Basic abc", nil),
            ("Bearerabc", nil), ("", nil),
        ] as [(String, String?)] {
            var metadata = Metadata()
            metadata.append("Authorization", value)
            #expect(Tokens.token(in: metadata) == token, "\(value)")
        }
    }

    @Test("admin holds the other roles; a role is nothing else")
    func roles() {
        #expect(Roles(given: "admin") == .all)
        #expect(Roles(given: "read,ingest") == [.read, .ingest])
        #expect(Roles(given: "root") == nil && Roles(given: "") == nil && Roles(given: "read,") == nil)
        #expect(Roles.read.text == "read" && Roles.all.text == "admin" && Roles().text == "no role")
        #expect(CertificateName(text: "*.A.b").isFor("x.a.B"))
        for host in ["a.b", ".a.b", "x.y.a.b", "xa.b"] {
            #expect(!CertificateName(text: "*.a.b").isFor(host), "\(host)")
        }
    }
}
