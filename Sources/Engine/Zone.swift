/// A time zone as a value: the instants at which its clocks change, and what they show between them (3.3).
package struct Zone: Hashable, Sendable {
    package struct Transition: Hashable, Sendable {
        /// From this instant on.
        package var at: Instant
        /// East of UTC.
        package var offset: Length
        package var name: ClockName

        package init(at: Instant, offset: Length, name: ClockName = .none) {
            self.at = at
            self.offset = offset
            self.name = name
        }
    }

    package let name: String
    private let firstOffset: Length
    private let firstName: ClockName
    private let transitions: [Transition]
    /// From here on the clocks do what they did 400 years before: so long a calendar takes to repeat itself, days of
    /// the week included.
    private let repeats: Instant

    /// `transitions` in order of time; after them the last offset holds.
    package init(name: String, offset: Length, clockName: ClockName = .none, transitions: [Transition] = []) {
        self.init(name: name, offset: offset, clockName: clockName, transitions: transitions, rule: nil)
    }

    /// After `transitions`, the rule.
    init(name: String, offset: Length, clockName: ClockName, transitions: [Transition], rule: ZoneRule?) {
        self.name = name
        guard let rule else {
            (firstOffset, firstName) = (offset, clockName)
            self.transitions = transitions
            repeats = .never
            return
        }
        // Without a table the rule says what always holds.
        (firstOffset, firstName) =
            transitions.isEmpty ? (rule.standardOffset, rule.standardName) : (offset, clockName)
        let last = transitions.last?.at ?? Instant(milliseconds: 0)
        let year = CivilDate(daysSince1970: WallTime(milliseconds: last.milliseconds).day).year
        // Two years more than repeat, so that every place between two changes has both.
        let years = year...(year + 402)
        self.transitions = transitions + rule.transitions(years).filter { $0.at > last }
        let end = CivilDate(year: year + 401, month: 1, day: 1)?.daysSince1970 ?? 0
        repeats = Instant(milliseconds: end * Length.day.milliseconds)
    }

    /// In UTC seconds, of RFC 8536 (3.2).
    static let largestOffset: Int64 = 26 * 3_600

    /// How much earlier the clocks did the same.
    private func shift(_ milliseconds: Int64) -> Length {
        guard milliseconds >= repeats.milliseconds else { return .zero }
        let cycle = Length.days(146_097).milliseconds
        return Length(milliseconds: ((milliseconds - repeats.milliseconds) / cycle + 1) * cycle)
    }

    package static let utc = Zone(name: "UTC", offset: .zero, clockName: ClockName("UTC".utf8))

    package static func == (left: Zone, right: Zone) -> Bool { left.name == right.name }
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }

    /// How many transitions are not after the instant.
    private func passed(_ instant: Instant) -> Int {
        var (low, high) = (0, transitions.count)
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].at <= instant { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func offset(ofSegment index: Int) -> Length { index == 0 ? firstOffset : transitions[index - 1].offset }

    /// What the zone's clocks show.
    package func wall(_ instant: Instant) -> WallTime {
        let offset = offset(ofSegment: passed(instant - shift(instant.milliseconds)))
        return WallTime(milliseconds: (instant + offset).milliseconds)
    }

    /// What its clock is called then, like `CEST`; the zone's own name where nobody says.
    package func clockName(at instant: Instant) -> String {
        let segment = passed(instant - shift(instant.milliseconds))
        let found = segment == 0 ? firstName : transitions[segment - 1].name
        return found == .none ? name : found.description
    }

    /// The instant at which the clocks show it: of two the first, and the first after the gap where they never do
    /// (3.3.3).
    package func instant(_ wall: WallTime) -> Instant {
        let shift = shift(wall.milliseconds)
        return find(WallTime(milliseconds: wall.milliseconds - shift.milliseconds)) + shift
    }

    private func find(_ wall: WallTime) -> Instant {
        // No offset is larger than a day and a bit, so only the changes around can matter.
        let first = passed(Instant(milliseconds: wall.milliseconds) - .days(2))
        let last = passed(Instant(milliseconds: wall.milliseconds) + .days(2))
        for index in first...last {
            let found = Instant(milliseconds: wall.milliseconds) - offset(ofSegment: index)
            let begins = index == 0 ? Instant(milliseconds: .min) : transitions[index - 1].at
            let ends = index == transitions.count ? Instant.never : transitions[index].at
            if found < begins { return begins }  // the segment before ended without it: a gap
            if found < ends { return found }
        }
        return Instant(milliseconds: wall.milliseconds) - offset(ofSegment: last)
    }

    /// The earliest instant, not before `instant`, at which the clock's time of day lies in `hours`; the second pass
    /// of a repeated hour and the instant of a change included (13, 5.2.7). Nil where the clocks never show it.
    package func next(in hours: ClockRange, from instant: Instant) -> Instant? {
        let shift = shift(instant.milliseconds)
        var at = instant - shift
        var segment = passed(at)
        // Every day has the hours, but for days on which a gap swallows them.
        for _ in 0..<64 {
            let offset = offset(ofSegment: segment)
            let time = WallTime(milliseconds: (at + offset).milliseconds).timeOfDay
            let found = hours.contains(time) ? at : at + hours.from.since(time)
            let ends = segment == transitions.count ? Instant.never : transitions[segment].at
            if found < ends { return found + shift }
            at = ends
            segment += 1
        }
        return nil
    }
}

