import Engine
import Synchronization

/// Time that never goes back (13: receipts never decrease), whatever is done to the system's clock. Where that is set
/// forward it is followed at once. Where it is set back, time runs on from where it was, by what has really passed and
/// a twentieth slower, until the system's clock has caught up: an hour is caught up within a day, and meanwhile a delay
/// of an hour takes three minutes more.
package final class SteadyClock: Sendable {
    private struct State {
        /// What was given last.
        var now: Instant
        /// What the system's clock said then, and how much had passed since some moment.
        var wall: Instant
        var elapsed: Length
        /// Since when time runs on by itself.
        var runsOnFrom: (now: Instant, elapsed: Length)?
    }

    private let state: Mutex<State>
    private let wall: @Sendable () -> Instant
    private let elapsed: @Sendable () -> Length
    private let stepped: @Sendable (Length) -> Void

    /// `from`: what it was in an earlier run, where it is known; time does not go back between them either.
    package init(
        wall: @escaping @Sendable () -> Instant,
        elapsed: @escaping @Sendable () -> Length,
        from known: Instant? = nil,
        stepped: @escaping @Sendable (Length) -> Void
    ) {
        (self.wall, self.elapsed, self.stepped) = (wall, elapsed, stepped)
        let (start, begin) = (wall(), elapsed())
        let now = max(start, known ?? start)
        state = Mutex(
            State(now: now, wall: start, elapsed: begin, runsOnFrom: now > start ? (now, begin) : nil)
        )
    }

    package func now() -> Instant {
        let (now, step) = state.withLock { state in
            // Read under the lock: of two threads the later one has the later time.
            let (wall, elapsed) = (self.wall(), self.elapsed())
            let passed = Length(milliseconds: max(0, elapsed.milliseconds - state.elapsed.milliseconds))
            let expected = state.wall + passed
            let now = Self.advance(&state, wall, elapsed, passed)
            (state.now, state.wall, state.elapsed) = (now, wall, elapsed)
            return (now, wall - expected)
        }
        if step >= HostLimits.smallestStepOfClock || step.milliseconds <= -HostLimits.smallestStepOfClock.milliseconds {
            stepped(step)
        }
        return now
    }

    private static func advance(
        _ state: inout State,
        _ wall: Instant,
        _ elapsed: Length,
        _ passed: Length
    ) -> Instant {
        // A clock that says what no calendar has is none.
        let isUsable = Clock.sane.contains(wall)
        if let from = state.runsOnFrom {
            let passed = max(0, elapsed.milliseconds - from.elapsed.milliseconds)
            let own = from.now + Length(milliseconds: passed - passed / 20)
            guard isUsable, wall >= own else { return max(state.now, own) }
            state.runsOnFrom = nil
            return wall
        }
        guard isUsable, wall >= state.now else {
            let own = state.now + passed
            state.runsOnFrom = (own, elapsed)
            return own
        }
        return wall
    }

    /// How far it is ahead of the system's clock; zero where that is less than anybody cares for.
    package var ahead: Length {
        state.withLock { state in
            let ahead = state.now - state.wall
            return state.runsOnFrom == nil || ahead < HostLimits.smallestStepOfClock ? .zero : ahead
        }
    }
}
