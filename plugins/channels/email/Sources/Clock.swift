import Glibc

/// The one place where the channel reads the time.
enum Clock {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    static func nowMs() -> Int64 { milliseconds(CLOCK_REALTIME) }

    /// Milliseconds since some instant; nobody sets this one.
    static func monotonicMs() -> Int64 { milliseconds(CLOCK_MONOTONIC) }

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var now = timespec()
        clock_gettime(clock, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }
}
