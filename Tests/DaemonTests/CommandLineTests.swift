import Foundation
import Testing

/// Odd values to every option and every argument of every command: a line that says what is wrong, and status 1 or 2.
@Suite(.serialized)
struct CommandLineTests {
    /// A command as `--experimental-dump-help` describes it.
    struct Command {
        let path: [String]
        let arguments: [Argument]
    }

    struct Argument: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String
        }
        let kind: String
        let names: [Name]?
        let valueName: String?
        let isOptional: Bool

        var option: String? {
            names?.first { $0.kind == "long" }.map { "--\($0.name)" }
        }
    }

    private struct Help: Decodable {
        struct Command: Decodable {
            let commandName: String
            let subcommands: [Command]?
            let arguments: [Argument]?
        }
        let command: Command
    }

    static func commands() throws -> [Command] {
        let dump = try DaemonProcess.run(["--experimental-dump-help"]).out
        let help = try JSONDecoder().decode(Help.self, from: Data(dump.utf8))
        func walk(_ command: Help.Command, _ path: [String]) -> [Command] {
            guard command.commandName != "help" else { return [] }
            let inner = (command.subcommands ?? []).filter { $0.commandName != "help" }
            guard inner.isEmpty else { return inner.flatMap { walk($0, path + [$0.commandName]) } }
            return [Command(path: path, arguments: command.arguments ?? [])]
        }
        return walk(help.command, [])
    }

    /// What makes a command line of a command that is right, without the argument that is tried.
    private static let needed: [String: [(String?, String)]] = [
        "serve": [("--data", "data"), ("--socket", "socket")],
        "apply": [(nil, "file")], "stop": [(nil, "cart")], "resume": [(nil, "cart")],
        "track": [("--user", "u"), ("--event", "e")], "inbox": [(nil, "u")], "explain": [(nil, "u")],
        "users get": [(nil, "u")], "users delete": [(nil, "u")], "users export": [(nil, "u")],
        "redrive": [(nil, "1")], "simulate": [(nil, "file")], "preview": [(nil, "cart"), ("--user", "u")],
        "dump": [(nil, "nothing")], "watch": [("--for", "100ms")],
    ]

    @Test("odd values to every option and argument of every command")
    func oddValues() throws {
        let daemon = try DaemonProcess(cart)
        try daemon.start()
        let folder = daemon.folder.appending(path: "odd")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(cart.utf8).write(to: folder.appending(path: "file"))
        #expect(mkfifo(folder.path + "/fifo", 0o600) == 0)
        let values: [[UInt8]] =
            [
                "", "s", ".", "/dev/null", "no/such/file", "fifo", String(repeating: "x", count: 5_000),
                "99999999999999999999", "-1", "1e400", "\u{1b}[2J\nok\u{202e}",
            ].map { Array($0.utf8) } + [[0xff, 0xfe, 0x41]]
        var runs: [[[UInt8]]] = []
        for command in try Self.commands() {
            let needed = Self.needed[command.path.joined(separator: " ")] ?? []
            for argument in command.arguments where argument.kind != "flag" && argument.option != "--help" {
                let others = needed.filter {
                    $0.0 != argument.option || argument.option == nil && argument.kind != "positional"
                }
                let base = command.path + others.flatMap { [$0.0, $0.1].compactMap(\.self) }
                for value in values {
                    let option = argument.option.map { [Array("\($0)=".utf8) + value] } ?? [Array("--".utf8), value]
                    runs.append(base.map { Array($0.utf8) } + option)
                }
            }
        }
        #expect(runs.count > 500, "the commands are no longer found")
        let environment = ["TRIGGERD_SOCKET": daemon.socket]
        let next = Counter()
        let threads = (0..<4).map { _ in
            BackgroundThread {
                while let index = next.take(below: runs.count) {
                    let run = try CommandRun(runs[index], in: folder, environment: environment)
                    let line = runs[index].map { String(decoding: $0.prefix(100), as: UTF8.self) }
                    for fault in run.faults {
                        Issue.record("\(line): \(fault): \(run.status ?? -1) \(run.err.prefix(2_000))")
                    }
                }
            }
        }
        for thread in threads { try thread.join() }
        #expect(try daemon.run("health").status == 0)
    }

    @Test("2 says that the command line was wrong, 1 that it failed, each with what to do")
    func statuses() throws {
        let daemon = try DaemonProcess(cart)
        try daemon.start()
        let usage: [([String], String)] = [
            (["track", "--user", "u", "--purchase", "lamp"], "--price"),
            (["track", "--user", "u", "--event", "e", "--price", "1"], "are of a --purchase"),
            (["track", "--user", "u", "--event", "e", "--property", "n=18446744073709551593"], "send it as text"),
            (["track", "--user", "u", "--set", "n=-9223372036854775809"], "send it as text"),
            (["track", "--user", "u", "--event", "e", "--property", "n=1e400"], "send it as text"),
            (["track", "--user", "u", "--event", "e", "--at", "0000-12-31T23:59:59Z"], "the years 1 to 9999"),
            (["track", "--user", "u", "--event", "e", "--at", "9999-12-31T23:59:59-01:00"], "the years 1 to 9999"),
            (
                ["preview", "cart", "--user", "u", "--event", #"{"a": [99999999999999999999]}"#],
                "a[0]: 99999999999999999999"
            ),
            (["health", "--timeout", "0s"], "in no time"), (["health", "--timeout", "99999999w"], "is the longest"),
            (["serve", "--data", ""], "--data is empty"), (["serve", "--socket", ""], "--socket is empty"),
            (["campaigns", "--socket", String(repeating: "x", count: 5_000)], "at most 107 bytes"),
        ]
        for (arguments, text) in usage {
            let run = try DaemonProcess.run(arguments, environment: ["TRIGGERD_SOCKET": daemon.socket])
            #expect(run.status == 2, "\(arguments)")
            #expect(run.err.contains(text), "\(arguments): \(run.err)")
        }
        let (large, half) = (daemon.folder.appending(path: "large"), daemon.folder.appending(path: "half"))
        try Data(repeating: UInt8(ascii: "#"), count: 70 << 20).write(to: large)
        try Data(repeating: UInt8(ascii: "#"), count: 3 << 20).write(to: half)
        let failed: [([String], String)] = [
            (["apply", daemon.folder.path], "no campaign is in it"), (["track", daemon.folder.path], "Is a directory"),
            (["apply", "/no/such"], "No such file"), (["dump", "/no/such"], "/no/such"),
            (["campaigns", "--socket", "/no/such"], "no daemon answers at /no/such: No such file or directory"),
            (["apply", large.path], "more than 4194304 bytes"),
            (["apply", half.path, half.path], "apply some of them"),
            (["users", "get", "nobody"], "no user is called"), (["stop", "nothing"], "nothing"),
        ]
        for (arguments, text) in failed {
            let run = try DaemonProcess.run(arguments, environment: ["TRIGGERD_SOCKET": daemon.socket])
            #expect(run.status == 1, "\(arguments)")
            #expect(run.err.contains(text), "\(arguments): \(run.err)")
        }
    }

    @Test("a path of one letter is a socket, a folder, a file")
    func oneLetter() throws {
        let daemon = try DaemonProcess()
        let run = try CommandRun(
            ["serve", "--socket", "s", "--data", "d", "--campaigns", "c"].map { Array($0.utf8) },
            in: daemon.folder
        )
        #expect(run.status == 1 && run.err.contains("\"c\" cannot be read: No such file or directory"), "\(run.err)")
        try FileManager.default.createDirectory(
            at: daemon.folder.appending(path: "c"),
            withIntermediateDirectories: true
        )
        let served = try CommandRun(
            ["serve", "--socket", "s", "--data", "d", "--campaigns", "c"].map { Array($0.utf8) },
            in: daemon.folder
        )
        #expect(served.status == 0 && served.out.contains("listening: s\n"), "\(served.out) \(served.err)")
    }

    @Test("a daemon that never answers: a line, and status 1")
    func neverAnswers() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        #expect(kill(daemon.pid, SIGSTOP) == 0)
        for command in [["campaigns"], ["track", "--user", "u", "--event", "e"]] {
            let run = try CommandRun(
                (command + ["--timeout", "1s", "--socket", daemon.socket]).map { Array($0.utf8) },
                in: daemon.folder
            )
            #expect(run.status == 1 && run.err.contains("did not answer within 1s"), "\(command): \(run.err)")
        }
        let health = try CommandRun(["health", "--socket", daemon.socket].map { Array($0.utf8) }, in: daemon.folder)
        #expect(health.status == 1 && health.err.contains("did not answer within 5s"), "\(health.err)")
        #expect(kill(daemon.pid, SIGCONT) == 0)
        #expect(try daemon.run("health").status == 0)
    }
}

/// Hands out numbers to several threads.
final class Counter: @unchecked Sendable {
    // `next` is read and written under `lock`.
    private let lock = NSLock()
    private var next = 0

    func take(below end: Int) -> Int? {
        lock.withLock {
            guard next < end else { return nil }
            defer { next += 1 }
            return next
        }
    }
}
