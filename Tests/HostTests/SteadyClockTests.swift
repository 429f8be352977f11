import Engine
import Synchronization
import Testing

@testable import Host

/// A machine: what its clock says, what has passed, and of which steps somebody was told.
private final class Machine: Sendable {
    private struct State {
        var wall = Instant(milliseconds: 1_800_000_000_000)
        var elapsed = Length.seconds(77)
        var steps: [Length] = []
    }

    private let state = Mutex(State())

    func makeClock() -> SteadyClock {
        SteadyClock(
            wall: { self.wall },
            elapsed: { self.elapsed },
            stepped: { step in
                self.state.withLock { $0.steps.append(step) }
            }
        )
    }

    var wall: Instant {
        get { state.withLock(\.wall) }
        set { state.withLock { $0.wall = newValue } }
    }
    var elapsed: Length { state.withLock(\.elapsed) }
    var steps: [Length] { state.withLock(\.steps) }

    func pass(_ length: Length) {
        state.withLock { state in
            state.wall = state.wall + length
            state.elapsed = Length(milliseconds: state.elapsed.milliseconds + length.milliseconds)
        }
    }
}

/// The daemon's time beside a system's clock that is set.
struct SteadyClockTests {
    private static let hour = Length.seconds(3_600)

    @Test("it is the system's clock, and a step forward is followed at once and told")
    func forward() {
        let machine = Machine()
        let clock = machine.makeClock()
        machine.pass(.seconds(10))
        #expect(clock.now() == machine.wall)
        machine.wall = machine.wall + Self.hour
        machine.pass(.seconds(1))
        #expect(clock.now() == machine.wall)
        #expect(machine.steps == [Self.hour])
        #expect(clock.ahead == .zero)
    }

    @Test("set back by an hour it runs on, a twentieth slower, until the system's clock has caught up")
    func back() {
        let machine = Machine()
        let clock = machine.makeClock()
        machine.pass(.seconds(5))
        let before = clock.now()
        machine.pass(.seconds(1))
        machine.wall = machine.wall - Self.hour
        #expect(clock.now() == before + .seconds(1), "what passed before the step was seen is not lost")
        #expect(machine.steps == [Length(milliseconds: -Self.hour.milliseconds)])
        #expect(clock.ahead == Self.hour)
        var last = clock.now()
        for _ in 0..<1_000 {
            machine.pass(Length(milliseconds: 100))
            let now = clock.now()
            #expect(now > last)
            last = now
        }
        #expect(last == before + .seconds(1) + .seconds(95), "a hundred seconds are ninety-five")
        machine.pass(.seconds(20 * 3_600))
        #expect(clock.now() == machine.wall)
        #expect(clock.ahead == .zero)
        #expect(machine.steps.count == 1)
    }

    @Test("set back and right again it never goes back, and is right again")
    func backAndRight() {
        let machine = Machine()
        let clock = machine.makeClock()
        for step: Int64 in [-3_600, 3_600, -86_400, -86_400, 172_800] {
            let before = clock.now()
            machine.wall = machine.wall + .seconds(step)
            #expect(clock.now() >= before)
            machine.pass(.seconds(60))
            #expect(clock.now() >= before + .seconds(57))
        }
        #expect(clock.now() == machine.wall)
        #expect(machine.steps.map(\.milliseconds) == [-3_600, 3_600, -86_400, -86_400, 172_800].map { $0 * 1_000 })
    }

    @Test("what is corrected by milliseconds is told to nobody")
    func small() {
        let machine = Machine()
        let clock = machine.makeClock()
        for _ in 0..<100 {
            machine.pass(.seconds(1))
            machine.wall = machine.wall - Length(milliseconds: 3)
            let now = clock.now()
            #expect(now >= machine.wall && now < machine.wall + Length(milliseconds: 600))
        }
        #expect(machine.steps.isEmpty)
        #expect(clock.ahead == .zero)
    }

    @Test(
        "a clock that says what no calendar has is not followed",
        arguments: [Int64.min, -1, 253_402_300_800_000, .max]
    )
    func insane(milliseconds: Int64) {
        let machine = Machine()
        let clock = machine.makeClock()
        let before = clock.now()
        let right = machine.wall
        machine.wall = Instant(milliseconds: milliseconds)
        machine.pass(.seconds(0))
        _ = clock.now()
        #expect(clock.now() >= before && clock.now() < before + .seconds(5))
        machine.wall = right
        machine.pass(.seconds(10))
        #expect(clock.now() >= before + .seconds(9))
        #expect(Clock { Instant(milliseconds: milliseconds) }.fault != nil)
        #expect(Clock { right }.fault == nil)
    }
}
