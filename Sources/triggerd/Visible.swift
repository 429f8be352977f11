/// A text of somebody else's as a person may see it. What a terminal obeys, what turns the direction of what follows,
/// and what has no width stands there as its number: a name must not look like another, nor forge a line.
enum Visible {
    /// The text on one line.
    static func line(_ text: String) -> String {
        escaped(text) { scalar in
            switch scalar {
            case "\n": "\\n"
            case "\r": "\\r"
            case "\t": "\\t"
            default: "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
    }

    /// A JSON text that says the same. Outside of strings JSON is ASCII, so what is escaped stands in one.
    static func json(_ json: String) -> String {
        escaped(json) { scalar in
            Character(scalar).utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        }
    }

    /// An argument in an error: what it is can be told from its beginning.
    static func quoted(_ argument: String) -> String {
        let length = argument.utf8.count
        guard length > CommandLimits.quotedArgument else { return line(argument) }
        return line(String(argument.unicodeScalars.prefix(CommandLimits.shownOfArgument))) + "... (\(length) bytes)"
    }

    private static func escaped(_ text: String, _ escape: (Unicode.Scalar) -> String) -> String {
        guard text.unicodeScalars.contains(where: isUnseen) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if isUnseen(scalar) { shown += escape(scalar) } else { shown.unicodeScalars.append(scalar) }
        }
        return shown
    }

    private static func isUnseen(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20..<0x7f: return false
        // They say how the letter before them looks, as in many emoji.
        case 0xfe0e, 0xfe0f: return false
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        default: return scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
