import Glibc
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import RPC

/// What one client can make the server hold, and for how long.
@Suite(.serialized)
struct HoldingTests {
    /// The memory of this process, in bytes.
    private static func resident() throws -> Int {
        let file = try #require(fopen("/proc/self/statm", "r"))
        defer { fclose(file) }
        var text = [UInt8](repeating: 0, count: 128)
        let count = fread(&text, 1, 128, file)
        let pages = String(decoding: text.prefix(count), as: UTF8.self).split(separator: " ").compactMap { Int($0) }
        return pages[1] * sysconf(Int32(_SC_PAGESIZE))
    }

    @Test("reads that always end inside a frame: what was answered is not kept", .timeLimit(.minutes(2)))
    func astride() async throws {
        try await WireTests.withServer { _, path in
            let wire = try RawWire(path)
            // Frames of 40 kB in writes that end one byte before a frame's end.
            let payload = [UInt8](repeating: 7, count: 40_000)
            var body: [UInt8] = [0x0a, 3] + Array("p.S".utf8) + [0x12, 4] + Array("Drop".utf8) + [0x1a]
            body += [0xc0, 0xb8, 0x02] + payload
            let frame = WireTests.frame(1, body)
            func round(_ count: Int) {
                for _ in 0..<count {
                    wire.send(Array(frame.dropFirst()) + frame.prefix(1))
                    #expect(wire.answer().code == 0)
                }
            }
            wire.send(Array(frame.prefix(1)))
            round(10)
            let before = try Self.resident()
            round(1_500)  // 60 MB
            #expect(try Self.resident() - before < 16 << 20)
        }
    }

    @Test("a client that never reads a small answer is let go, whatever its size")
    func neverReads() async throws {
        var limits = Limits()
        limits.writeDeadline = .milliseconds(200)
        try await WireTests.withServer(limits: limits) { _, path in
            let wire = try RawWire(path)
            // More small answers than the system's own buffers take.
            let calls = (0..<1_000).flatMap { WireTests.frame(UInt32($0) * 2 + 1, WireTests.envelope()) }
            wire.sendWithoutWaiting(calls, until: { wire.isHungUp() })
            #expect(wire.isHungUp())
        }
    }

    @Test("beyond what one may leave unread a client is let go")
    func unread() async throws {
        var limits = Limits()
        limits.unreadReplyBytes = 1 << 20
        try await WireTests.withServer(limits: limits) { _, path in
            let wire = try RawWire(path)
            wire.send((0..<8).flatMap { WireTests.frame(UInt32($0) * 2 + 1, WireTests.envelope("p.S", "Large")) })
            #expect(wire.waitsForHangUp())
            let other = try RawWire(path)
            other.send(WireTests.frame(1, WireTests.envelope()))
            #expect(other.answer().code == 0)
        }
    }

    @Test("beyond what all may hold together the largest is let go, and who holds little stays")
    func together() async throws {
        var limits = Limits()
        limits.heldBytes = 6 << 20
        try await WireTests.withServer(limits: limits) { _, path in
            let small = try RawWire(path)
            small.send(WireTests.frame(1, WireTests.envelope()))
            #expect(small.answer().code == 0)
            // Each begins a frame of 3 MB and stops in the middle.
            let part = Array(WireTests.frame(1, [UInt8](repeating: 0, count: 3_000_000)).dropLast(100_000))
            let large = try (0..<4).map { _ in try RawWire(path) }
            for wire in large { wire.send(part) }
            while !large.contains(where: { $0.isHungUp() }) { usleep(1_000) }
            small.send(WireTests.frame(3, WireTests.envelope()))
            #expect(small.answer().code == 0)
        }
    }

    @Test("many that begin frames together hold no more than one would: as many are let go as it takes")
    func begunTogether() async throws {
        var limits = Limits()
        limits.heldBytes = 4 << 20
        try await WireTests.withServer(limits: limits) { _, path in
            let part = Array(WireTests.frame(1, [UInt8](repeating: 0, count: 2_000_000)).dropLast(1))
            let wires = try (0..<40).map { _ in try RawWire(path) }
            for start in stride(from: 0, to: part.count, by: 200_000) {
                for wire in wires { wire.send(Array(part[start..<min(start + 200_000, part.count)])) }
            }
            // Of 2 MB each no more than two stay, and nothing more comes that would make the server look.
            while wires.count(where: { $0.isHungUp() }) < 38 { usleep(1_000) }
        }
    }

