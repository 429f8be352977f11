import Foundation
import Testing

/// What was answered is on disk, whatever happens next.
@Suite(.serialized)
struct DurabilityTests {
    @Test("kill -9 under load loses nothing that was answered", arguments: [1, 2, 3])
    func killed(round: Int) throws {
        let daemon = try DaemonProcess(slow)
        try daemon.start()
        let answered = Lines()
        let load = (0..<4).map { thread in
            BackgroundThread {
                // Until the daemon is gone: 16 in flight, each with an id of its own.
                guard let wire = try? Wire(daemon.socket) else { return }
                var next = 0
                func send() throws {
                    let payload = Wire.track(user: "u\(next % 50)", id: "\(thread)-\(next)", event: "add_to_cart")
                    try wire.send(stream: UInt32(next * 2 + 1), "triggerd.v1.Events", "Track", payload)
                    next += 1
                }
                do {
                    for _ in 0..<16 { try send() }
                    while true {
                        var answer = try wire.answer()
                        answer.text = "\(thread)-\(answer.stream / 2)"
                        if answer.code == 0 { answered.add(answer) }
                        try send()
                    }
                } catch is Wire.Broken {}
            }
        }
        try daemon.wait("a thousand answers") { answered.all.count >= 1_000 * round }
        daemon.kill()
        for thread in load { try thread.join() }
        // And the power went off while it wrote: the last log ends with anything.
        try Self.tear(daemon)
        try daemon.start()
        let wire = try Wire(daemon.socket)
        let all = answered.all
        for (index, answer) in all.enumerated() {
            let number = Int(answer.stream / 2)
            let payload = Wire.track(user: "u\(number % 50)", id: answer.text, event: "add_to_cart")
            try wire.send(stream: UInt32(index * 2 + 1), "triggerd.v1.Events", "Track", payload)
            let again = try wire.answer()
            #expect(Wire.result(again.payload) == 2, "\(answer.text) was answered and is not known")
            #expect(Wire.decisions(again.payload) == Wire.decisions(answer.payload))
        }
        // Each of them waits: the decision is there for whoever asks.
        #expect(try daemon.codes("u0").contains("scheduled"))
    }

