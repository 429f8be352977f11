import Engine
import Host

/// Simulated time: what the system's clock says, which can be set, and what really passes.
final class Time: @unchecked Sendable {
    // Everything runs on one thread.
    private(set) var wall: Instant
    private(set) var elapsed = Length.zero

    init(_ start: Instant) {
        wall = start
    }

    func pass(_ length: Length) {
        wall = wall + length
        elapsed = Length(milliseconds: elapsed.milliseconds + length.milliseconds)
    }

    func set(by step: Length) { wall = wall + step }

    /// As a daemon that starts now has it.
    func steady(from known: Instant?) -> SteadyClock {
        SteadyClock(wall: { self.wall }, elapsed: { self.elapsed }, from: known, stepped: { _ in })
    }
}
