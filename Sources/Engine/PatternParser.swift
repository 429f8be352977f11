/// Reads an expression into a tree.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var at = 0
    private var depth = 0
    private var dotTakesNewlines = false
    private var anchorsTakeLines = false
    private var ignoresSpace = false

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
    }

    mutating func parse() throws(PatternFault) -> PatternTree {
        let tree = try choice()
        guard at == scalars.count else { throw PatternFault(text: "a ')' too many at character \(at + 1)") }
        return tree
    }

    private var peek: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard at + wanted.count <= scalars.count, Array(scalars[at..<(at + wanted.count)]) == wanted else {
            return false
        }
        at += wanted.count
        return true
    }

    private func unsupported(_ what: String) -> PatternFault {
        PatternFault(text: "\(what) cannot be searched for in bounded time")
    }

    private mutating func choice() throws(PatternFault) -> PatternTree {
        depth += 1
        defer { depth -= 1 }
        guard depth < 200 else { throw PatternFault(text: "its groups stand too deep in each other") }
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private mutating func sequence() throws(PatternFault) -> PatternTree {
        var parts: [PatternTree] = []
        while let next = peek, next != "|", next != ")" {
            if ignoresSpace, next.properties.isWhitespace {
                at += 1
            } else if ignoresSpace, next == "#" {
                while let skipped = peek, skipped != "\n" { at += 1 }
            } else {
                parts.append(try repetition(try atom()))
            }
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func repetition(_ atom: PatternTree) throws(PatternFault) -> PatternTree {
        var tree = atom
        while true {
            let least: Int
            let most: Int?
            if take("*") {
                (least, most) = (0, nil)
            } else if take("+") {
                (least, most) = (1, nil)
            } else if take("?") {
                (least, most) = (0, 1)
            } else if let counts = try counts() {
                (least, most) = counts
            } else {
                return tree
            }
            if take("+") { throw unsupported("a possessive repetition") }
            _ = take("?")  // as few as possible: found all the same
            tree = .repeated(tree, least: least, most: most)
        }
    }

    /// `{3}`, `{3,}`, `{,3}`, `{3,5}`; anything else in braces is text.
    private mutating func counts() throws(PatternFault) -> (Int, Int?)? {
        guard peek == "{" else { return nil }
        let start = at
        at += 1
        let low = number()
        let comma = take(",")
        let high = comma ? number() : low
        guard take("}"), low != nil || high != nil else {
            at = start
            return nil
        }
        guard (low ?? 0) <= 1_000, (high ?? 0) <= 1_000 else {
            throw PatternFault(text: "a repetition of more than 1000")
        }
        if let low, let high, high < low { throw PatternFault(text: "a repetition from \(low) to \(high)") }
        return (low ?? 0, high)
    }

    private mutating func number() -> Int? {
        let start = at
        var value = 0
        while let next = peek, ("0"..."9").contains(next), at - start < 6 {
            value = value * 10 + Int(next.value - 48)
            at += 1
        }
        return at == start ? nil : value
    }

    private mutating func atom() throws(PatternFault) -> PatternTree {
        guard let next = peek else { return .empty }
        at += 1
        switch next {
        case "(": return try group()
        case "[": return .one(try set())
        case ".": return .one(.any(newlines: dotTakesNewlines))
        case "^": return .assert(anchorsTakeLines ? .lineStarts : .textStarts)
        case "$": return .assert(anchorsTakeLines ? .lineEnds : .textEndsOrLastLine)
        case "\\": return try escape()
        case "*", "+", "?": throw PatternFault(text: "nothing stands before '\(next)' at character \(at)")
        default: return .one(.scalar(next))
        }
    }

    private mutating func group() throws(PatternFault) -> PatternTree {
        let options = (dotTakesNewlines, anchorsTakeLines, ignoresSpace)
        if take("?") {
            if take("#") {
                while let next = peek, next != ")" { at += 1 }
                guard take(")") else { throw PatternFault(text: "a comment has no end") }
                return .empty
            }
            for refused in ["=", "!", "<=", "<!", ">", "~", "(", "*", "P=", "P>", "R", "&"] where take(refused) {
                throw unsupported("(?\(refused)…)")
            }
            if take("<") || take("P<") || take("'") {
                while let next = peek, next != ">", next != "'" { at += 1 }
                at += 1
            } else if !take(":") {
                try setOptions()
                if take(")") { return .empty }  // for the rest of this group
                guard take(":") else { throw PatternFault(text: "an option group has no end") }
            }
        } else if peek == "*" {
            throw unsupported("(*…)")
        }
        let tree = try choice()
        guard take(")") else { throw PatternFault(text: "a '(' has no ')'") }
        (dotTakesNewlines, anchorsTakeLines, ignoresSpace) = options
        return tree
    }

    private mutating func setOptions() throws(PatternFault) {
        var isOn = true
        while let next = peek, next != ")", next != ":" {
            at += 1
            switch next {
            case "-": isOn = false
            case "^": (dotTakesNewlines, anchorsTakeLines, ignoresSpace) = (false, false, false)
            case "i": break  // letters are the same in either case anyway (2.2)
            case "s": dotTakesNewlines = isOn
            case "m": anchorsTakeLines = isOn
            case "x": ignoresSpace = isOn
            case "n", "U": break
            default: throw PatternFault(text: "the option '\(next)' is not known here")
            }
        }
    }

    private mutating func escape() throws(PatternFault) -> PatternTree {
        guard let next = peek else { throw PatternFault(text: "it ends with '\\'") }
        switch next {
        case "b":
            at += 1
            return .assert(.wordEdge)
        case "B":
            at += 1
            return .assert(.noWordEdge)
        case "A":
            at += 1
            return .assert(.textStarts)
        case "z":
            at += 1
            return .assert(.textEnds)
        case "Z":
            at += 1
            return .assert(.textEndsOrLastLine)
        case "1"..."9", "k", "g": throw unsupported("a reference to a group")
        case "G", "K", "X": throw unsupported("\\\(next)")
        case "R":
            at += 1
            return .choice([.sequence([.one(.scalar("\r")), .one(.scalar("\n"))]), .one(.newline)])
        case "Q":
            at += 1
            var parts: [PatternTree] = []
            while !take("\\E"), let quoted = peek {
                parts.append(.one(.scalar(quoted)))
                at += 1
            }
            return .sequence(parts)
        default: return .one(try escapedSet())
        }
    }

    /// What an escape stands for that is one character, after the backslash.
    private mutating func escapedSet() throws(PatternFault) -> PatternSet {
        guard let next = peek else { throw PatternFault(text: "it ends with '\\'") }
        at += 1
        switch next {
        case "d": return .digit
        case "D": return .inverted(.digit)
        case "w": return .word
        case "W": return .inverted(.word)
        case "s": return .space
        case "S": return .inverted(.space)
        case "h": return .horizontalSpace
        case "H": return .inverted(.horizontalSpace)
        case "v": return .newline
        case "V", "N": return .inverted(.newline)
        case "n": return .scalar("\n")
        case "r": return .scalar("\r")
        case "t": return .scalar("\t")
        case "f": return .scalar("\u{0C}")
        case "e": return .scalar("\u{1B}")
        case "a": return .scalar("\u{07}")
        case "0": return .scalar("\0")
        case "x", "u": return .scalar(try code())
        case "p", "P": return try property(inverted: next == "P")
        default:
            guard !next.properties.isAlphabetic else { throw PatternFault(text: "\\\(next) is not known") }
            return .scalar(next)
        }
    }

    private mutating func code() throws(PatternFault) -> Unicode.Scalar {
        var value: UInt32 = 0
        var digits = 0
        let isBraced = take("{")
        let most = isBraced ? 8 : scalars[at - 1] == "u" ? 4 : 2
        while digits < most, let next = peek, let digit = Character(next).hexDigitValue {
            value = value << 4 | UInt32(digit)
            digits += 1
            at += 1
        }
        guard digits > 0, !isBraced || take("}"), let scalar = Unicode.Scalar(value) else {
            throw PatternFault(text: "a character's number is wrong at character \(at)")
        }
        return scalar
    }

    private mutating func property(inverted: Bool) throws(PatternFault) -> PatternSet {
        guard take("{") else { throw PatternFault(text: "\\p needs a property in braces") }
        let invertedInside = take("^")
        var name = ""
        while let next = peek, next != "}" {
            name.unicodeScalars.append(next)
            at += 1
        }
        guard take("}") else { throw PatternFault(text: "\\p{ has no end") }
        let set: PatternSet
        switch name {
        case "L", "Letter", "Alphabetic", "alpha": set = .letter
        case "Lu", "Uppercase_Letter", "Uppercase", "upper": set = .letter
        case "Ll", "Lowercase_Letter", "Lowercase", "lower": set = .letter
        case "N", "Number": set = .number
        case "Nd", "digit": set = .digit
        case "P", "Punctuation", "punct": set = .punctuation
        case "S", "Symbol": set = .symbol
        case "Z", "Separator", "space", "White_Space": set = .space
        default: throw PatternFault(text: "the property \(name) is not known here")
        }
        return inverted != invertedInside ? .inverted(set) : set
    }

    private mutating func set() throws(PatternFault) -> PatternSet {
        depth += 1
        defer { depth -= 1 }
        guard depth < 200 else { throw PatternFault(text: "its sets stand too deep in each other") }
        let isInverted = take("^")
        var parts: [PatternSet] = []
        var met: PatternSet?
        func whole() -> PatternSet { met.map { .intersection($0, .union(parts)) } ?? .union(parts) }
        var isFirst = true
        while true {
            guard let next = peek else { throw PatternFault(text: "a '[' has no ']'") }
            if next == "]", !isFirst {
                at += 1
                return isInverted ? .inverted(whole()) : whole()
            }
            isFirst = false
            if take("[:") {
                parts.append(try posixClass())
                continue
            }
            if take("&&") {
                met = whole()
                parts = []
                continue
            }
            if take("--") || take("~~") { throw PatternFault(text: "a set less another is not known here") }
            if take("[") {
                parts.append(try set())
                continue
            }
            if ignoresSpace, next == " " || next == "\t" {
                at += 1
                continue
            }
            let low = try member()
            guard case .scalar(let first) = low, peek == "-", at + 1 < scalars.count, scalars[at + 1] != "]" else {
                parts.append(low)
                continue
            }
            at += 1
            guard case .scalar(let last) = try member(), first <= last else {
                throw PatternFault(text: "a range is the wrong way round at character \(at)")
            }
            parts.append(.range(first, last))
        }
    }

    private mutating func member() throws(PatternFault) -> PatternSet {
        guard let next = peek else { throw PatternFault(text: "a '[' has no ']'") }
        at += 1
        guard next == "\\" else { return .scalar(next) }
        if take("b") { return .scalar("\u{08}") }
        return try escapedSet()
    }

    private mutating func posixClass() throws(PatternFault) -> PatternSet {
        let isInverted = take("^")
        for (name, set) in Self.posix where take("\(name):]") { return isInverted ? .inverted(set) : set }
        throw PatternFault(text: "a class in [: :] is not known")
    }

    private static let posix: [(String, PatternSet)] = [
        ("alpha", .letter), ("digit", .digit), ("alnum", .union([.letter, .digit])),
        ("space", .space), ("word", .word), ("punct", .punctuation), ("upper", .letter),
        ("lower", .letter), ("blank", .horizontalSpace),
        ("xdigit", .union([.range("0", "9"), .range("a", "f")])),
    ]
}
