/// An instant as RFC 3339 has it, in UTC with milliseconds.
enum Timestamp {
    private static let dayMs: Int64 = 86_400_000

    static func text(_ ms: Int64) -> String {
        let rest = (ms % dayMs + dayMs) % dayMs
        let (year, month, day) = date(days: Int((ms - rest) / dayMs))
        let seconds = Int(rest / 1_000)
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        let time = "\(padded(seconds / 3_600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        return "\(date)T\(time).\(padded(Int(rest % 1_000), 3))Z"
    }

    /// Days since 1970 into years of 400 that begin in March: howardhinnant.github.io/date_algorithms.html.
    private static func date(days: Int) -> (year: Int, month: Int, day: Int) {
        // Of the year 0 and later: no instant is before the year 1.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let day = shifted % 146_097
        let yearOfEra = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