    private static func tear(_ daemon: DaemonProcess) throws {
        // Behind what was written to the file that was written to last.
        let folder = URL(fileURLWithPath: daemon.data + "/log")
        var ends: [(UInt64, URL)] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let file = folder.appending(path: name)
            let bytes = try Data(contentsOf: file)
            ends.append((UInt64((bytes.lastIndex { $0 != 0 }.map { $0 / 4_096 + 1 } ?? 0) * 4_096), file))
        }
        let (end, last) = try #require(ends.max { $0.0 < $1.0 })
        let log = try FileHandle(forWritingTo: last)
        try log.seek(toOffset: end)
        let tail = (0..<Int.random(in: 0..<100_000)).map { _ in UInt8.random(in: 0 ... .max) }
        try log.write(contentsOf: Data(tail))
        try log.close()
    }

    @Test("what waits survives; what became due meanwhile is sent at once")
    func waits() throws {
        let daemon = try DaemonProcess(cart)
        try daemon.start()
        try daemon.run(
            "track",
            "--user",
            "u",
            "--set",
            "email=u@example.com",
            "--event",
            "add_to_cart",
            "--property",
            "value=100",
            "--property",
            "item=Lamp"
        )
        daemon.kill()
        Thread.sleep(forTimeInterval: 1.2)  // The delay runs out with no daemon there.
        #expect(try daemon.letters().isEmpty)
        try daemon.start()
        try daemon.wait("the letter") { try daemon.letters().count == 1 }
        try daemon.wait("its outcome") { try daemon.codes("u").first == "delivered" }
    }

    @Test("SIGTERM answers what is under way and removes the socket")
    func drains() throws {
        let daemon = try DaemonProcess(slow)
        try daemon.start()
        let wire = try Wire(daemon.socket)
        for call in 0..<200 {
            try wire.send(
                stream: UInt32(call * 2 + 1),
                "triggerd.v1.Events",
                "Track",
                Wire.track(user: "u\(call)", id: "", event: "add_to_cart")
            )
        }
        #expect(try wire.answer().code == 0)
        #expect(daemon.stop() == 0)
        var taken = 1
        while let answer = try? wire.answer() {
            #expect(answer.code == 0 || answer.code == 14)
            if answer.code == 0 { taken += 1 }
        }
        #expect(!FileManager.default.fileExists(atPath: daemon.socket))
        let dump = try daemon.run("dump", daemon.data, "--kind", "timers")
        #expect(dump.json.count == taken)
    }

    @Test(
        "a second daemon on the folder or the socket is refused, with the first one's pid; a stale socket is replaced"
    )
    func second() throws {
        let daemon = try DaemonProcess(slow)
        try daemon.start()
        let folder = try daemon.run("serve", "--data", daemon.data, "--socket", daemon.socket + "2")
        #expect(folder.status == 1)
        #expect(folder.err.contains("process \(daemon.pid)"))
        let socket = try daemon.run("serve", "--data", daemon.data + "2", "--socket", daemon.socket)
        #expect(socket.status == 1)
        #expect(socket.err.contains("process \(daemon.pid)"))
        daemon.kill()
        #expect(FileManager.default.fileExists(atPath: daemon.socket))
        try daemon.start()
        #expect(try daemon.run("health").status == 0)
    }

    @Test("a data folder that cannot be made is said at once")
    func unwritable() throws {
        let daemon = try DaemonProcess()
        try Data().write(to: URL(fileURLWithPath: daemon.data))
        let output = try daemon.run("serve", "--data", daemon.data, "--socket", daemon.socket)
        #expect(output.status == 1)
        #expect(output.err.contains(daemon.data))
    }

    @Test("anything but loopback is refused without TLS; loopback is served beside the Unix socket")
    func tcp() throws {
        let daemon = try DaemonProcess()
        #expect(try daemon.run("serve", "--listen", "0.0.0.0:7420").status == 2)
        try daemon.start("--listen", "127.0.0.1:0")
        #expect(try daemon.run("health").out == "serving\n")
    }

    @Test("a full disk: calls are answered UNAVAILABLE, health says so, nothing is half written, and it goes on after")
    func fullDisk() throws {
        let daemon = try DaemonProcess(slow)
        let small = daemon.folder.appending(path: "small").path
        try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
        guard geteuid() == 0, mount("tmpfs", small, "tmpfs", 0, "size=48m") == 0 else {
            print("full disk: not tested, since a small file system cannot be mounted here")
            return
        }
        defer { umount2(small, Int32(MNT_DETACH)) }
        try daemon.start("--data", small + "/data")
        #expect(try daemon.run("track", "--user", "before", "--event", "add_to_cart").status == 0)
        // What is left of the disk, to the last byte.
        let filler = open(small + "/filler", O_CREAT | O_WRONLY, 0o600)
        for size in [1 << 20, 4_096, 1] {
            let bytes = [UInt8](repeating: 1, count: size)
            while write(filler, bytes, size) == size {}
        }
        close(filler)
        let wire = try Wire(daemon.socket)
        var (stream, refused) = (UInt32(1), false)
        var taken: [String] = []
        for call in 0..<20_000 {
            try wire.send(
                stream: stream,
                "triggerd.v1.Events",
                "Track",
                Wire.track(user: "u\(call)", id: "i", event: "add_to_cart")
            )
            stream += 2
            let answer = try wire.answer()
            if answer.code == 14 {
                refused = true
                break
            }
            #expect(answer.code == 0)
            taken.append("u\(call)")
        }
        #expect(refused)
        #expect(try daemon.run("health").status == 1)
        try FileManager.default.removeItem(atPath: small + "/filler")
        // By itself: nobody calls anything that writes.
        try daemon.wait("health after there is room again") { try daemon.run("health").status == 0 }
        #expect(try daemon.run("track", "--user", "after", "--event", "add_to_cart").status == 0)
        for user in ["before", "after"] + taken.suffix(20) { #expect(try daemon.codes(user).contains("scheduled")) }
        #expect(daemon.stop() == 0)
    }
}