    @Test("a full listener takes in who comes: the longest idle connection of who has the most goes, none with a call")
    func full() async throws {
        var limits = Limits()
        limits.connections = 3
        try await WireTests.withServer(limits: limits) { _, path in
            func calls(_ wire: RawWire) -> Bool {
                wire.send(WireTests.frame(1, WireTests.envelope()))
                return wire.answer().code == 0
            }
            let busy = try RawWire(path)
            busy.send(WireTests.frame(1, WireTests.envelope("p.S", "Never")))
            let (early, late) = (try RawWire(path), try RawWire(path))
            #expect(calls(early) && calls(late))
            let another = try RawWire(path)
            #expect(calls(another))
            #expect(early.isClosed())
            #expect(!busy.isHungUp() && !late.isHungUp())
            late.send(WireTests.frame(3, WireTests.envelope("p.S", "Never")))
            another.send(WireTests.frame(3, WireTests.envelope("p.S", "Never")))
            // Until both calls are under way the newest may be taken in in place of one.
            usleep(100_000)
            #expect(try RawWire(path).isClosed())
            #expect(!busy.isHungUp() && !late.isHungUp() && !another.isHungUp())
        }
    }

    @Test("a frame that does not end, and a connection that says nothing, are closed; one with a call is not")
    func patience() async throws {
        var limits = Limits()
        limits.frameDeadline = .milliseconds(100)
        limits.idleTime = .milliseconds(200)
        try await WireTests.withServer(limits: limits) { _, path in
            let busy = try RawWire(path)
            busy.send(WireTests.frame(1, WireTests.envelope("p.S", "Never")))
            let half = try RawWire(path)
            half.send([0, 0, 0])
            #expect(half.isClosed())
            let idle = try RawWire(path)
            #expect(idle.isClosed())
            #expect(!busy.isHungUp())
        }
    }

    @Test("TCP cannot take the places of the Unix socket", .timeLimit(.minutes(1)))
    func listeners() async throws {
        var limits = Limits()
        limits.connections = 2
        try await WireTests.withServer(limits: limits) { server, path in
            let address = try await server.listen(
                Door(.tcp(host: "127.0.0.1", port: 0), Admission(roles: []))
            )
            func calls(_ client: Client) async -> Bool {
                (try? await client.call(service: "p.S", method: "Echo", payload: ByteBuffer())) != nil
            }
            let clients = try await (0..<3).asyncMap { _ in
                let client = try await Client.connect(
                    to: .tcp(host: "127.0.0.1", port: address?.port ?? 0)
                )
                // The kernel connects before the server takes in: one that was answered is in.
                #expect(await calls(client))
                return client
            }
            // TCP's own places were full, and so its first made room.
            while await calls(clients[0]) { usleep(1_000) }
            let wire = try RawWire(path)
            wire.send(WireTests.frame(1, WireTests.envelope()))
            #expect(wire.answer().code == 0)
            for client in clients { await client.close() }
        }
    }

    @Test("a call says whether anybody still waits")
    func awaited() async throws {
        let (calls, continuation) = AsyncStream<Call>.makeStream()
        let server = try Server(
            services: [Service("p.S", methods: ["Keep": { call, _ in continuation.yield(call) }])],
            needs: { _, _ in [] },
            logger: Logger(label: "test"),
            group: MultiThreadedEventLoopGroup.singleton
        )
        let path = "/tmp/triggerd-rpc-awaited-\(getpid()).sock"
        try await server.listen(Door(.unix(UnixPlace(path: path)), Admission(roles: .all)))
        let wire = try RawWire(path)
        wire.send(WireTests.frame(1, WireTests.envelope("p.S", "Keep")))
        wire.send(WireTests.frame(3, WireTests.envelope("p.S", "Keep", more: WireTests.timeout(50_000_000))))
        var kept: [Call] = []
        for await call in calls {
            kept.append(call)
            if kept.count == 2 { break }
        }
        #expect(kept[0].isAwaited && kept[1].isAwaited)
        #expect(wire.answer().code == 4)
        #expect(kept[0].isAwaited && !kept[1].isAwaited)
        wire.close()
        while kept[0].isAwaited { usleep(1_000) }
        await server.shutdown(grace: .zero)
    }

    @Test("no descriptor left: nobody is let in, nothing spins or ends, and later it goes on", .timeLimit(.minutes(1)))
    func descriptors() async throws {
        try await WireTests.withServer { _, path in
            let early = try RawWire(path)
            early.send(WireTests.frame(1, WireTests.envelope()))
            #expect(early.answer().code == 0)
            let late = RawWire.Unconnected()
            var taken: [Int32] = []
            while true {
                let descriptor = open("/dev/null", O_RDONLY)
                if descriptor < 0 { break }
                taken.append(descriptor)
            }
            let wire = try late.connect(path)
            var (before, after) = (timespec(), timespec())
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before)
            for stream in 1...50 as ClosedRange<UInt32> {
                early.send(WireTests.frame(stream * 2 + 1, WireTests.envelope("p.S", "Later")))
                #expect(early.answer().code == 0)
            }
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after)
            // 2.5 s pass, of which a loop that spins would take all.
            #expect(after.tv_sec - before.tv_sec < 2)
            for descriptor in taken { close(descriptor) }
            wire.send(WireTests.frame(1, WireTests.envelope()))
            #expect(wire.answer().code == 0)
        }
    }
}

extension Range<Int> {
    fileprivate func asyncMap<Result>(_ body: (Int) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for number in self { results.append(try await body(number)) }
        return results
    }
}
