import Foundation
import Testing

/// Several clients that mean harm at once, and one that does not.
@Suite(.serialized)
struct HostileTests {
    /// Until the test is over.
    private final class End: @unchecked Sendable {
        // Written once, under `lock`.
        private let lock = NSLock()
        private var isReached = false
        var isOver: Bool { lock.withLock { isReached } }
        func reach() { lock.withLock { isReached = true } }
    }

    private static func resident(_ pid: Int32) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)
        return (text.split(separator: " ").compactMap { Int($0) }[1]) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func frame(_ stream: UInt32, _ service: String, _ method: String, _ payload: [UInt8]) -> [UInt8] {
        Wire.frame(stream: stream, "triggerd.v1.\(service)", method, payload)
    }

    /// Connects again and again, and does harm.
    private static func harm(_ daemon: DaemonProcess, _ end: End, _ body: @escaping (Wire) throws -> Void)
        -> BackgroundThread
    {
        let socket = daemon.socket
        return BackgroundThread {
            while !end.isOver {
                // Being let go, or not let in, is what such a client deserves.
                if let wire = try? Wire(socket, patience: 2) { try? body(wire) }
            }
        }
    }

    @Test("while others never read, stop inside frames, flood and leave, an ordinary client is answered")
    func torture() throws {
        let daemon = try DaemonProcess(slow)
        try daemon.start()
        let end = End()
        let batch = (0..<2_000).flatMap { Wire.field(1, Wire.item(user: "h\($0 % 100)", id: "", event: "x")) }
        let explain = (0..<500).flatMap { number in
            Self.frame(UInt32(number) * 2 + 1, "Decisions", "List", [])
        }
        let apply = (0..<200).flatMap { number in
            Self.frame(UInt32(number) * 2 + 1, "Campaigns", "Apply", Wire.field(2, Wire.field(1, [0x61])))
        }
        let oversize = Self.frame(1, "Events", "Track", [UInt8](repeating: 0, count: 5 << 20))
        let threads = [
            // Never reads.
            Self.harm(daemon, end) { wire in
                for _ in 0..<200 where !end.isOver { try wire.send(explain) }
            },
            // Reads of the daemon always end inside a frame.
            Self.harm(daemon, end) { wire in
                let frame = Self.frame(1, "Events", "Track", batch)
                try wire.send(Array(frame.prefix(1)))
                for _ in 0..<100 where !end.isOver {
                    try wire.send(Array(frame.dropFirst()) + frame.prefix(1))
                    _ = try wire.answer()
                }
            },
            // Asks and leaves.
            Self.harm(daemon, end) { wire in try wire.send(explain) },
            Self.harm(daemon, end) { wire in try wire.send(apply) },
            Self.harm(daemon, end) { wire in
                try wire.send(oversize)
                _ = try wire.answer()
            },
        ]
        let wire = try Wire(daemon.socket)
        var slowest: (track: TimeInterval, health: TimeInterval) = (0, 0)
        let until = Date(timeIntervalSinceNow: 6)
        var number = 0
        while Date() < until {
            number += 1
            var start = Date()
            let payload = Wire.track(user: "good", id: "\(number)", event: "add_to_cart")
            let answer = try wire.call("Events", "Track", payload)
            #expect(answer.code == 0 && Wire.result(answer.payload) == 1, "\(answer.text)")
            slowest.track = max(slowest.track, Date().timeIntervalSince(start))
            start = Date()
            #expect(try wire.call("Health", "Check", []).code == 0)
            slowest.health = max(slowest.health, Date().timeIntervalSince(start))
        }
        end.reach()
        for thread in threads { try thread.join() }
        // Generous: the hostile clients share the cores with a debug build.
        #expect(number > 1)
        #expect(slowest.track < 15 && slowest.health < 5, "\(slowest)")
        #expect(try Self.resident(daemon.pid) < 600 << 20)
        // What was asked by clients that left is not done first.
        let start = Date()
        #expect(daemon.stop() == 0)
        #expect(Date().timeIntervalSince(start) < 10)
    }

    @Test("memory of a burst goes back")
    func burst() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        let text = String(repeating: "x", count: 200_000)
        let property = Wire.field(2, Wire.field(1, [0x70]) + Wire.field(2, Wire.field(4, Array(text.utf8))))
        let item = Wire.field(1, [0x75]) + Wire.field(5, Wire.field(1, [0x65]) + property)
        let request = (0..<19).flatMap { _ in Wire.field(1, item) }
        let wires = try (0..<8).map { _ in try Wire(daemon.socket) }
        for wire in wires {
            for stream in 0..<4 { try wire.send(Self.frame(UInt32(stream) * 2 + 1, "Events", "Track", request)) }
        }
        for wire in wires {
            for _ in 0..<4 {
                let answer = try wire.answer()
                #expect(answer.code == 0 || answer.code == 8, "\(answer.text)")
            }
        }
        try daemon.wait("the memory of 128 MB of requests goes back") { try Self.resident(daemon.pid) < 250 << 20 }
    }
}
