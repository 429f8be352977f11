import Foundation
import Testing

@testable import torture

/// The torture of `Sources/torture`, as a process of its own: `docs/testing.md`.
struct TortureTests {
    @Test("200 seeds find nothing")
    func seeds() throws {
        let run = try Self.torture("--seed", "1", "--seeds", "200", "--quiet")
        #expect(run.status == 0, "\(run.output.suffix(4_000))")
    }

    @Test("the same seed is the same run in two processes", arguments: [1, 2, 3, 4])
    func repeats(seed: Int) throws {
        let first = try Self.torture("--seed", "\(seed)", "--trace").output
        let second = try Self.torture("--seed", "\(seed)", "--trace").output
        #expect(first == second)
    }

    @Test("a fault that is made on purpose is found", .timeLimit(.minutes(1)), arguments: Canary.allCases)
    func canary(_ canary: Canary) throws {
        let run = try Self.torture("--seeds", "300", "--quiet", "--canary", canary.rawValue)
        #expect(run.status == 1, "\(canary.summary), and nobody noticed: \(run.output.suffix(1_000))")
        let names = [run.output.contains("failed: "), run.output.contains("repeat it: swift run torture --seed ")]
        #expect(names == [true, true], "\(run.output.suffix(1_000))")
    }

    private static func torture(_ arguments: String...) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = Programs.folder.appending(path: "torture")
        process.arguments = arguments
        let pipe = Pipe()
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

/// Where the built programs are.
private enum Programs {
    static let folder: URL = {
        var folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        while folder.path != "/" {
            if FileManager.default.fileExists(atPath: folder.appending(path: "torture").path) { return folder }
            folder.deleteLastPathComponent()
        }
        return URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: ".build/debug")
    }()
}
