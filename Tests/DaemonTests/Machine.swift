import Foundation
import Testing

/// A daemon of which the wall clock is set by as many seconds as a file says.
struct Machine {
    let daemon: DaemonProcess
    private let offset: String
    private let library: String

    init(_ campaigns: String...) throws {
        daemon = campaigns.isEmpty ? try DaemonProcess() : try DaemonProcess(campaigns.joined(separator: "\n---\n"))
        offset = daemon.folder.appending(path: "offset").path
        library = daemon.folder.appending(path: "clock.so").path
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/clock.c")
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments = ["cc", "-shared", "-fPIC", "-o", library, source.path]
        try compiler.run()
        compiler.waitUntilExit()
        #expect(compiler.terminationStatus == 0)
    }

    var environment: [String: String] { ["LD_PRELOAD": library, "TEST_CLOCK_OFFSET": offset] }

    func set(by seconds: Int64) throws {
        try Data(String(seconds).utf8).write(to: URL(fileURLWithPath: offset), options: .atomic)
    }
}
