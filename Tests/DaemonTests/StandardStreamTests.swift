import Foundation
import Testing

/// Standard input, output and error that are closed, or that nobody reads: a status and a line, never a signal, and
/// never somebody else's descriptor.
struct StandardStreamTests {
    private static func shell(_ script: String, _ arguments: [String]) throws -> DaemonProcess.Output {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script, DaemonProcess.binary] + arguments
        let err = Pipe()
        process.standardError = err
        try process.run()
        let said = try err.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit, "\(arguments): a signal ended it")
        return DaemonProcess.Output(
            status: process.terminationStatus,
            out: "",
            err: String(decoding: said, as: UTF8.self)
        )
    }

    /// Standard output is a pipe whose other end is closed.
    private static func unread(_ arguments: [String]) throws -> DaemonProcess.Output {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: DaemonProcess.binary)
        process.arguments = arguments
        let (out, err) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (out, err)
        try out.fileHandleForReading.close()
        try process.run()
        let said = try err.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit, "\(arguments): a signal ended it")
        return DaemonProcess.Output(
            status: process.terminationStatus,
            out: "",
            err: String(decoding: said, as: UTF8.self)
        )
    }

    @Test("where nobody reads what is printed: a line, and status 1, of every command")
    func unread() throws {
        let daemon = try DaemonProcess(cart)
        try daemon.start()
        try daemon.run("track", "--user", "u", "--event", "add_to_cart")
        let scenario = SimulateTests.scenarios.appending(path: "001-immediate.yaml").path
        let commands = [
            ["--help"], ["--version"], ["track", "--help"], ["dump", daemon.data], ["simulate", scenario],
            ["campaigns", "--socket", daemon.socket], ["users", "export", "u", "--socket", daemon.socket],
        ]
        for command in commands {
            let run = try Self.unread(command)
            #expect(run.status == 1, "\(command)")
            #expect(run.err == "Error: not everything could be printed: Broken pipe\n", "\(command): \(run.err)")
        }
    }

    @Test("closed, they are /dev/null, and no file or socket of the daemon has their numbers")
    func closed() throws {
        let daemon = try DaemonProcess(cart)
        for command in [["--help"], ["simulate", "-"], ["campaigns", "--socket", "/no/such"]] {
            let known = try DaemonProcess.run(command).status
            #expect(try Self.shell("exec \"$0\" \"$@\" <&- >&- 2>&-", command).status == known, "\(command)")
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c", "exec \"$0\" \"$@\" <&- >&- 2>&-", DaemonProcess.binary, "serve", "--data", daemon.data, "--socket",
            daemon.socket,
        ]
        try process.run()
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        try daemon.wait("the daemon") { try daemon.run("health").status == 0 }
        for descriptor in 0...2 {
            let link = "/proc/\(process.processIdentifier)/fd/\(descriptor)"
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "/dev/null")
        }
        #expect(try Self.shell("exec \"$0\" \"$@\" >&-", ["campaigns", "--socket", daemon.socket]).err.isEmpty)
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    }
}
