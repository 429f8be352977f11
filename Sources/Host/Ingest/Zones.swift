import Engine
import Foundation
import Synchronization

/// Named time zones as values, each worked out once: Foundation knows them, the engine must not know Foundation.
package enum Zones {
    private static let known = Mutex<[String: Zone?]>([:])
    /// Names that no zone has are remembered too, so many at most: clients write them.
    private static let mostKnown = 4_096
    /// What the tables cover: no event and no delay reaches beyond.
    private static let (first, last) = (Date(timeIntervalSince1970: 0), Date(timeIntervalSince1970: 4_102_444_800))

    /// Nil for a name that no zone has (3.3.2).
    @Sendable package static func zone(_ name: String) -> Zone? {
        known.withLock { known in
            if let found = known[name] { return found }
            let zone = make(name)
            if known.count >= mostKnown { known.removeAll() }
            known[name] = .some(zone)
            return zone
        }
    }

    private static func make(_ name: String) -> Zone? {
        guard name != "UTC" else { return .utc }
        // Foundation also takes offsets (`GMT+2`) and abbreviations (`PST`) for names: the zone database has neither.
        guard name.contains("/") || withoutRegion.contains(name), let zone = TimeZone(identifier: name) else {
            return nil
        }
        func offset(_ date: Date) -> Length { .seconds(Int64(zone.secondsFromGMT(for: date))) }
        var transitions: [Zone.Transition] = []
        var at = first
        while let next = zone.nextDaylightSavingTimeTransition(after: at), next > at, next < last {
            let instant = Instant(milliseconds: Int64((next.timeIntervalSince1970 * 1_000).rounded()))
            transitions.append(Zone.Transition(at: instant, offset: offset(next)))
            at = next
        }
        return Zone(name: name, offset: offset(first), transitions: transitions)
    }

    /// The names of the zone database that stand in no region.
    private static let withoutRegion: Set<String> = [
        "CET", "CST6CDT", "Cuba", "EET", "EST", "EST5EDT", "Egypt", "Eire", "GB", "GB-Eire", "GMT", "GMT+0", "GMT-0",
        "GMT0", "Greenwich", "HST", "Hongkong", "Iceland", "Iran", "Israel", "Jamaica", "Japan", "Kwajalein", "Libya",
        "MET", "MST", "MST7MDT", "NZ", "NZ-CHAT", "Navajo", "PRC", "PST8PDT", "Poland", "Portugal", "ROC", "ROK",
        "Singapore", "Turkey", "UCT", "UTC", "Universal", "W-SU", "WET", "Zulu",
    ]
}