/// A time of the day on a clock's face, in milliseconds after midnight.
package struct ClockTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

    /// How long a clock that shows `other` runs until it shows this.
    func since(_ other: ClockTime) -> Length {
        let difference = milliseconds - other.milliseconds
        return Length(milliseconds: difference < 0 ? difference + Length.day.milliseconds : difference)
    }

    /// Reads `HH:MM` and `HH:MM:SS`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count),
            parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy { (48...57).contains($0) } })
        else { return nil }
        let numbers = parts.map { Int64($0) ?? 0 }
        guard numbers[0] < 24, numbers[1] < 60, numbers.count == 2 || numbers[2] < 60 else { return nil }
        milliseconds = (numbers[0] * 3_600 + numbers[1] * 60 + (numbers.count == 3 ? numbers[2] : 0)) * 1_000
    }

    package var description: String {
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let seconds = milliseconds / 1_000
        let minutes = "\(two(seconds / 3_600)):\(two(seconds / 60 % 60))"
        return seconds % 60 == 0 ? minutes : "\(minutes):\(two(seconds % 60))"
    }
}

/// [from, to) on a clock's face; over midnight where `from` is later (5.2.6).
package struct ClockRange: Hashable, Sendable, CustomStringConvertible {
    package var from: ClockTime
    package var to: ClockTime

    package init(from: ClockTime, to: ClockTime) {
        self.from = from
        self.to = to
    }

    package func contains(_ time: ClockTime) -> Bool {
        from < to ? from <= time && time < to : from <= time || time < to
    }

    /// Every time of the day that is not in it.
    package var complement: ClockRange { ClockRange(from: to, to: from) }

    package var description: String { "\(from) to \(to)" }
}

extension WallTime {
    /// Days since 1970-01-01 on this clock.
    package var day: Int64 {
        let (quotient, rest) = milliseconds.quotientAndRemainder(dividingBy: Length.day.milliseconds)
        return rest < 0 ? quotient - 1 : quotient
    }

    /// 00:00 of its day, on a clock of UTC.
    package var midnight: Instant { Instant(milliseconds: milliseconds) - Length(milliseconds: timeOfDay.milliseconds) }

    package var timeOfDay: ClockTime { ClockTime(milliseconds: milliseconds &- day &* Length.day.milliseconds) }

    package static func of(day: Int64, _ time: ClockTime) -> WallTime {
        WallTime(milliseconds: day * Length.day.milliseconds + time.milliseconds)
    }
}

package enum Weekday: Int, Hashable, Sendable, CaseIterable {
    case monday, tuesday, wednesday, thursday, friday, saturday, sunday

    /// Of a number of days since 1970-01-01, which was a Thursday.
    package init(day: Int64) {
        self = Self.allCases[Int(((day + 3) % 7 + 7) % 7)]
    }

    /// As campaign files write it.
    package var name: String {
        switch self {
        case .monday: "monday"
        case .tuesday: "tuesday"
        case .wednesday: "wednesday"
        case .thursday: "thursday"
        case .friday: "friday"
        case .saturday: "saturday"
        case .sunday: "sunday"
        }
    }

    package init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}
