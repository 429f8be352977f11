import Glibc

/// The one place where these channels read the time.
package enum SystemTime {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package static func nowMs() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
    }
}
