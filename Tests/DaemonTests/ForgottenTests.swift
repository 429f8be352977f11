import Foundation
import Testing

/// A user who is deleted: what was kept, what waited, and the place that was taken.
@Suite(.serialized)
struct ForgottenTests {
    private static let user = "forgotten-\(UUID().uuidString.prefix(8).lowercased())"
    private static let address = "\(user)@example.com"

    private static func delete(_ daemon: DaemonProcess, _ user: String) throws {
        let wire = try Wire(daemon.socket)
        try wire.send(stream: 1, "triggerd.v1.Users", "Delete", Wire.field(1, Array(user.utf8)))
        let answer = try wire.answer()
        #expect(answer.code == 0)
        #expect(Wire.fields(answer.payload).first?.value == 1, "existed")
    }

    private static func leaveCart(_ daemon: DaemonProcess, _ user: String, id: String) throws {
        let line = """
            {"user": "\(user)", "id": "\(id)", "set": {"email": "\(user)@example.com", "first_name": "\(user)"}, \
            "type": "custom_event", "event": "add_to_cart", "properties": {"value": 150, "item": "of \(user)"}}
            """
        #expect(try daemon.run("track", "-", input: line + "\n").status == 0)
    }

    @Test("nothing of a deleted user is shown, rehearsed or, a day later, on disk; others are as they were")
    func nothingIsLeft() throws {
        let machine = try Machine(cart.replacing("delay: 1s", with: "delay: 2h"))
        let daemon = machine.daemon
        try daemon.start(arguments: [], environment: machine.environment)
        try Self.leaveCart(daemon, Self.user, id: "order-of-\(Self.user)")
        try Self.leaveCart(daemon, "other", id: "order-of-other")
        // In tables too, not only in the log.
        daemon.kill()
        try daemon.start(arguments: [], environment: machine.environment)
        try Self.leaveCart(daemon, Self.user, id: "second-of-\(Self.user)")
        #expect(try Self.files(daemon.data) > 0)
        try Self.delete(daemon, Self.user)

        for kind in ["users", "timers", "decisions", "items", "outbox", "failed", "events"] {
            let dump = try daemon.run("dump", daemon.data, "--kind", kind).out
            #expect(!dump.contains(Self.user), "\(kind): \(dump)")
        }
        #expect(try daemon.run("dump", daemon.data, "--kind", "events").out.contains("other"))
        #expect(try daemon.codes(Self.user).isEmpty)
        let draft = daemon.folder.appending(path: "draft.yaml").path
        let text = """
            campaign: draft
            trigger: {type: custom_event, event: add_to_cart}
            messages: [{channel: email, subject: s, body: b}]
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: draft))
        let rehearsal = try daemon.run("simulate", "--campaign", draft, "--from", daemon.data, "--since", "30d")
        #expect(rehearsal.out.contains("other"), "\(rehearsal.out)\(rehearsal.err)")
        #expect(!rehearsal.out.contains(Self.user))

        // Killed before it is erased, it is still not shown; a day later no file holds a byte of it.
        daemon.kill()
        try daemon.start(arguments: [], environment: machine.environment)
        #expect(try !daemon.run("dump", daemon.data).out.contains(Self.user))
        try machine.set(by: 90_000)
        try daemon.wait("nothing of the user is on disk") { try Self.files(daemon.data) == 0 }
        #expect(try daemon.codes("other").contains("scheduled"))
        #expect(try daemon.run("dump", daemon.data, "--kind", "events").out.contains("other"))
        // Whoever comes back under the id is new.
        try Self.leaveCart(daemon, Self.user, id: "order-of-\(Self.user)")
        #expect(try daemon.codes(Self.user).contains("scheduled"))
        #expect(daemon.stop() == 0)
    }

    private static func files(_ data: String) throws -> Int {
        let part = Data(user.suffix(10).utf8)
        return try FileManager.default.subpathsOfDirectory(atPath: data).count { name in
            let bytes = try? Data(contentsOf: URL(fileURLWithPath: data + "/" + name))
            return bytes?.range(of: part) != nil
        }
    }

    @Test("an item that comes again right behind the delete of its user is a new one of somebody new")
    func again() throws {
        let daemon = try DaemonProcess(cart)
        try daemon.start()
        let wire = try Wire(daemon.socket)
        for round in 0..<20 {
            let user = "u\(round)"
            let item = Wire.track(user: user, id: "i", event: "add_to_cart")
            let stream = UInt32(round) * 6 + 1
            // Not waiting for answers, so that all are in one batch.
            try wire.send(stream: stream, "triggerd.v1.Events", "Track", item)
            try wire.send(stream: stream + 2, "triggerd.v1.Users", "Delete", Wire.field(1, Array(user.utf8)))
            try wire.send(stream: stream + 4, "triggerd.v1.Events", "Track", item)
            let answers = try (0..<3).map { _ in try wire.answer() }
            let last = try #require(answers.first { $0.stream == stream + 4 })
            #expect(last.code == 0 && Wire.result(last.payload) == 1, "\(round): taken, and no repetition")
            #expect(try daemon.run("users", "get", user).status == 0)
        }
    }

    @Test("14, 10.4: the place of a user who is deleted before delivery goes back, and that of one who received stays")
    func place() throws {
        let daemon = try DaemonProcess(
            """
            campaign: first
            trigger: {type: custom_event, event: e}
            max_recipients: 1
            messages: [{channel: in_app, title: t}]
            """
        )
        try daemon.start()
        func happens(_ user: String) throws -> [String] {
            #expect(try daemon.run("track", "--user", user, "--event", "e").status == 0)
            return try daemon.codes(user)
        }
        #expect(try happens("a").contains("queued_in_app"))
        #expect(try happens("b").contains("volume_cap_reached"))
        try Self.delete(daemon, "a")
        #expect(try happens("c").contains("queued_in_app"))
        #expect(try daemon.run("inbox", "c", "--acknowledge").status == 0)
        try Self.delete(daemon, "c")
        #expect(try happens("d").contains("volume_cap_reached"))
    }

    /// Every page of `Users/Export`, joined; and how many there were.
    private static func export(_ daemon: DaemonProcess, _ user: String) throws -> (lines: [[String: Any]], pages: Int) {
        let wire = try Wire(daemon.socket)
        var (bytes, page, pages) = ([UInt8](), [UInt8](), 0)
        repeat {
            pages += 1
            let request = Wire.field(1, Array(user.utf8)) + Wire.field(2, page)
            try wire.send(stream: UInt32(pages * 2 - 1), "triggerd.v1.Users", "Export", request)
            let answer = try wire.answer()
            try #require(answer.code == 0, "\(answer.text)")
            let fields = Wire.fields(answer.payload)
            let part = fields.first { $0.number == 1 }?.bytes ?? []
            #expect(part.count <= 1 << 20)
            bytes += part
            page = fields.first { $0.number == 2 }?.bytes ?? []
        } while !page.isEmpty
        let lines = try String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        return (lines, pages)
    }

    @Test("an export holds everything that is kept of one user, and nothing of another, paged by bytes")
    func export() throws {
        let daemon = try DaemonProcess(slow)
        try daemon.start()
        let text = String(repeating: "x", count: 2_000)
        let lines = (0..<1_500).map { number in
            let user = number % 3 == 0 ? "other" : "u"
            return #"{"user": "\#(user)", "id": "i\#(number)", "type": "custom_event", "event": "add_to_cart", "#
                + #""properties": {"text": "\#(text)"}}"#
        }
        let file = daemon.folder.appending(path: "lines").path
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: file))
        #expect(try daemon.run("track", file).status == 0)
        let (exported, pages) = try Self.export(daemon, "u")
        #expect(pages >= 3)
        var kinds: [String: Int] = [:]
        for line in exported {
            kinds[try #require(line["kind"] as? String), default: 0] += 1
            #expect(line["user"] as? String == "u")
        }
        #expect(kinds["user"] == 1 && kinds["event"] == 1_000 && kinds["item"] == 1_000, "\(kinds)")
        #expect((kinds["decision"] ?? 0) >= 1_000, "\(kinds)")
        let wire = try Wire(daemon.socket)
        try wire.send(stream: 1, "triggerd.v1.Users", "Export", Wire.field(1, Array("nobody".utf8)))
        #expect(try wire.answer().code == 5)
        for page in ["x", "99..0", "1.zz.0", "1.00.-1", "0..99999999999999999999"] {
            let request = Wire.field(1, Array("u".utf8)) + Wire.field(2, Array(page.utf8))
            try wire.send(stream: 3, "triggerd.v1.Users", "Export", request)
            #expect(try wire.answer().code == 3, "\(page)")
        }
    }
}
