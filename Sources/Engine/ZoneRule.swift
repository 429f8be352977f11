/// What a zone's clocks do every year: the text that ends a file of the zone database, in the form of POSIX's `TZ`
/// (RFC 8536, 3.3), like `EST5EDT,M3.2.0,M11.1.0`.
struct ZoneRule: Hashable, Sendable {
    /// A day of every year, and how long after its midnight.
    fileprivate struct Change: Hashable {
        enum Day: Hashable {
            /// 1 to 365, without 29 February.
            case julian(Int64)
            /// 0 to 365.
            case ofYear(Int64)
            /// The first to fifth (the last) such weekday of a month; Sunday is 0.
            case weekday(month: Int64, week: Int64, day: Int64)
        }

        var day: Day
        var seconds: Int64
    }

    fileprivate struct Summer: Hashable {
        var name: ClockName
        var offset: Int64
        var begins: Change
        var ends: Change
    }

    /// Seconds east of UTC.
    private let standard: Int64
    let standardName: ClockName
    fileprivate let summer: Summer?

    var standardOffset: Length { .seconds(standard) }

    /// Nil for a text of another form.
    init?(_ text: String) {
        var reader = ZoneRuleReader(text)
        guard let name = reader.name(), let west = reader.time(hours: 24) else { return nil }
        (standard, standardName) = (-west, name)
        guard !reader.isAtEnd else {
            summer = nil
            return
        }
        guard let summerName = reader.name() else { return nil }
        var offset = standard + 3_600
        if !reader.isNext(",") {
            guard let west = reader.time(hours: 24) else { return nil }
            offset = -west
        }
        guard let begins = reader.change(), let ends = reader.change(), reader.isAtEnd else { return nil }
        summer = Summer(name: summerName, offset: offset, begins: begins, ends: ends)
    }

    /// The changes of some years, in order; what holds before the first of them is what held at the end of a year.
    func transitions(_ years: ClosedRange<Int64>) -> [Zone.Transition] {
        guard let summer else {
            return [transition(Self.instant(Self.newYear(years.lowerBound), standard), isSummer: false)]
        }
        var found: [(at: Instant, isSummer: Bool)] = []
        for year in years {
            found.append((Self.instant(summer.begins.seconds(of: year), standard), true))
            found.append((Self.instant(summer.ends.seconds(of: year), summer.offset), false))
        }
        // Summer that ends when the next one begins never ends.
        found.sort { ($0.at, $0.isSummer ? 1 : 0) < ($1.at, $1.isSummer ? 1 : 0) }
        return found.enumerated().compactMap { index, change in
            if index + 1 < found.count, found[index + 1].at == change.at { return nil }
            return transition(change.at, isSummer: change.isSummer)
        }
    }

    private func transition(_ at: Instant, isSummer: Bool) -> Zone.Transition {
        guard isSummer, let summer else {
            return Zone.Transition(at: at, offset: .seconds(standard), name: standardName)
        }
        return Zone.Transition(at: at, offset: .seconds(summer.offset), name: summer.name)
    }

    private static func instant(_ wall: Int64, _ offset: Int64) -> Instant {
        Instant(milliseconds: (wall - offset) * 1_000)
    }

    /// Seconds since 1970 of a year's beginning, on its own clock.
    private static func newYear(_ year: Int64) -> Int64 {
        (CivilDate(year: year, month: 1, day: 1)?.daysSince1970 ?? 0) * 86_400
    }

    fileprivate static func isLeap(_ year: Int64) -> Bool { CivilDate(year: year, month: 2, day: 29) != nil }
}

extension ZoneRule.Change {
    /// Since 1970, on the clock that it changes.
    fileprivate func seconds(of year: Int64) -> Int64 { days(year) * 86_400 + seconds }

    private func days(_ year: Int64) -> Int64 {
        func first(_ month: Int64) -> Int64 { CivilDate(year: year, month: month, day: 1)?.daysSince1970 ?? 0 }
        switch day {
        case .julian(let number): return first(1) + number - 1 + (ZoneRule.isLeap(year) && number >= 60 ? 1 : 0)
        case .ofYear(let number): return first(1) + number
        case .weekday(let month, let week, let day):
            let begin = first(month)
            // 1970-01-01 was a Thursday.
            let weekday = ((begin + 4) % 7 + 7) % 7
            let found = begin + (day - weekday + 7) % 7 + (week - 1) * 7
            let end = month == 12 ? first(12) + 31 : first(month + 1)
            return found < end ? found : found - 7
        }
    }
}

private struct ZoneRuleReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: String) {
        rest = Array(text.utf8)[...]
    }

    var isAtEnd: Bool { rest.isEmpty }

    func isNext(_ character: Unicode.Scalar) -> Bool { rest.first == UInt8(ascii: character) }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard isNext(character) else { return false }
        rest.removeFirst()
        return true
    }

    /// `EST`, or `<-03>`.
    mutating func name() -> ClockName? {
        if take("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return nil }
            defer { rest = rest[(end + 1)...] }
            return ClockName(rest[..<end])
        }
        let letters = rest.prefix { (65...90).contains($0) || (97...122).contains($0) }
        rest = rest[letters.endIndex...]
        return letters.count >= 3 ? ClockName(letters) : nil
    }

    /// `[+-]h[:m[:s]]`, in seconds.
    mutating func time(hours most: Int64) -> Int64? {
        let sign: Int64 = take("-") ? -1 : take("+") ? 1 : 1
        guard let hours = number(0...most) else { return nil }
        var seconds = hours * 3_600
        if take(":") {
            guard let minutes = number(0...59) else { return nil }
            seconds += minutes * 60
            if take(":") {
                guard let more = number(0...59) else { return nil }
                seconds += more
            }
        }
        return sign * seconds
    }

    /// `,M3.2.0/2`, `,J60`, `,59/-1`.
    mutating func change() -> ZoneRule.Change? {
        guard take(",") else { return nil }
        let day: ZoneRule.Change.Day
        if take("M") {
            guard let month = number(1...12), take("."), let week = number(1...5), take("."),
                let weekday = number(0...6)
            else { return nil }
            day = .weekday(month: month, week: week, day: weekday)
        } else if take("J") {
            guard let number = number(1...365) else { return nil }
            day = .julian(number)
        } else {
            guard let number = number(0...365) else { return nil }
            day = .ofYear(number)
        }
        guard take("/") else { return ZoneRule.Change(day: day, seconds: 7_200) }
        return time(hours: 167).map { ZoneRule.Change(day: day, seconds: $0) }
    }

    private mutating func number(_ range: ClosedRange<Int64>) -> Int64? {
        let digits = rest.prefix { (48...57).contains($0) }
        guard (1...3).contains(digits.count) else { return nil }
        rest = rest[digits.endIndex...]
        let value = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - 48) }
        return range.contains(value) ? value : nil
    }
}
