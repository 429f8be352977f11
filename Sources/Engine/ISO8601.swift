/// Instants as text: ISO 8601, with no offset UTC, a bare date midnight UTC (1.1.6).
extension Instant {
    /// Reads `2026-03-02`, `2026-03-02T10:00`, `…T10:00:00`, `….250`, each with `Z` or `+01:00` or neither, and the basic
    /// form of the same, `20260302T100000Z`. `T24:00` is the end of the day; a leap second, `23:59:60`, is the second
    /// after it, as clocks of Unix count. Gives nil for anything else, for a date or a time that no calendar has, and
    /// outside of the years 1 to 9999.
    package init?(iso8601 text: String) {
        guard let wall = WallTime(iso8601: text) else { return nil }
        self = wall.instant(offset: wall.offset ?? 0)
    }
}

/// What an ISO 8601 text says, before a zone is known.
package struct WallTime: Hashable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00 on the clock's own face.
    package var milliseconds: Int64
    /// Seconds east of UTC, where the text says so.
    package var offset: Int64?

    package func instant(offset: Int64) -> Instant {
        Instant(milliseconds: milliseconds) - .seconds(offset)
    }

    /// Whether it is before the other on some clock on earth. Two instants, or two times of one clock, are compared as
    /// they are; of an instant and a clock's time the clock may be anywhere (14).
    package func isBefore(_ other: WallTime) -> Bool {
        switch (offset, other.offset) {
        case (nil, nil): milliseconds < other.milliseconds
        case (nil, let offset?): instant(offset: Self.easternmost) < other.instant(offset: offset)
        case (let offset?, nil): instant(offset: offset) < other.instant(offset: Self.westernmost)
        case (let offset?, let otherOffset?): instant(offset: offset) < other.instant(offset: otherOffset)
        }
    }

    /// The clocks that are ahead and behind the most, in seconds east of UTC: Kiribati's, and ships' in the last zone.
    private static let (easternmost, westernmost): (Int64, Int64) = (14 * 3_600, -12 * 3_600)

    package init?(iso8601 text: String) {
        var text = text
        let parsed = text.withUTF8 { bytes -> WallTime? in
            var reader = DigitReader(bytes: bytes)
            return reader.wallTime()
        }
        guard let parsed, Instant.allowed.contains(parsed.instant(offset: parsed.offset ?? 0)) else { return nil }
        self = parsed
    }

    package init(milliseconds: Int64, offset: Int64? = nil) {
        self.milliseconds = milliseconds
        self.offset = offset
    }
}

extension WallTime {
    /// Whether it lies in the first second of an hour on the clocks of UTC: of a zone that is not known, on its own.
    /// Leap seconds stand before that, and nowhere else.
    fileprivate var followsLeapSecond: Bool {
        let time = instant(offset: offset ?? 0).milliseconds % 3_600_000
        return (time + 3_600_000) % 3_600_000 < 1_000
    }
}

private struct DigitReader {
    let bytes: UnsafeBufferPointer<UInt8>
    var at = 0

    mutating func wallTime() -> WallTime? {
        guard bytes.count >= 8, bytes.count <= 40, let year = digits(4) else { return nil }
        // What the date has between its numbers, the time has too.
        let isExtended = take("-")
        guard let month = digits(2), take("-", where: isExtended), let day = digits(2),
            let days = CivilDate(year: year, month: month, day: day)?.daysSince1970
        else { return nil }
        let midnight = days * 86_400_000
        guard at < bytes.count else { return WallTime(milliseconds: midnight, offset: nil) }

        guard take("T") || take("t") || take(" "), let time = timeOfDay(isExtended) else { return nil }
        var wall = WallTime(milliseconds: midnight + time.milliseconds, offset: nil)
        if at < bytes.count {
            guard let offset = offset(), at == bytes.count else { return nil }
            wall.offset = offset
        }
        guard !time.isLeap || wall.followsLeapSecond else { return nil }
        return wall
    }

    mutating func timeOfDay(_ isExtended: Bool) -> (milliseconds: Int64, isLeap: Bool)? {
        guard let hour = digits(2), hour <= 24, take(":", where: isExtended), let minute = digits(2), minute < 60 else {
            return nil
        }
        var milliseconds = (hour * 60 + minute) * 60_000
        var isLeap = false
        if isExtended ? take(":") : isAtDigit {
            guard let second = digits(2), second <= 60 else { return nil }
            isLeap = second == 60
            milliseconds += second * 1_000
            if take(".") || take(",") {
                guard let fraction = fraction() else { return nil }
                milliseconds += fraction
            }
        }
        guard hour < 24 || milliseconds == 86_400_000 else { return nil }
        return (milliseconds, isLeap)
    }

    mutating func offset() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let sign: Int64
        if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
        guard let hours = digits(2), hours < 24 else { return nil }
        let hasColon = take(":")
        guard hasColon || at < bytes.count else { return sign * hours * 3_600 }
        guard let minutes = digits(2), minutes < 60 else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }

    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var count = 0
        while isAtDigit {
            if count < 3 { value = value * 10 + Int64(bytes[at] - 48) }
            count += 1
            at += 1
        }
        guard count > 0 else { return nil }
        for _ in count..<max(count, 3) { value *= 10 }
        return value
    }

    mutating func digits(_ count: Int) -> Int64? {
        guard at + count <= bytes.count else { return nil }
        var value: Int64 = 0
        for _ in 0..<count {
            guard bytes[at] >= 48, bytes[at] <= 57 else { return nil }
            value = value * 10 + Int64(bytes[at] - 48)
            at += 1
        }
        return value
    }

    var isAtDigit: Bool { at < bytes.count && bytes[at] >= 48 && bytes[at] <= 57 }

    /// True where there is nothing to take.
    mutating func take(_ character: Unicode.Scalar, where isExpected: Bool) -> Bool { !isExpected || take(character) }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }
}

/// A date of the Gregorian calendar.
package struct CivilDate: Hashable, Sendable {
    package let year: Int64
    package let month: Int64
    package let day: Int64

    package init?(year: Int64, month: Int64, day: Int64) {
        guard (1...12).contains(month), day >= 1, day <= Self.days(in: month, of: year) else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
    }

    package init(daysSince1970 days: Int64) {
        // Years counted from 1 March, so that a leap day is the last day of its year; 400 of them are an era.
        let fromEra = days + 719_468
        let era = (fromEra >= 0 ? fromEra : fromEra - 146_096) / 146_097
        let dayOfEra = fromEra - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    package var daysSince1970: Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Instant: CustomStringConvertible {
    /// ISO 8601 in UTC with milliseconds: `2026-03-02T10:00:00.000Z`.
    package var description: String {
        guard self != .never else { return "never" }
        let wall = WallTime(milliseconds: milliseconds)
        let rest = wall.timeOfDay.milliseconds
        let date = CivilDate(daysSince1970: wall.day)
        func padded(_ number: Int64, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T"
            + "\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2)):\(padded(rest / 1_000 % 60, 2))"
            + ".\(padded(rest % 1_000, 3))Z"
    }
}

extension WallTime: CustomStringConvertible {
    /// In ISO 8601, with an offset where it has one.
    package var description: String {
        let text = String(Instant(milliseconds: milliseconds).description.dropLast())
        guard let offset else { return text }
        let minutes = abs(offset) / 60
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(text)\(offset < 0 ? "-" : "+")\(two(minutes / 60)):\(two(minutes % 60))"
    }
}
