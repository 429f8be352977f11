/// The lines of a header, written one field after another and folded (RFC 5322, 2.2.3).
struct Header {
    /// The lines, and after the header whatever follows it.
    var bytes: [UInt8] = []

    /// RFC 5322, 2.1.1: a line should not be longer, without its CRLF.
    private static let preferredLine = 78

    /// - Parameter value: ASCII that is known to be well-formed.
    mutating func add(_ name: String, _ value: String) {
        bytes += name.utf8
        bytes += ": ".utf8
        bytes += value.utf8
        bytes += "\r\n".utf8
    }

    /// Free text. A line break or another control character in it counts as a space.
    mutating func add(_ name: String, text: String) {
        let isVisible = text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        let text = String((isVisible ? text : text.withoutControls).trimmed)
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        let isSimple =
            text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.contains("=?")
            // A run of spaces could make a folded line of nothing but white space.
            && words.allSatisfy { !$0.isEmpty && $0.utf8.count < Self.preferredLine - name.utf8.count - 2 }
        guard isSimple else {
            add(name, EncodedWord.words(for: text, column: name.utf8.count + 2).joined(separator: "\r\n "))
            return
        }
        var value = ""
        var column = name.utf8.count + 1
        for word in words {
            if !value.isEmpty, column + 1 + word.utf8.count > Self.preferredLine {
                value += "\r\n"
                column = 0
            }
            value += value.isEmpty ? word : " " + word
            column += 1 + word.utf8.count
        }
        add(name, value)
    }

    /// A field that somebody else reads: of ASCII as it is, folded at its spaces as far as it has some.
    mutating func add(_ name: String, own text: String) {
        let words = text.withoutControls.split(separator: " ")
        let isPlain =
            text.utf8.allSatisfy { $0 < 0x80 } && !text.contains("=?")
            && words.allSatisfy { $0.utf8.count + name.utf8.count + 2 <= Self.longestLine }
        guard isPlain else { return add(name, text: text) }
        var value = ""
        var column = name.utf8.count + 1
        for word in words {
            let folds = !value.isEmpty && column + 1 + word.utf8.count > Self.preferredLine
            value += value.isEmpty ? "" : folds ? "\r\n " : " "
            column = folds ? 1 + word.utf8.count : column + 1 + word.utf8.count
            value += word
        }
        add(name, value)
    }

    /// RFC 5322, 2.1.1: no line may be longer, without its CRLF.
    private static let longestLine = 998

    /// Each mailbox on a line of its own.
    mutating func add(_ name: String, mailboxes: [Mailbox]) {
        let written = mailboxes.enumerated().map { Self.text($1, column: $0 == 0 ? name.utf8.count + 2 : 1) }
        add(name, written.joined(separator: ",\r\n "))
    }

    private static func text(_ mailbox: Mailbox, column: Int) -> String {
        guard !mailbox.displayName.isEmpty else { return mailbox.address }
        let address = "<\(mailbox.address)>"
        let phrase = phrase(mailbox.displayName, column: column)
        let lastLine = phrase.count == 1 ? column + phrase[0].utf8.count : 1 + (phrase.last?.utf8.count ?? 0)
        // RFC 2047's 76 holds for the line with the address too, where it can.
        let gap = lastLine + 1 + address.utf8.count > 76 ? "\r\n " : " "
        return phrase.joined(separator: "\r\n ") + gap + address
    }

    private static func phrase(_ name: String, column: Int) -> [String] {
        let isQuotable = name.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !name.contains("=?")
        guard isQuotable, name.utf8.count < 60 else { return EncodedWord.words(for: name, column: column) }
        let isPlain = name.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: " "), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        if isPlain { return [name] }
        let escaped = name.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
        return ["\"\(escaped)\""]
    }
}

extension String {
    /// A line break or another control character in it as a space.
    var withoutControls: String {
        var kept = String.UnicodeScalarView()
        var afterReturn = false
        for scalar in unicodeScalars {
            // CRLF is one line break.
            if !(afterReturn && scalar == "\n") { kept.append(scalar.isControl ? " " : scalar) }
            afterReturn = scalar == "\r"
        }
        return String(kept)
    }
}
