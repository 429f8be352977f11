import Engine
import Foundation

/// The one door to time.
package struct Clock: Sendable {
    package var now: @Sendable () -> Instant
    /// How far it is ahead of the system's clock, which was set back.
    package var ahead: @Sendable () -> Length

    package init(
        ahead: @escaping @Sendable () -> Length = { .zero },
        now: @escaping @Sendable () -> Instant
    ) {
        self.ahead = ahead
        self.now = now
    }

    /// The system's wall clock.
    package static let system = Clock { read(CLOCK_REALTIME) }

    /// The daemon's: never going back. `from` as in `SteadyClock`; `stepped` is told by how much the system's clock was
    /// set.
    package static func steady(from known: Instant?, stepped: @escaping @Sendable (Length) -> Void) -> Clock {
        let steady = SteadyClock(
            wall: { read(CLOCK_REALTIME) },
            // A machine that sleeps does not stop time.
            elapsed: { read(CLOCK_BOOTTIME) - Instant(milliseconds: 0) },
            from: known,
            stepped: stepped
        )
        return Clock(ahead: { steady.ahead }, now: { steady.now() })
    }

    /// What a clock may say that is right: the years 1970 to 9999.
    package static let sane = Instant(milliseconds: 0)...Instant(milliseconds: 253_402_300_799_999)

    /// Why a daemon cannot start by what the clock says, and what to do; nil where it can.
    package var fault: String? {
        let now = now()
        guard !Self.sane.contains(now) else { return nil }
        return
            "the system's clock says \(now.milliseconds / 1_000) s since 1970, which is outside the years 1970 to 9999: set it right, and start again"
    }

    private static func read(_ clock: clockid_t) -> Instant {
        var time = timespec()
        clock_gettime(clock, &time)
        let (milliseconds, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000)
        guard !overflow else { return Instant(milliseconds: time.tv_sec < 0 ? .min : .max) }
        return Instant(milliseconds: milliseconds) + Length(milliseconds: Int64(time.tv_nsec) / 1_000_000)
    }
}
