import Foundation
import Testing

/// The commands that go on: `watch`, `inbox --follow`, `track --stream`.
@Suite(.serialized)
struct FollowTests {
    private static let note = """
        campaign: note
        trigger: {type: custom_event, event: hi}
        re_eligibility: {after: 0s}
        messages: [{channel: in_app, title: "Hi"}]
        """

    /// A command that runs until it is stopped or the daemon ends.
    private final class Following {
        let process = Process()
        private let (out, err) = (Pipe(), Pipe())
        private var text = ""

        init(_ daemon: DaemonProcess, _ arguments: String...) throws {
            process.executableURL = URL(fileURLWithPath: DaemonProcess.binary)
            process.arguments = arguments
            process.environment = ProcessInfo.processInfo.environment.merging(["TRIGGERD_SOCKET": daemon.socket]) { $1 }
            (process.standardOutput, process.standardError) = (out, err)
            process.standardInput = FileHandle.nullDevice
            try process.run()
        }

        deinit { process.terminate() }

        /// The next line that it prints; nil at its end.
        func line() -> String? {
            while !text.contains("\n") {
                let part = out.fileHandleForReading.availableData
                if part.isEmpty { return nil }
                text += String(decoding: part, as: UTF8.self)
            }
            let line = text.prefix { $0 != "\n" }
            text = String(text.dropFirst(line.count + 1))
            return String(line)
        }

        func object() throws -> [String: Any] {
            let text = try #require(self.line())
            return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        }

        func complaint() -> String {
            String(decoding: (try? err.fileHandleForReading.readToEnd()) ?? Data(), as: UTF8.self)
        }
    }

    @Test("watch tells decisions as they are made, and after the daemon's end from where to go on")
    func watch() throws {
        let daemon = try DaemonProcess(Self.note)
        try daemon.start()
        try daemon.run("track", "--user", "u1", "--event", "hi")
        let watch = try Following(daemon, "watch", "--json", "--from", "beginning", "--code", "queued_in_app")
        #expect(try watch.object()["user"] as? String == "u1")
        try daemon.run("track", "--user", "u2", "--event", "hi")
        let last = try watch.object()
        #expect(last["user"] as? String == "u2")
        #expect(daemon.stop() == 0)
        #expect(watch.line() == nil)
        watch.process.waitUntilExit()
        #expect(watch.process.terminationStatus == 1)
        let complaint = watch.complaint()
        let place = try #require(complaint.split(separator: " ").last?.trimmingCharacters(in: .newlines))
        #expect(complaint.contains("go on with --from \(place)"), "\(complaint)")
        try daemon.start()
        try daemon.run("track", "--user", "u3", "--event", "hi")
        let again = try Following(daemon, "watch", "--from", place, "--user", "u3", "--campaign", "note")
        #expect(again.line()?.hasPrefix("u3  ") == true)
        let wrong = try daemon.run("watch", "--from", "yesterday")
        #expect(wrong.status == 2 && wrong.err.contains("now, beginning or the sequence"))
        #expect(try daemon.run("watch", "--code", "nonsense").status == 2)
    }

    @Test("inbox --follow takes each message as soon as it is due")
    func inbox() throws {
        let daemon = try DaemonProcess(Self.note)
        try daemon.start()
        let follow = try Following(daemon, "inbox", "u1", "--follow", "--acknowledge", "--json")
        try daemon.run("track", "--user", "u1", "--event", "hi")
        let message = try follow.object()
        #expect(message["campaign"] as? String == "note")
        try daemon.wait("it is acknowledged") { try daemon.codes("u1").contains("delivered") }
    }

    @Test("track --stream: the same results as without, in the order of the lines")
    func track() throws {
        let daemon = try DaemonProcess(Self.note)
        try daemon.start()
        let hi = #""type": "custom_event", "event": "hi""#
        var lines = (0..<3_000).map {
            #"{"user": "u\#($0 % 7)", "id": "\#($0)", "type": "custom_event", "event": "e"}"#
        }
        lines[1_500] = #"{"user": "u1", "id": "1", \#(hi)}"#
        lines[1_501] = "not json"
        lines[1_502] = #"{"user": "u1", "type": "custom_event", "event": ""}"#
        lines.append(#"{"user": "u1", "id": "hi", \#(hi)}"#)
        let run = try daemon.run("track", "-", "--stream", "--json", input: lines.joined(separator: "\n"))
        #expect(run.status == 1)
        #expect(run.json.compactMap { $0["line"] as? Int } == Array(1...3_001))
        let errors = run.json.filter { $0["result"] as? String == "error" }
        #expect(errors.compactMap { $0["line"] as? Int } == [1_501, 1_502, 1_503])
        #expect((run.json.last?["decisions"] as? [Any])?.count == 2)
        #expect(run.err.contains("2998 accepted, 0 duplicates, 3 errors"), "\(run.err)")
        let again = try daemon.run("track", "-", "--stream", input: lines.joined(separator: "\n"))
        #expect(again.err.contains("0 accepted, 2998 duplicates, 3 errors"), "\(again.err)")
        #expect(try daemon.run("track", "--stream", "--user", "u", "--event", "e").status == 2)
    }

    @Test("track --stream --retry: a daemon that starts again meanwhile takes every item once")
    func retry() throws {
        let daemon = try DaemonProcess(Self.note)
        try daemon.start()
        let lines = (0..<30_000).map {
            #"{"user": "u\#($0 % 100)", "id": "\#($0)", "type": "custom_event", "event": "e"}"#
        }
        let file = daemon.folder.appending(path: "lines")
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        let track = try Following(daemon, "track", file.path, "--stream", "--json", "--retry", "20s")
        var count = 0
        var results: Set<String> = []
        while let line = track.line() {
            count += 1
            results.insert(line.contains(#""result": "error""#) ? "error" : "taken")
            if count == 2_000 {
                daemon.kill()
                try daemon.start()
            }
        }
        #expect(count == 30_000)
        #expect(results == ["taken"])
    }
}
