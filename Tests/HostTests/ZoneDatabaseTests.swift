import Engine
import Foundation
import Host
import Testing

/// The system's zones, against Python's reading of the same files.
@Suite struct ZoneDatabaseTests {
    /// Every zone at 30 instants from 1850 to 2600: `name instant offset`, in seconds.
    static let script = """
        import zoneinfo, datetime
        zoneinfo.reset_tzpath(["/usr/share/zoneinfo"])
        utc = datetime.timezone.utc
        first, last = (int(datetime.datetime(y, 1, 1, tzinfo=utc).timestamp()) for y in (1850, 2600))
        for name in sorted(zoneinfo.available_timezones()):
            if name == "localtime": continue
            zone = zoneinfo.ZoneInfo(name)
            for i in range(30):
                t = first + (last - first) * i // 30 + i * 86413
                print(name, t, int(datetime.datetime.fromtimestamp(t, zone).utcoffset().total_seconds()))
        """

    static func python(_ script: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script]
        let out = Pipe()
        process.standardOutput = out
        try process.run()
        let printed = try out.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: printed, as: UTF8.self)
    }

    @Test("every zone of the system shows what Python's zoneinfo does, for years past its table too")
    func zones() throws {
        let database = ZoneDatabase.read()
        try #require(database.folder == "/usr/share/zoneinfo")
        var wrong: [String] = []
        var names: Set<Substring> = []
        for line in try Self.python(Self.script).split(separator: "\n") {
            let parts = line.split(separator: " ")
            names.insert(parts[0])
            guard let zone = database.zone(String(parts[0])), let seconds = Int64(parts[1]) else {
                wrong.append("\(line): no such zone")
                continue
            }
            let shown = (zone.wall(Instant(milliseconds: seconds * 1_000)).milliseconds - seconds * 1_000) / 1_000
            if String(shown) != parts[2] { wrong.append("\(line), not \(shown)") }
        }
        #expect(names.count > 300)
        #expect(wrong.isEmpty, "\(wrong.count) differ: \(wrong.prefix(10))")
    }

    @Test("a wall time in a year past the table is found, also where it is skipped or comes twice")
    func later() throws {
        let zone = try #require(ZoneDatabase.read().zone("America/New_York"))
        for (wall, instant) in [
            ("2090-03-12T02:30", "2090-03-12T07:00:00.000Z"), ("2490-03-12T02:30", "2490-03-12T07:00:00.000Z"),
            ("2490-11-05T01:30", "2490-11-05T05:30:00.000Z"), ("2890-07-01T00:00", "2890-07-01T04:00:00.000Z"),
        ] {
            #expect(zone.instant(try #require(WallTime(iso8601: wall))).description == instant)
        }
    }

    @Test(
        "what is no zone of the database has no clock",
        arguments: [
            "", "Europe", "Europe/", "/usr/share/zoneinfo/Europe/Paris", "Europe/../Europe/Paris", "../zoneinfo/UTC",
            "./UTC", "posixrules", "right/Europe/Paris", "posix/Europe/Paris", "localtime", "zone.tab", "tzdata.zi",
            "Europe/Nowhere", "europe/paris", "GMT+2", "PST", "Europe/Paris\u{0}",
        ]
    )
    func none(name: String) {
        #expect(ZoneDatabase.read().zone(name) == nil)
    }

    @Test("its version is known")
    func version() throws {
        let first = try String(contentsOfFile: "/usr/share/zoneinfo/tzdata.zi", encoding: .utf8).prefix(40)
        #expect(first.contains("# version \(ZoneDatabase.read().version)"))
    }
}
