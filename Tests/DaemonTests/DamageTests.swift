import Foundation
import Testing

/// Damage of the store's files: every start either has all that was answered, or says what is damaged and what to do.
@Suite(.serialized)
struct DamageTests {
    /// A folder that a daemon left that was killed twice, of which the log holds what was answered.
    private static func filled() throws -> (DaemonProcess, Set<String>) {
        let daemon = try DaemonProcess(slow)
        var users: Set<String> = []
        for round in ["first", "second"] {
            try daemon.start()
            for call in 0..<20 {
                let names = (0..<10).map { "\(round)-\(call)-\($0)" }
                let lines = names.map { #"{"user": "\#($0)", "type": "custom_event", "event": "add_to_cart"}"# }
                #expect(try daemon.run("track", "-", input: lines.joined(separator: "\n") + "\n").status == 0)
                users.formUnion(names)
            }
            daemon.kill()
        }
        return (daemon, users)
    }

    private enum Change {
        case flip(Int)
        case cut(Int)
        case remove
        case write([UInt8], Int)
    }

    private static func change(_ file: String, _ change: Change) throws {
        let url = URL(fileURLWithPath: file)
        var bytes = [UInt8](try Data(contentsOf: url))
        switch change {
        case .flip(let at): bytes[at] ^= 1 << UInt8(at % 8)
        case .cut(let at): bytes.removeSubrange(at...)
        case .remove: return try FileManager.default.removeItem(at: url)
        case .write(let more, let at): bytes.replaceSubrange(at..<(at + more.count), with: more)
        }
        try Data(bytes).write(to: url)
    }

    /// The file of the log that commits were written to, and how much of it they take.
    private static func log(_ data: String) throws -> (file: String, used: Int) {
        let used = try FileManager.default.contentsOfDirectory(atPath: data + "/log").map { name in
            let bytes = try Data(contentsOf: URL(fileURLWithPath: data + "/log/" + name))
            return ("log/" + name, (bytes.lastIndex { $0 != 0 }.map { $0 / 4_096 + 1 } ?? 0) * 4_096)
        }
        return try #require(used.max { $0.1 < $1.1 })
    }

    private static func files(_ data: String, _ prefix: String, _ suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: data + "/rocksdb").sorted()
            .filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }.map { "rocksdb/" + $0 }
    }

    private enum Found: Equatable {
        case all
        case less(Int)
        case refused(String)
    }

    /// Starts on the folder and looks what is there.
    private static func start(_ daemon: DaemonProcess, _ users: Set<String>) throws -> Found {
        do {
            try daemon.start()
        } catch is DaemonProcess.DidNotStart {
            let log = try String(contentsOf: daemon.folder.appending(path: "log"), encoding: .utf8)
            return .refused(log.split(separator: "\n").last.map(String.init) ?? "")
        }
        daemon.kill()
        let dump = try daemon.run("dump", daemon.data, "--kind", "users").json
        let missing = users.subtracting(dump.compactMap { $0["user"] as? String })
        return missing.isEmpty ? .all : .less(missing.count)
    }

    @Test(
        "a byte flipped, a file cut or removed: everything answered is there, or the start names the file and the cure"
    )
    func damaged() throws {
        let (daemon, users) = try Self.filled()
        let whole = daemon.folder.appending(path: "whole").path
        try FileManager.default.moveItem(atPath: daemon.data, toPath: whole)
        // Which files lose something where they are damaged anywhere; the others are never asked.
        var targets: [(file: String, mustRefuse: Bool)] = [("committed", false), ("rocksdb/CURRENT", true)]
        let (log, used) = try Self.log(whole)
        targets.append((log, true))
        targets += try Self.files(whole, "MANIFEST", "").map { ($0, true) }
        targets += try Self.files(whole, "OPTIONS", "").suffix(1).map { ($0, false) }
        targets += try Self.files(whole, "", ".sst").suffix(2).map { ($0, false) }
        var random = SystemRandomNumberGenerator()
        for (file, mustRefuse) in targets {
            let size = try file == log ? used : Data(contentsOf: URL(fileURLWithPath: whole + "/" + file)).count
            // A commit is filled up with zeros, which are nobody's.
            let last = try Data(contentsOf: URL(fileURLWithPath: whole + "/" + file))[..<size].lastIndex { $0 != 0 }!
            var changes: [Change] = [.remove, .cut(0), .cut(last), .flip(0), .flip(last)]
            for _ in 0..<3 {
                let place = Int.random(in: 0..<size, using: &random)
                changes.append(.cut(min(place, last)))
                changes.append(.flip(file == log ? place / 4_096 * 4_096 + place % 24 : place))
            }
            for change in changes {
                try? FileManager.default.removeItem(atPath: daemon.data)
                try FileManager.default.copyItem(atPath: whole, toPath: daemon.data)
                try Self.change(daemon.data + "/" + file, change)
                switch try Self.start(daemon, users) {
                case .all: #expect(!mustRefuse, "\(file) \(change): nobody noticed")
                case .less(let count): Issue.record("\(file) \(change): \(count) users are lost without a word")
                case .refused(let text):
                    #expect(text.contains("damage: \(daemon.data)/"), "\(file) \(change): \(text)")
                    #expect(text.contains("restore the data folder from a copy") || text.contains("echo MANIFEST-"))
                }
            }
        }
    }

    @Test("the torn end that a crash leaves is no damage, whatever it holds, nor what stands in files that come next")
    func torn() throws {
        let (daemon, users) = try Self.filled()
        let (log, _) = try Self.log(daemon.data)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: daemon.data + "/" + log)))
        // The beginning of a commit of which the rest was not written, one of full length with other content, one that
        // stands there already, and anything at all.
        let strange = bytes[..<60] + [UInt8](repeating: 0xEE, count: 40)
        for tail in [Array(bytes[..<60]), Array(strange), Array(bytes[..<8_192]), [1, 2, 3, 4, 200, 0, 1], [9]] {
            let (file, used) = try Self.log(daemon.data)
            try Self.change(daemon.data + "/" + file, .write(tail, used))
            #expect(try Self.start(daemon, users) == .all)
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: daemon.data + "/log") where "log/" + name != log
        {
            try Self.change(daemon.data + "/log/" + name, .write([1, 2, 3], 5_000))
            #expect(try Self.start(daemon, users) == .all)
            try Self.change(daemon.data + "/log/" + name, .remove)
            #expect(try Self.start(daemon, users) == .all)
        }
    }

    @Test("what the refusal says to do helps: the log cut where it is damaged, and what came before is there")
    func givenUp() throws {
        let (daemon, users) = try Self.filled()
        let (log, used) = try Self.log(daemon.data)
        try Self.change(daemon.data + "/" + log, .flip(used / 8_192 * 4_096 + 9))
        guard case .refused(let text) = try Self.start(daemon, users) else {
            Issue.record("nobody noticed")
            return
        }
        let command = try #require(text.split(separator: "came after: ").last?.split(separator: "\n").first)
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", String(command)]
        try shell.run()
        shell.waitUntilExit()
        guard case .less(let count) = try Self.start(daemon, users) else {
            Issue.record("\(command) did not help")
            return
        }
        #expect((1..<400).contains(count))
    }

    @Test("a folder of a daemon that kept no `committed` starts, and keeps it from then on")
    func older() throws {
        let (daemon, users) = try Self.filled()
        try FileManager.default.removeItem(atPath: daemon.data + "/committed")
        #expect(try Self.start(daemon, users) == .all)
        #expect(FileManager.default.fileExists(atPath: daemon.data + "/committed"))
    }

    @Test("a volume without room for opening is refused with what to do, before RocksDB is asked")
    func noRoom() throws {
        let (daemon, users) = try Self.filled()
        let small = daemon.folder.appending(path: "small").path
        try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
        guard geteuid() == 0, mount("tmpfs", small, "tmpfs", 0, "size=24m") == 0 else {
            print("no room: not tested, since a small file system cannot be mounted here")
            return
        }
        defer { umount2(small, Int32(MNT_DETACH)) }
        let data = small + "/data"
        try FileManager.default.copyItem(atPath: daemon.data, toPath: data)
        let filler = open(small + "/filler", O_CREAT | O_WRONLY, 0o600)
        for size in [1 << 20, 4_096, 1] {
            let bytes = [UInt8](repeating: 1, count: size)
            while write(filler, bytes, size) == size {}
        }
        // Some room, but less than 1 MiB.
        let length = lseek(filler, 0, SEEK_CUR)
        for free in [0, 700 << 10] {
            ftruncate(filler, length - off_t(free))
            let output = try daemon.run("serve", "--data", data, "--socket", daemon.socket)
            #expect(output.status == 1)
            #expect(output.err.contains("make room"), "\(output.err)")
        }
        close(filler)
        try FileManager.default.removeItem(atPath: small + "/filler")
        try daemon.start("--data", data)
        daemon.kill()
        let dump = try daemon.run("dump", data, "--kind", "users").json
        #expect(users.isSubset(of: dump.compactMap { $0["user"] as? String }))
    }

    @Test("a block of a table that does not read refuses its own users alone, is named in health, and floods no log")
    func damagedBlock() throws {
        let daemon = try DaemonProcess(slow)
        try daemon.start()
        let names = (0..<2_000).map { "u\($0)" }
        let lines = names.map {
            #"{"user": "\#($0)", "set": {"name": "\#(UUID())"}, "type": "custom_event", "event": "add_to_cart"}"#
        }
        let file = daemon.folder.appending(path: "lines").path
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: file))
        #expect(try daemon.run("track", file).status == 0)
        // As much again, so that the log turns to its next file, and of this one tables are made.
        let more = (0..<2_000).map { _ in
            let texts = (0..<6).map { #""text\#($0)": "\#((0..<14).map { _ in UUID().uuidString }.joined())""# }
            let what = #""user": "more", "type": "custom_event", "event": "filler""#
            return #"{\#(what), "properties": {\#(texts.joined(separator: ", "))}}"# + "\n"
        }.joined()
        let filled = try daemon.run("track", "-", input: more)
        #expect(filled.status == 0, "\(filled.err.prefix(300))")
        try daemon.wait("tables") {
            try Self.files(daemon.data, "", ".sst").contains { name in
                try Data(contentsOf: URL(fileURLWithPath: daemon.data + "/" + name)).count > 1 << 20
            }
        }
        daemon.kill()
        var flipped = 0
        for file in try Self.files(daemon.data, "", ".sst") {
            let path = daemon.data + "/" + file
            let size = try Data(contentsOf: URL(fileURLWithPath: path)).count
            guard size > 20_000 else { continue }  // Its middle is content, and not what stands at its end.
            try Self.change(path, .flip(size / 2))
            flipped += 1
        }
        #expect(flipped >= 3)  // users, timers, decisions
        try daemon.start()
        var refused: [String] = []
        for round in 0..<6 {
            let wire = try Wire(daemon.socket)
            for (index, name) in names.enumerated() where round == 0 || index % 20 == 0 {
                let payload = Wire.track(user: name, id: "", event: "add_to_cart")
                try wire.send(stream: UInt32(index * 2 + 1), "triggerd.v1.Events", "Track", payload)
                let answer = try wire.answer()
                #expect([0, 15].contains(answer.code), "\(answer.text)")
                if round == 0, answer.code == 15 {
                    refused.append(name)
                    #expect(answer.text.contains(name))
                }
            }
            daemon.kill()
            try daemon.start()
        }
        #expect((1..<100).contains(refused.count), "\(refused.count) of 2,000")
        // Of a call of many items only theirs are refused: 2,000 lines are sent some hundred at a time.
        let again = try daemon.run("track", file, "--json")
        #expect(again.status == 1)
        let answers = again.json
        #expect(answers.count == names.count)
        for (name, answer) in zip(names, answers) {
            let isRefused = answer["result"] as? String == "error"
            #expect(isRefused == refused.contains(name), "\(name): \(answer)")
            if isRefused { #expect((answer["error"] as? String ?? "").contains(name)) }
        }
        #expect(try daemon.codes("u1").contains("scheduled") || refused.contains("u1"))
        #expect(try daemon.run("track", "--user", try #require(refused.first), "--event", "x").status == 1)
        let said = try daemon.run("health")
        #expect(said.status == 0)
        #expect(said.out.contains("damaged: "))
        let log = try String(contentsOf: daemon.folder.appending(path: "log"), encoding: .utf8)
        #expect(log.split(separator: "\n").count < 200)
        // Timers and decisions beside the damage are found.
        for kind in ["timers", "decisions"] {
            let found = try daemon.run("dump", daemon.data, "--kind", kind).json.count
            #expect(found > 1_500, "\(kind): \(found)")
        }
    }
}
