import Engine
import Glibc

/// What clocks on walls say, as the C library has it: a second reader of the zone database.
enum WallClock {
    struct Reading {
        /// Since 1970, as if the clock stood in UTC.
        var milliseconds: Int64
        var day: Int64 { (milliseconds - timeOfDay) / 86_400_000 }
        var timeOfDay: Int64 { (milliseconds % 86_400_000 + 86_400_000) % 86_400_000 }
    }

    /// A zone that the database does not have is the other one.
    static func read(_ instant: Instant, _ zone: String?, else other: String) -> Reading {
        Reading(milliseconds: instant.milliseconds + offset(instant, exists(zone) ? zone ?? other : other))
    }

    /// When that clock shows this for the first time; where it never does, not before the answer.
    static func instant(_ wall: Int64, _ zone: String?, else other: String) -> Instant {
        let zone = exists(zone) ? zone ?? other : other
        let candidates = [-86_400_000, 86_400_000].map { away in
            Instant(milliseconds: wall - offset(Instant(milliseconds: wall + away), zone))
        }
        let exact = candidates.filter { $0.milliseconds + offset($0, zone) == wall }
        return exact.min() ?? candidates[0] - Length(milliseconds: 86_400_000)
    }

    static func contains(_ hours: ClockRange, _ time: Int64) -> Bool {
        let (from, to) = (hours.from.milliseconds, hours.to.milliseconds)
        return from < to ? time >= from && time < to : time >= from || time < to
    }

    private static func exists(_ zone: String?) -> Bool {
        zone.map { access("/usr/share/zoneinfo/\($0)", R_OK) == 0 } ?? false
    }

    private static func offset(_ instant: Instant, _ zone: String) -> Int64 {
        setenv("TZ", zone, 1)
        tzset()
        var seconds = time_t((Double(instant.milliseconds) / 1_000).rounded(.down))
        var parts = tm()
        localtime_r(&seconds, &parts)
        return Int64(parts.tm_gmtoff) * 1_000
    }
}
