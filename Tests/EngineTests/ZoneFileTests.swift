import Engine
import Foundation
import Testing

/// Files of the zone database, whole and damaged.
@Suite struct ZoneFileTests {
    static func file(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(name)")))
    }

    /// A file of no changes, and this rule.
    static func file(rule: String) -> [UInt8] {
        func header(_ types: UInt8) -> [UInt8] {
            Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15) + [UInt8](repeating: 0, count: 16)
                + [0, 0, 0, types, 0, 0, 0, 4]
        }
        let type: [UInt8] = [0, 0, 0, 0, 0, 0] + Array("UTC\0".utf8)
        return header(1) + type + header(1) + type + Array("\n\(rule)\n".utf8)
    }

    @Test(
        "rules of every form",
        arguments: [
            ("EST5EDT,M3.2.0,M11.1.0", "2026-07-01T12:00:00Z", -4.0), ("EST5EDT,M3.2.0,M11.1.0", "2026-12-01", -5),
            ("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-06-01", -2), ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01", 0),
            ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01", 1), ("<+0330>-3:30", "2100-01-01", 3.5),
            ("XXX3EDT4,0/0,J365/23", "2026-05-05", -4), ("XXX3EDT4,0/0,J365/23", "2026-12-31T23:30:00Z", -4),
            ("AAA0BBB,J60/0,J300/0", "2028-02-29T12:00:00Z", 0), ("AAA0BBB,J60/0,J300/0", "2028-03-01", 1),
            ("AAA0BBB,59/0,300/0", "2028-02-29", 1), ("AAA-12BBB-13,M9.5.0,M4.1.0/3", "2026-01-01", 13),
        ]
    )
    func rules(text: String, instant: String, hours: Double) throws {
        let zone = try #require(Zone(name: "x", file: Self.file(rule: text)))
        let at = try #require(Instant(iso8601: instant))
        #expect(Double(zone.wall(at).milliseconds - at.milliseconds) / 3_600_000 == hours)
    }

    @Test(
        "what a clock is called: in the table, after it, and where only the name changes",
        arguments: [
            ("Europe/Paris", "2026-07-04", "CEST"), ("Europe/Paris", "2026-01-04", "CET"),
            ("Europe/Paris", "2500-07-04", "CEST"), ("Europe/Paris", "1850-01-01", "LMT"),
            ("America/New_York", "2026-07-04", "EDT"), ("America/Sao_Paulo", "2026-07-04", "-03"),
            ("Asia/Kolkata", "2026-07-04", "IST"), ("UTC", "2026-07-04", "UTC"),
            // Summer time of one zone became winter time of the next.
            ("Europe/Lisbon", "1992-08-01", "WEST"), ("Europe/Lisbon", "1992-12-01", "CET"),
        ]
    )
    func clockNames(name: String, instant: String, expected: String) throws {
        let zone = try #require(Zone(name: name, file: Self.file(name)))
        #expect(zone.clockName(at: try #require(Instant(iso8601: instant))) == expected)
    }

    @Test(
        "what is no rule",
        arguments: [
            "E5", "EST", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0", "EST5EDT,M3.2.0,M11.1.0x",
            "EST99999999999999999999", "EST5EDT,M3.2.0/999,M11.1.0", "<EST5", "EST25", "EST5EDT,J0,J1",
        ]
    )
    func noRules(text: String) {
        #expect(Zone(name: "x", file: Self.file(rule: text)) == nil)
    }

    @Test("a file cut anywhere is none")
    func cut() throws {
        let file = try Self.file("Europe/Paris")
        try #require(Zone(name: "x", file: file) != nil)
        for count in file.indices { #expect(Zone(name: "x", file: Array(file[..<count])) == nil) }
    }

    @Test("a byte turned anywhere does no harm: none, or a clock that works", .timeLimit(.minutes(1)))
    func turned() throws {
        let file = try Self.file("America/New_York")
        let hours = ClockRange(from: try #require(ClockTime("09:00")), to: try #require(ClockTime("10:00")))
        for index in file.indices {
            for bit in [UInt8(0x01), 0xff] {
                var damaged = file
                damaged[index] ^= bit
                guard let zone = Zone(name: "x", file: damaged) else { continue }
                for year in [1, 1970, 2026, 9999] as [Int64] {
                    let at = Instant(milliseconds: (year - 1970) * 31_556_952_000)
                    _ = zone.instant(zone.wall(at))
                    _ = zone.next(in: hours, from: at)
                }
            }
        }
    }

    @Test("counts beyond the file are no reason to make room for them")
    func counts() throws {
        var file = try Self.file("Europe/Paris")
        for index in 20..<44 { file[index] = 0xff }
        #expect(Zone(name: "x", file: file) == nil)
        #expect(Zone(name: "x", file: [UInt8](repeating: 0, count: 1 << 20)) == nil)
        #expect(Zone(name: "x", file: []) == nil)
    }
}
