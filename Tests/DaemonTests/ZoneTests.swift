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

        // In the middle of an update: cut, empty, something else. The zone of before stays, and the file is named.
        let whole = try Data(contentsOf: folder.appending(path: "Test/Zone"))
        for (index, file) in [whole.prefix(100), Data(), Data("no zone at all, but long enough for one of them".utf8)]
            .enumerated()
        {
            try file.write(to: folder.appending(path: "Test/Zone"))
            try Data("2030\(index)\n".utf8).write(to: folder.appending(path: "+VERSION"))
            kill(daemon.pid, SIGHUP)
            let told = "time zones 2030\(index) from \(folder.path); no zone files: Test/Zone"
            try daemon.wait("the cut database") { try daemon.run("plugins").out.contains(told) }
            #expect(try due("cut\(index)").contains("T03:30:00"), "as it was before")
        }
        try Self.install("Asia/Tokyo", as: "2030z", in: folder)
        kill(daemon.pid, SIGHUP)
        try daemon.wait("the mended database") { try daemon.run("plugins").out.contains("2030z from \(folder.path)\n") }
        #expect(try due("mended").contains("T00:00:00"))
        #expect(daemon.stop() == 0)
    }

    @Test("a zone whose file does not read at the start is named in the log once somebody has it, and in `plugins`")
    func damaged() throws {
        let daemon = try DaemonProcess(Self.campaign)
        let folder = daemon.folder.appending(path: "zones")
        try Self.install("Asia/Tokyo", as: "2030a", in: folder)
        let whole = try Data(contentsOf: folder.appending(path: "Test/Zone"))
        try whole.prefix(whole.count / 2).write(to: folder.appending(path: "Test/Cut"))
        try Data().write(to: folder.appending(path: "Test/Empty"))
        try daemon.start(arguments: [], environment: ["TZDIR": folder.path])
        #expect(try daemon.run("plugins").out.contains("no zone files: Test/Empty"))
        for zone in ["Test/Cut", "Test/Empty", "Test/Nowhere"] {
            try daemon.run("track", "--user", zone, "--set", "time_zone=\(zone)", "--event", "e")
        }
        let log = try String(contentsOf: daemon.folder.appending(path: "log"), encoding: .utf8)
        #expect(log.contains("time zone Test/Cut: its file does not read"), "\(log)")
        #expect(log.contains("time zone Test/Empty: its file does not read") && !log.contains("Nowhere"), "\(log)")
        #expect(daemon.stop() == 0)
    }
}
