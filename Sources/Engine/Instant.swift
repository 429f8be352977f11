/// A moment in time, in whole milliseconds since 1970-01-01T00:00:00Z; finer digits are cut (13).
package struct Instant: Hashable, Comparable, Sendable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Later than every instant that can be written.
    package static let never = Instant(milliseconds: .max)

    /// What comes in lies within the years 1 to 9999 (14): four digits write it, and no sum of it and a length that is
    /// allowed overflows.
    package static let allowed =
        Instant(milliseconds: -62_135_596_800_000)...Instant(milliseconds: 253_402_300_799_999)

    package static func < (left: Instant, right: Instant) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// The instant `length` later; `never`, or the earliest there is, where that cannot be told.
    package static func + (instant: Instant, length: Length) -> Instant {
        let (sum, overflow) = instant.milliseconds.addingReportingOverflow(length.milliseconds)
        guard !overflow else { return length < .zero ? Instant(milliseconds: .min) : .never }
        return Instant(milliseconds: sum)
    }

    /// The instant `length` earlier; the earliest there is where that cannot be told.
    package static func - (instant: Instant, length: Length) -> Instant {
        let (difference, overflow) = instant.milliseconds.subtractingReportingOverflow(length.milliseconds)
        return overflow ? Instant(milliseconds: .min) : Instant(milliseconds: difference)
    }

    /// The length from `right` to `left`; the longest there is where that cannot be told.
    package static func - (left: Instant, right: Instant) -> Length {
        let (difference, overflow) = left.milliseconds.subtractingReportingOverflow(right.milliseconds)
        return Length(milliseconds: overflow ? (left < right ? .min : .max) : difference)
    }
}

/// A length of time in milliseconds: a day is 86,400 s, whatever the clocks of a zone do (3.1).
package struct Length: Hashable, Comparable, Sendable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static let zero = Length(milliseconds: 0)
    package static let day = Length(milliseconds: 86_400_000)

    /// The longest there is where that many are more than can be counted.
    package static func seconds(_ count: Int64) -> Length { .many(count, 1_000) }
    package static func days(_ count: Int64) -> Length { .many(count, 86_400_000) }

    private static func many(_ count: Int64, _ milliseconds: Int64) -> Length {
        let (product, overflow) = count.multipliedReportingOverflow(by: milliseconds)
        return Length(milliseconds: overflow ? (count < 0 ? .min : .max) : product)
    }

    package static func < (left: Length, right: Length) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// Reads a whole number and `s`, `m`, `h`, `d` or `w`, as campaign files write lengths; nil where it is none.
    package init?(_ text: some StringProtocol) {
        guard let unit = text.last, let count = Int64(text.dropLast()), count >= 0, text.first != "+" else {
            return nil
        }
        let milliseconds: Int64
        switch unit {
        case "s": milliseconds = 1_000
        case "m": milliseconds = 60_000
        case "h": milliseconds = 3_600_000
        case "d": milliseconds = 86_400_000
        case "w": milliseconds = 604_800_000
        default: return nil
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: milliseconds)
        guard !overflow else { return nil }
        self.milliseconds = product
    }
}

extension Length: CustomStringConvertible {
    /// As a campaign file writes it, in the largest unit that leaves no rest; milliseconds as `ms`.
    package var description: String {
        let units: [(Int64, String)] = [
            (604_800_000, "w"), (86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"),
        ]
        for (size, name) in units where milliseconds != 0 && milliseconds % size == 0 {
            return "\(milliseconds / size)\(name)"
        }
        return milliseconds == 0 ? "0s" : "\(milliseconds)ms"
    }
}
