import Engine
import Synchronization

/// Named time zones as values, each worked out once.
package enum Zones {
    private struct State {
        var database = ZoneDatabase.read()
        var known: [String: Zone?] = [:]
        var tell: @Sendable (String) -> Void = { _ in }
    }

    private static let state = Mutex(State())

    /// Nil for a name that no zone has (3.3.2).
    @Sendable package static func zone(_ name: String) -> Zone? {
        state.withLock { state in
            if let found = state.known[name] { return found }
            let zone = state.database.zone(name)
            if zone == nil, state.database.isDamaged(name) {
                state.tell("time zone \(name): its file does not read; until it does, its users have the company's")
            }
            if state.known.count >= HostLimits.rememberedZones { state.known.removeAll() }
            state.known[name] = .some(zone)
            return zone
        }
    }

    /// Reads the database again. Instants that were computed do not move (3.3.4).
    package static func reload() {
        let database = state.withLock { $0.database }.readAgain()
        state.withLock { $0 = State(database: database, tell: $0.tell) }
    }

    /// Hears of each zone that is asked for and does not read.
    package static func onDamage(_ tell: @escaping @Sendable (String) -> Void) {
        state.withLock { $0.tell = tell }
    }

    /// What is in use, for people.
    package static var description: String { state.withLock { $0.database.description } }
}
