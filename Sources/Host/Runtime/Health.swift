import Engine
import Storage
import Synchronization

/// Whether the daemon can do what it is for, for anybody who asks.
package final class Health: Sendable {
    private struct State {
        var problem: String?
        /// Whether a try had no outcome that anybody knows, since the start.
        var hasUnknowns = false
        /// Campaigns that are held (14).
        var held = 0
    }

    private let state = Mutex(State())
    let damage: StoreDamage
    private let clock: Clock

    init(damage: StoreDamage, clock: Clock) {
        self.damage = damage
        self.clock = clock
    }

    /// Nil where it serves.
    package var problem: String? { state.withLock(\.problem) }

    /// Whether it serves, and nothing is to be told beside; of channels `Outbox.conditions` tells.
    var isWhole: Bool {
        state.withLock { $0.problem == nil && !$0.hasUnknowns && $0.held == 0 } && damage.isEmpty
            && clockAhead == .zero
    }

    /// How far the daemon's time is ahead of the system's clock.
    var clockAhead: Length { clock.ahead() }

    func serving() {
        state.withLock { $0.problem = nil }
    }

    /// Gives whether that is news.
    func notServing(_ why: String) -> Bool {
        state.withLock { state in
            defer { state.problem = why }
            return state.problem == nil
        }
    }

    func outcomeIsUnknown() {
        state.withLock { $0.hasUnknowns = true }
    }

    func hold(_ campaigns: Int) {
        state.withLock { $0.held = campaigns }
    }
}
