import Foundation
import Testing

/// `triggerd simulate` as its user runs it: the built program over files.
@Suite struct SimulateTests {
    static let scenarios = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Scenarios")

    @Test("every scenario of Tests/Scenarios passes")
    func scenarios() throws {
        let run = try DaemonProcess.run(["simulate", Self.scenarios.path])
        let failed = run.out.split(separator: "\n").filter { !$0.hasPrefix("ok ") }
        #expect(run.status == 0, "\(failed.joined(separator: "\n"))\(run.err)")
        let count = try FileManager.default.contentsOfDirectory(atPath: Self.scenarios.path).count
        #expect(run.out.hasSuffix("\(count) passed, 0 failed\n"))
    }
}
