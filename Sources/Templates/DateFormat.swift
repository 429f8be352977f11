import Engine

/// A format of `strftime`: `%-d %B %Y, %H:%M`.
struct DateFormat {
    struct Fault: Error {
        let text: String
    }

    private enum Part {
        case text(String)
        case directive(Character, padding: Padding, isUpper: Bool)
    }

    private enum Padding {
        case usual, none, space, zero
    }

    private var parts: [Part] = []
    /// Whether it says which day of the month: some languages then write months otherwise.
    private var hasDay = false

    private static let known: Set<Character> = [
        "Y", "y", "C", "m", "B", "b", "h", "d", "e", "j", "A", "a", "u", "w", "V", "G", "H", "k", "I", "l", "M", "S",
        "L", "p", "P", "Z", "z", "s", "F", "D", "T", "R", "n", "t", "%",
    ]

    init(_ text: String) throws(Fault) {
        var literal = ""
        var rest = Substring(text)
        while let character = rest.popFirst() {
            guard character == "%" else {
                literal.append(character)
                continue
            }
            var padding = Padding.usual
            var isUpper = false
            while let flag = rest.first, "-_0^".contains(flag) {
                switch flag {
                case "-": padding = .none
                case "_": padding = .space
                case "0": padding = .zero
                default: isUpper = true
                }
                rest.removeFirst()
            }
            guard let directive = rest.popFirst() else {
                throw Fault(text: "the date format ends after `%`; write `%%` for a `%`")
            }
            guard Self.known.contains(directive) else {
                throw Fault(text: "the date format has no `%\(directive)`")
            }
            if !literal.isEmpty { parts.append(.text(literal)) }
            literal = ""
            if "dej".contains(directive) { hasDay = true }
            parts.append(.directive(directive, padding: padding, isUpper: isUpper))
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        if parts.isEmpty { throw Fault(text: "the date format is empty") }
    }

    /// `offset`: seconds east of UTC; `zone`: what the clock is called then.
    func text(_ wall: WallTime, offset: Int64, zone: String, in language: Language) -> String {
        var text = ""
        let names = hasDay ? language.names : language.namesAlone
        let fields = DateFields(wall, offset: offset, zone: zone, names: names)
        for part in parts {
            switch part {
            case .text(let literal): text += literal
            case .directive(let directive, let padding, let isUpper):
                let (written, width) = fields.text(directive)
                var padded = written
                if let width {
                    let usual = "ekl".contains(directive) ? Padding.space : .zero
                    switch padding == .usual ? usual : padding {
                    case .none, .usual: break
                    case .space: padded = String(repeating: " ", count: max(0, width - written.count)) + written
                    case .zero: padded = String(repeating: "0", count: max(0, width - written.count)) + written
                    }
                }
                text += isUpper ? padded.uppercased() : padded
            }
        }
        return text
    }
}

/// A date and a time on a clock, for each directive.
private struct DateFields {
    let wall: WallTime
    let date: CivilDate
    let offset: Int64
    let zone: String
    let names: Language.Names

    init(_ wall: WallTime, offset: Int64, zone: String, names: Language.Names) {
        (self.wall, self.offset, self.zone, self.names) = (wall, offset, zone, names)
        date = CivilDate(daysSince1970: wall.day)
    }

    private var time: Int64 { wall.timeOfDay.milliseconds }
    private var hour: Int64 { time / 3_600_000 }
    private var minute: Int64 { time / 60_000 % 60 }
    private var second: Int64 { time / 1_000 % 60 }
    /// From 0, Monday.
    private var weekday: Int { Weekday(day: wall.day).rawValue }
    /// From 1.
    private var dayOfYear: Int64 {
        wall.day - (CivilDate(year: date.year, month: 1, day: 1)?.daysSince1970 ?? wall.day) + 1
    }

    /// The text, and to how many digits it is padded where it is a number.
    func text(_ directive: Character) -> (String, width: Int?) {
        switch directive {
        case "Y": (String(date.year), 4)
        case "y": (String(date.year % 100), 2)
        case "C": (String(date.year / 100), 2)
        case "m": (String(date.month), 2)
        case "B": (names.months[Int(date.month) - 1], nil)
        case "b", "h": (names.shortMonths[Int(date.month) - 1], nil)
        case "d", "e": (String(date.day), 2)
        case "j": (String(dayOfYear), 3)
        case "A": (names.weekdays[weekday], nil)
        case "a": (names.shortWeekdays[weekday], nil)
        case "u": (String(weekday + 1), 1)
        case "w": (String((weekday + 1) % 7), 1)
        case "V": (String(week.number), 2)
        case "G": (String(week.year), 4)
        case "H", "k": (String(hour), 2)
        case "I", "l": (String((hour + 11) % 12 + 1), 2)
        case "M": (String(minute), 2)
        case "S": (String(second), 2)
        case "L": (String(time % 1_000), 3)
        case "p": (hour < 12 ? "AM" : "PM", nil)
        case "P": (hour < 12 ? "am" : "pm", nil)
        case "Z": (zone, nil)
        case "z": (east, nil)
        case "s": (String((wall.milliseconds - offset * 1_000) / 1_000), 1)
        case "F": ("\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))", nil)
        case "D": ("\(padded(date.month, 2))/\(padded(date.day, 2))/\(padded(date.year % 100, 2))", nil)
        case "T": ("\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))", nil)
        case "R": ("\(padded(hour, 2)):\(padded(minute, 2))", nil)
        case "n": ("\n", nil)
        case "t": ("\t", nil)
        default: ("%", nil)
        }
    }

    /// Of ISO 8601: the week of a day is that of its Thursday.
    private var week: (year: Int64, number: Int64) {
        let thursday = wall.day - Int64(weekday) + 3
        let year = CivilDate(daysSince1970: thursday).year
        let first = CivilDate(year: year, month: 1, day: 1)?.daysSince1970 ?? thursday
        return (year, (thursday - first) / 7 + 1)
    }

    private var east: String {
        let minutes = abs(offset) / 60
        return "\(offset < 0 ? "-" : "+")\(padded(minutes / 60, 2))\(padded(minutes % 60, 2))"
    }

    private func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
