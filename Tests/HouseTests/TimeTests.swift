import Foundation
import Testing

/// The wall clock has one door, `Host/Runtime/Clock`: everybody else is told what time it is.
struct TimeTests {
    /// Plug-ins know no host's clock; each library of theirs has one door.
    private static let doors: Set<String> = [
        "Sources/Host/Runtime/Clock.swift", "plugins/channels/email/Sources/Clock.swift",
        "plugins/libraries/http/Sources/SystemTime.swift",
    ]
    private static let clocks = [
        "CLOCK_REALTIME", "Date()", "Date.now", "gettimeofday", "DispatchWallTime", "time(nil)",
    ]

    @Test("nobody reads the wall clock but its doors", arguments: ["Sources", "plugins"])
    func oneDoor(folder: String) throws {
        var found: Set<String> = []
        for file in try ImportTests.swiftFiles(in: folder) {
            let text = try String(contentsOf: file, encoding: .utf8)
            guard Self.clocks.contains(where: text.contains) else { continue }
            let path = String(file.path.dropFirst(ImportTests.root.path.count + 1))
            #expect(Self.doors.contains(path), "\(path) reads the wall clock")
            found.insert(path)
        }
        #expect(found == Self.doors.filter { $0.hasPrefix(folder + "/") }, "a door that nobody uses")
    }
}
