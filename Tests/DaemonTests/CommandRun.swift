import Foundation

/// A run of the binary with arguments of any bytes: what `Process` cannot pass, and a limit on how long it takes.
struct CommandRun {
    /// Nil where a signal ended it.
    let status: Int32?
    let isTooSlow: Bool
    let out: String
    let err: String
    /// The most memory that it had, in bytes.
    let memory: Int

    /// Ends the run by SIGTERM as soon as this stands on standard output.
    static let ready = "ready\n"

    init(
        _ arguments: [[UInt8]],
        in folder: URL,
        environment: [String: String] = [:],
        input: String = "/dev/null",
        seconds: Double = 30
    ) throws {
        let place = folder.appending(path: "run-\(UUID().uuidString.prefix(8))")
        let (outFile, errFile) = (place.path + ".out", place.path + ".err")
        defer { for file in [outFile, errFile] { try? FileManager.default.removeItem(atPath: file) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outFile, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errFile, O_WRONLY | O_CREAT, 0o600)
        let pairs = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let command = ["env", "-C", folder.path, DaemonProcess.binary].map { Array($0.utf8) }
        var argv = (command + arguments).map {
            strdup($0.map { CChar(bitPattern: $0) } + [0])
        }
        var envp = pairs.map { strdup("\($0)=\($1)") }
        defer { for text in argv + envp { free(text) } }
        argv.append(nil)
        envp.append(nil)
        var pid: pid_t = 0
        let failed = posix_spawn(&pid, "/usr/bin/env", &actions, nil, argv, envp)
        guard failed == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failed) ?? .EIO) }

        let end = Date(timeIntervalSinceNow: seconds)
        var (code, slow, most) = (Int32(0), false, 0)
        while waitpid(pid, &code, WNOHANG) == 0 {
            most = Self.memory(of: pid) ?? most
            if arguments.first == Array("serve".utf8), Self.text(outFile).contains(Self.ready) { kill(pid, SIGTERM) }
            if Date() > end {
                slow = true
                kill(pid, SIGKILL)
            }
            usleep(5_000)
        }
        isTooSlow = slow
        status = code & 0x7f == 0 ? (code >> 8) & 0xff : nil
        (out, err) = (Self.text(outFile), Self.text(errFile))
        memory = most
    }

    /// Of what runs there now. What `wait4` tells counts the memory of this process, too, of which it is a copy.
    private static func memory(of pid: pid_t) -> Int? {
        let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }

    private static func text(_ file: String) -> String {
        String(decoding: (try? Data(contentsOf: URL(fileURLWithPath: file))) ?? Data(), as: UTF8.self)
    }

    /// What no person should read, nor a terminal obey; empty where all is well.
    var faults: [String] {
        var faults: [String] = []
        if isTooSlow { faults.append("it hangs") } else if status == nil { faults.append("a signal ended it") }
        if let status, status > 2 { faults.append("it ended with status \(status)") }
        if let status, status != 0, err.isEmpty, out.isEmpty { faults.append("it failed without a word") }
        for word in [
            "NSCocoa", "NSPOSIX", "Error Domain", "descriptor:", "Fatal error", "Current stack trace", "errno:",
        ] {
            if err.contains(word) || out.contains(word) { faults.append("it says \(word)") }
        }
        let isPlain = (out + err).unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control }
        if !isPlain { faults.append("it prints control characters") }
        if err.split(separator: "\n").contains(where: { $0.utf8.count > 1_000 }) { faults.append("a line has no end") }
        return faults
    }
}
