import Foundation
import Testing

/// `track FILE`: a line is wrong alone, whatever stands in it.
struct TrackFileTests {
    private static func line(_ user: String) -> String {
        #"{"user": "\#(user)", "type": "custom_event", "event": "add_to_cart", "properties": {"value": 150}}"# + "\n"
    }

    @Test("a line over 4 MiB, zero bytes, bytes that are no text, numbers past 64 bits: each a bad line")
    func badLines() throws {
        let daemon = try DaemonProcess(cart)
        try daemon.start()
        var data = Data([0xef, 0xbb, 0xbf])
        data += Data(Self.line("first").utf8)
        data += Data(repeating: UInt8(ascii: "x"), count: (4 << 20) + 1) + Data("\n".utf8)
        data += Data(Self.line("third").utf8)
        data += Data([0x7b, 0xff, 0xfe, 0x0a]) + Data([0, 0, 0, 0x0a])
        data += Data(Self.line("six").replacingOccurrences(of: "150", with: "18446744073709551593").utf8)
        data += Data(Self.line("seven").replacingOccurrences(of: "150", with: "[1, {\"n\": 1e999}]").utf8)
        data += Data(
            Self.line("eight").replacingOccurrences(of: "150", with: String(repeating: "[", count: 100_000)).utf8
        )
        data += Data(#"{"user": "nine", "type": "purchase", "product_id": "p"}"#.utf8) + Data("\n\r\n  \n".utf8)
        data += Data(Self.line("twelve").dropLast().utf8)
        let file = daemon.folder.appending(path: "lines.jsonl")
        data += Data("\n".utf8)
        let numbers = "[" + String(repeating: "1,", count: 2_000_000) + "1]"
        data += Data(Self.line("thirteen").replacingOccurrences(of: "150", with: numbers).utf8)
        try data.write(to: file)
        let run = try daemon.run("track", file.path, "--json")
        #expect(run.status == 1)
        let answers = run.json.map { "\($0["line"] ?? "?") \($0["result"] ?? "?")" }
        #expect(
            answers == [
                "1 accepted", "2 error", "3 accepted", "4 error", "5 error", "6 error", "7 error", "8 error", "9 error",
                "12 accepted", "13 error",
            ]
        )
        let errors = run.json.compactMap { $0["error"] as? String }
        try #require(errors.count == 8)
        #expect(errors[0].contains("4194305 bytes are too long"))
        #expect(errors[1].contains("not a text in UTF-8"))
        #expect(errors[2].contains("not JSON"))
        #expect(errors[3].contains("properties.value: 18446744073709551593 does not fit 64 bits: send it as text"))
        #expect(errors[4].contains("properties.value[1].n: 1e999"))
        #expect(errors[5].contains("64 deep"))
        #expect(errors[6].contains("price: is missing"))
        #expect(errors[7].contains("more than 100000 values"))
        #expect(run.err.contains("3 accepted, 0 duplicates, 8 errors"))
    }

    @Test("a line without an end takes no more memory than a line may have")
    func endlessLine() throws {
        let daemon = try DaemonProcess(cart)
        try daemon.start()
        let file = daemon.folder.appending(path: "endless")
        try Data().write(to: file)
        // Holes read as zeros, and take no disk.
        #expect(truncate(file.path, 1 << 30) == 0)
        let run = try CommandRun(
            ["track", file.path, "--socket", daemon.socket].map { Array($0.utf8) },
            in: daemon.folder
        )
        #expect(run.status == 1 && run.err.contains("line 1: 1073741824 bytes are too long"), "\(run.err)")
        #expect(run.memory < 256 << 20, "\(run.memory >> 20) MiB")
    }

    @Test("lines that are large together go in requests that each fit")
    func largeLines() throws {
        let daemon = try DaemonProcess(cart)
        try daemon.start()
        let text = String(repeating: "y", count: 200_000)
        let lines = (0..<60).map {
            #"{"user": "u\#($0)", "type": "custom_event", "event": "e", "properties": {"text": "\#(text)"}}"#
        }
        let file = daemon.folder.appending(path: "large")
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        let run = try daemon.run("track", file.path)
        #expect(run.status == 0 && run.err.contains("60 accepted, 0 duplicates, 0 errors"), "\(run.err)")
    }

    @Test("a pipe that nobody writes into is told of; one that somebody does is read to its end")
    func pipes() throws {
        let daemon = try DaemonProcess(cart)
        try daemon.start()
        let pipe = daemon.folder.appending(path: "pipe").path
        #expect(mkfifo(pipe, 0o600) == 0)
        let alone = try daemon.run("track", pipe)
        #expect(alone.status == 1 && alone.err.contains("nobody writes into this pipe"), "\(alone.err)")
        let writer = BackgroundThread {
            let end = try FileHandle(forWritingTo: URL(fileURLWithPath: pipe))
            for user in ["a", "b", "c"] {
                try end.write(contentsOf: Data(Self.line(user).utf8))
                usleep(50_000)
            }
            try end.close()
        }
        let read = try daemon.run("track", pipe)
        try writer.join()
        #expect(read.status == 0 && read.err.contains("3 accepted"), "\(read.err)")
    }
}
