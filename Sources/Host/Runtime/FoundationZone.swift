import Engine
import Foundation

/// Zones of a system without a zone database: those that Foundation brings.
extension Zone {
    /// What the tables cover: no event and no delay reaches beyond.
    private static let (first, last) = (Date(timeIntervalSince1970: 0), Date(timeIntervalSince1970: 4_102_444_800))

    static func known(toFoundation name: String) -> Zone? {
        guard name != "UTC" else { return .utc }
        // Foundation also takes offsets (`GMT+2`) and abbreviations (`PST`) for names: the zone database has neither.
        guard name.contains("/") || withoutRegion.contains(name), let zone = TimeZone(identifier: name) else {
            return nil
        }
        func offset(_ date: Date) -> Length { .seconds(Int64(zone.secondsFromGMT(for: date))) }
        func clockName(_ date: Date) -> ClockName { ClockName((zone.abbreviation(for: date) ?? "").utf8) }
        var transitions: [Zone.Transition] = []
        var at = first
        while let next = zone.nextDaylightSavingTimeTransition(after: at), next > at, next < last {
            let instant = Instant(milliseconds: Int64((next.timeIntervalSince1970 * 1_000).rounded()))
            transitions.append(Zone.Transition(at: instant, offset: offset(next), name: clockName(next)))
            at = next
        }
        return Zone(name: name, offset: offset(first), clockName: clockName(first), transitions: transitions)
    }

    static func isOfNoRegion(_ name: String) -> Bool { withoutRegion.contains(name) }

    /// The names of the zone database that stand in no region.
    private static let withoutRegion: Set<String> = [
        "CET", "CST6CDT", "Cuba", "EET", "EST", "EST5EDT", "Egypt", "Eire", "GB", "GB-Eire", "GMT", "GMT+0", "GMT-0",
        "GMT0", "Greenwich", "HST", "Hongkong", "Iceland", "Iran", "Israel", "Jamaica", "Japan", "Kwajalein", "Libya",
        "MET", "MST", "MST7MDT", "NZ", "NZ-CHAT", "Navajo", "PRC", "PST8PDT", "Poland", "Portugal", "ROC", "ROK",
        "Singapore", "Turkey", "UCT", "UTC", "Universal", "W-SU", "WET", "Zulu",
    ]
}
