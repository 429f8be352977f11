import Engine
import Testing

@Suite struct ZoneTests {
    /// New York in 2026: summer from 8 March 07:00Z to 1 November 06:00Z.
    let newYork = Zone(
        name: "America/New_York",
        offset: .seconds(-18_000),
        transitions: [
            .init(at: Instant(iso8601: "2026-03-08T07:00:00Z")!, offset: .seconds(-14_400)),
            .init(at: Instant(iso8601: "2026-11-01T06:00:00Z")!, offset: .seconds(-18_000)),
        ]
    )
    /// Apia skipped 30 December 2011.
    let apia = Zone(
        name: "Pacific/Apia",
        offset: .seconds(-36_000),
        transitions: [.init(at: Instant(iso8601: "2011-12-30T10:00:00Z")!, offset: .seconds(50_400))]
    )

    @Test(
        "3.3.3: a gap is its end, a repeated time the first of the two",
        arguments: [
            ("2026-03-08T01:59", "2026-03-08T06:59:00.000Z"), ("2026-03-08T02:30", "2026-03-08T07:00:00.000Z"),
            ("2026-03-08T03:00", "2026-03-08T07:00:00.000Z"), ("2026-11-01T01:30", "2026-11-01T05:30:00.000Z"),
            ("2026-11-01T02:00", "2026-11-01T07:00:00.000Z"), ("2026-07-01T00:00", "2026-07-01T04:00:00.000Z"),
        ]
    )
    func wallTimes(wall: String, instant: String) throws {
        #expect(newYork.instant(try #require(WallTime(iso8601: wall))).description == instant)
    }

    @Test("3.3.3: a skipped date is a gap of a day")
    func skippedDate() throws {
        #expect(
            apia.instant(try #require(WallTime(iso8601: "2011-12-30T12:00"))).description == "2011-12-30T10:00:00.000Z"
        )
        #expect(apia.wall(Instant(iso8601: "2011-12-30T10:00:00Z")!).description == "2011-12-31T00:00:00.000")
    }

    @Test("5.2.7: the next opening, in the second pass and after a gap too")
    func openings() throws {
        func next(_ from: String, _ to: String, _ instant: String) throws -> String? {
            let hours = ClockRange(from: ClockTime(from)!, to: ClockTime(to)!)
            return newYork.next(in: hours, from: try #require(Instant(iso8601: instant)))?.description
        }
        #expect(try next("01:15", "01:45", "2026-11-01T05:50:00Z") == "2026-11-01T06:15:00.000Z")
        #expect(try next("02:15", "03:30", "2026-03-08T06:00:00Z") == "2026-03-08T07:00:00.000Z")
        #expect(try next("02:15", "02:45", "2026-03-08T06:00:00Z") == "2026-03-09T06:15:00.000Z")
        #expect(try next("22:00", "02:00", "2026-07-01T05:59:59Z") == "2026-07-01T05:59:59.000Z")
        #expect(try next("22:00", "02:00", "2026-07-01T06:00:00Z") == "2026-07-02T02:00:00.000Z")
    }
}
