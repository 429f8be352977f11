import Foundation
import Synchronization
import Testing

/// The built binary as a user runs it: a process, a folder, a socket. Nothing of the daemon's code is linked here.
final class DaemonProcess {
    struct Output {
        var status: Int32
        var out: String
        var err: String
        /// The lines of standard output, each a JSON object.
        var json: [[String: Any]] {
            out.split(separator: "\n").compactMap {
                try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
            }
        }
    }

    struct DidNotStart: Error, CustomStringConvertible {
        let description: String
    }

    let folder: URL
    private var process: Process?
    var socket: String { folder.appending(path: "s").path }
    var data: String { folder.appending(path: "data").path }
    var pid: Int32 { process?.processIdentifier ?? 0 }

    /// `triggerd` stands beside the tests' own bundle, or $TRIGGERD_BIN names it.
    static let binary: String = {
        if let named = ProcessInfo.processInfo.environment["TRIGGERD_BIN"] { return named }
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        for _ in 0..<6 {
            for place in [folder, folder.appending(path: "debug")] {
                let found = place.appending(path: "triggerd").path
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: found, isDirectory: &isFolder), !isFolder.boolValue {
                    return found
                }
            }
            folder.deleteLastPathComponent()
        }
        return "triggerd"
    }()

    /// A folder of its own, in which a daemon may be started more than once.
    init(_ campaigns: String...) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "triggerd-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: folder.appending(path: "campaigns"),
            withIntermediateDirectories: true
        )
        for (index, text) in campaigns.enumerated() {
            try Data(text.utf8).write(to: folder.appending(path: "campaigns/\(index).yaml"))
        }
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Waits for "ready".
    func start(_ more: String...) throws {
        try start(arguments: more)
    }

    func start(arguments more: [String], environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.binary)
        process.arguments =
            ["serve", "--data", data, "--socket", socket, "--campaigns", folder.appending(path: "campaigns").path]
            + more
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        let log = folder.appending(path: "log")
        if !FileManager.default.fileExists(atPath: log.path) { try Data().write(to: log) }
        let errors = try FileHandle(forWritingTo: log)
        try errors.seekToEnd()
        process.standardError = errors
        try process.run()
        self.process = process
        var said = ""
        while !said.contains("ready\n") {
            let part = output.fileHandleForReading.availableData
            guard !part.isEmpty else {
                let errors = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
                throw DidNotStart(description: "it ended, having said: \(said)\(errors.suffix(2_000))")
            }
            said += String(decoding: part, as: UTF8.self)
        }
        output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
        self.said = said
    }

    /// What it printed up to "ready".
    private(set) var said = ""

    /// The ports of TCP that it listens at, in their order.
    var ports: [Int] {
        said.split(separator: "\n").filter { $0.hasPrefix("listening: ") && !$0.hasPrefix("listening: /") }
            .compactMap { $0.split(separator: ":").last.flatMap { Int($0) } }
    }

    var log: String { (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? "" }

    /// A file of its folder that only its owner may read.
    func file(_ name: String, _ text: String) throws -> String {
        let path = folder.appending(path: name).path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o600)
        return path
    }

    var isRunning: Bool { process?.isRunning ?? false }

    /// SIGTERM, and its exit status.
    func stop() -> Int32 {
        guard let process else { return -1 }
        process.terminate()
        process.waitUntilExit()
        self.process = nil
        return process.terminationStatus
    }

    /// kill -9, or another signal that ends it.
    func kill(_ signal: Int32 = SIGKILL) {
        guard let process else { return }
        Foundation.kill(process.processIdentifier, signal)
        process.waitUntilExit()
        self.process = nil
    }

    /// A command against this daemon.
    @discardableResult
    func run(_ arguments: String..., input: String? = nil) throws -> Output {
        try Self.run(arguments, input: input, environment: ["TRIGGERD_SOCKET": socket])
    }

    /// A command that needs no daemon, or names its own.
    static func run(
        _ arguments: [String],
        input: String? = nil,
        environment: [String: String] = [:]
    ) throws -> Output {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (out, err, feed) = (Pipe(), Pipe(), Pipe())
        (process.standardOutput, process.standardError, process.standardInput) = (out, err, feed)
        try process.run()
        // Beside each other: a command may print before it has read all, and complain while it prints.
        let (given, complaints) = (feed.fileHandleForWriting, err.fileHandleForReading)
        let complained = Mutex(Data())
        let ended = DispatchGroup()
        DispatchQueue.global().async(group: ended) {
            if let input { given.write(Data(input.utf8)) }
            try? given.close()
        }
        DispatchQueue.global().async(group: ended) {
            let text = try? complaints.readToEnd()
            complained.withLock { $0 = text ?? Data() }
        }
        let printed = try out.fileHandleForReading.readToEnd() ?? Data()
        ended.wait()
        process.waitUntilExit()
        return Output(
            status: process.terminationStatus,
            out: String(decoding: printed, as: UTF8.self),
            err: String(decoding: complained.withLock { $0 }, as: UTF8.self)
        )
    }

    /// The codes of a user's history, newest first.
    func codes(_ user: String, _ campaign: String = "") throws -> [String] {
        let arguments = campaign.isEmpty ? ["explain", user, "--json"] : ["explain", user, campaign, "--json"]
        return try Self.run(arguments, environment: ["TRIGGERD_SOCKET": socket]).json.compactMap {
            $0["decision"] as? String
        }
    }

    /// Asks again until it holds, for at most 20 s.
    func wait(_ what: String, until holds: () throws -> Bool) throws {
        let end = Date(timeIntervalSinceNow: 20)
        while try !holds() {
            guard Date() < end else {
                let log = try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)
                Issue.record("waited in vain: \(what); the daemon's log ends \(log?.suffix(2_000) ?? "nowhere")")
                return
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    /// The letters of the maildir.
    func letters() throws -> [String] {
        let folder = data + "/maildir/new"
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return [] }
        return try names.sorted().map { try String(contentsOfFile: folder + "/" + $0, encoding: .utf8) }
    }
}
