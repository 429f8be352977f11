import Foundation
import Testing

/// The zone database of the system, as the daemon uses it.
@Suite struct ZoneTests {
    static let campaign = """
        campaign: morning
        trigger: {type: custom_event, event: e}
        delay: {days: 1, at: "09:00"}
        re_eligibility: {after: 0s}
        messages: [{channel: push, title: T, body: B}]
        """

    /// A database of one zone, which is another's copy.
    static func install(_ name: String, as version: String, in folder: URL) throws {
        try FileManager.default.createDirectory(at: folder.appending(path: "Test"), withIntermediateDirectories: true)
        let zone = try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(name)"))
        try zone.write(to: folder.appending(path: "Test/Zone"))
        try Data("\(version)\n".utf8).write(to: folder.appending(path: "+VERSION"))
    }

    @Test("zones come from $TZDIR, are read again on SIGHUP, and their version is shown")
    func reload() throws {
        let daemon = try DaemonProcess(Self.campaign)
        let folder = daemon.folder.appending(path: "zones")
        try Self.install("Asia/Tokyo", as: "2030a", in: folder)
        try daemon.start(arguments: [], environment: ["TZDIR": folder.path])
        #expect(try daemon.run("plugins").out.contains("time zones 2030a from \(folder.path)"))

        func due(_ user: String) throws -> String {
            let tracked = try daemon.run("track", "--user", user, "--set", "time_zone=Test/Zone", "--event", "e")
            #expect(tracked.status == 0, "\(tracked.err)")
            let told = try daemon.run("explain", user, "--json")
            return told.json.compactMap { $0["until"] as? String }.first ?? told.out
        }
        #expect(try due("a").contains("T00:00:00"), "09:00 in Tokyo is midnight in UTC")

        try Self.install("Asia/Kolkata", as: "2030b", in: folder)
        #expect(try due("b").contains("T00:00:00"), "what stands on disk alone changes nothing")
        kill(daemon.pid, SIGHUP)
        try daemon.wait("the new database") { try daemon.run("plugins").out.contains("time zones 2030b") }
        #expect(try due("c").contains("T03:30:00"), "09:00 in Kolkata is 03:30 in UTC")
        #expect(daemon.stop() == 0)
    }
}
