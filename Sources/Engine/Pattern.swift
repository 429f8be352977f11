/// A regular expression that is found anywhere in a text, whatever the case of its letters (2.2, 13). The syntax is
/// that of Swift's `Regex`, without what no bounded search can do. A search takes at most time in proportion to
/// expression times text, whatever either holds: no place is looked at twice in one state.
package struct Pattern: Hashable, Sendable {
    package let text: String
    private let program: [Step]

    /// 2.2
    package static let longest = 32_764
    /// Counted repetitions multiply what they repeat.
    static let mostSteps = 20_000

    package init(_ text: String) throws(PatternFault) {
        guard text.unicodeScalars.count <= Self.longest else {
            throw PatternFault(text: "it is longer than \(Self.longest) characters")
        }
        do {
            _ = try Regex(text)
        } catch {
            throw PatternFault(text: "\(error)")
        }
        var parser = PatternParser(text)
        let tree = try parser.parse()
        var compiler = PatternCompiler()
        try compiler.add(tree)
        self.text = text
        program = compiler.steps + [.found]
    }

    package static func == (left: Self, right: Self) -> Bool { left.text == right.text }
    package func hash(into hasher: inout Hasher) { hasher.combine(text) }

    /// Whether some part of the text is one that the expression describes.
    package func isFound(in text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        // All starts are tried at once: a set of states walks through the text once.
        var states = StateSet(capacity: program.count)
        var next = StateSet(capacity: program.count)
        for at in 0...scalars.count {
            if enter(0, at, scalars, &states) { return true }
            guard at < scalars.count else { return false }
            next.removeAll()
            for state in states.members {
                if case .one(let set) = program[state], set.contains(scalars[at]),
                    enter(state + 1, at + 1, scalars, &next)
                {
                    return true
                }
            }
            swap(&states, &next)
        }
        return false
    }

    /// Adds a state and all that it leads to without a character. Gives whether one of them is the end.
    private func enter(_ state: Int, _ at: Int, _ scalars: [Unicode.Scalar], _ states: inout StateSet) -> Bool {
        var open = [state]
        while let state = open.popLast() {
            guard states.insert(state) else { continue }
            switch program[state] {
            case .found: return true
            case .one: break
            case .jump(let to): open.append(to)
            case .fork(let first, let second):
                open.append(second)
                open.append(first)
            case .assert(let assertion): if assertion.holds(at, scalars) { open.append(state + 1) }
            }
        }
        return false
    }

    private struct StateSet {
        private(set) var members: [Int] = []
        private var holds: [Bool]

        init(capacity: Int) {
            holds = [Bool](repeating: false, count: capacity)
        }

        mutating func insert(_ state: Int) -> Bool {
            if holds[state] { return false }
            holds[state] = true
            members.append(state)
            return true
        }

        mutating func removeAll() {
            for member in members { holds[member] = false }
            members.removeAll(keepingCapacity: true)
        }
    }

    fileprivate enum Step: Sendable {
        case one(PatternSet)
        case jump(Int)
        case fork(Int, Int)
        case assert(Assertion)
        case found
    }

    fileprivate enum Assertion: Sendable {
        case textStarts, textEnds, lineStarts, lineEnds, wordEdge, noWordEdge
        /// `\Z` and `$`: before a line's end that ends the text, too.
        case textEndsOrLastLine

        func holds(_ at: Int, _ text: [Unicode.Scalar]) -> Bool {
            func isWord(_ index: Int) -> Bool { text.indices.contains(index) && PatternSet.isWord(text[index]) }
            switch self {
            case .textStarts: return at == 0
            case .textEnds: return at == text.count
            case .textEndsOrLastLine:
                return at == text.count || at == text.count - 1 && text[at] == "\n"
            case .lineStarts: return at == 0 || text[at - 1] == "\n"
            case .lineEnds: return at == text.count || text[at] == "\n"
            case .wordEdge: return isWord(at - 1) != isWord(at)
            case .noWordEdge: return isWord(at - 1) == isWord(at)
            }
        }
    }
}

/// Why a text is no regular expression, or none that can be searched for in bounded time.
package struct PatternFault: Error, Hashable, Sendable {
    package let text: String
}

/// One character that an expression accepts.
private indirect enum PatternSet: Sendable {
    case scalar(Unicode.Scalar)
    case range(Unicode.Scalar, Unicode.Scalar)
    case any(newlines: Bool)
    case digit, word, space, horizontalSpace, newline
    case letter, number, punctuation, symbol
    case union([PatternSet])
    case intersection(PatternSet, PatternSet)
    case inverted(PatternSet)

    /// Whatever the character's case.
    func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .inverted(let set): return !set.contains(scalar)
        case .intersection(let left, let right): return left.contains(scalar) && right.contains(scalar)
        default: break
        }
        if has(scalar) { return true }
        for text in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping] {
            let mapped = text.unicodeScalars
            if mapped.count == 1, let first = mapped.first, first != scalar, has(first) { return true }
        }
        return false
    }

    private func has(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .scalar(let other): scalar == other
        case .range(let low, let high): low <= scalar && scalar <= high
        case .any(let newlines): newlines || !Self.isNewline(scalar)
        case .digit: scalar.properties.generalCategory == .decimalNumber
        case .word: Self.isWord(scalar)
        case .space: scalar.properties.isWhitespace
        case .horizontalSpace: scalar == "\t" || scalar.properties.generalCategory == .spaceSeparator
        case .newline: Self.isNewline(scalar)
        case .letter: scalar.properties.isAlphabetic
        case .number: scalar.properties.numericType != nil
        case .punctuation: Self.punctuationCategories.contains(scalar.properties.generalCategory)
        case .symbol: Self.symbolCategories.contains(scalar.properties.generalCategory)
        case .union(let sets): sets.contains { $0.contains(scalar) }
        case .intersection(let left, let right): left.contains(scalar) && right.contains(scalar)
        case .inverted(let set): !set.contains(scalar)
        }
    }

    private static let punctuationCategories: Set<Unicode.GeneralCategory> = [
        .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
        .finalPunctuation, .otherPunctuation,
    ]
    private static let symbolCategories: Set<Unicode.GeneralCategory> = [
        .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol,
    ]

    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            || scalar.properties.generalCategory == .nonspacingMark
    }

    static func isNewline(_ scalar: Unicode.Scalar) -> Bool {
        ("\n"..."\r").contains(scalar) || scalar == "\u{85}" || scalar == "\u{2028}" || scalar == "\u{2029}"
    }
}

private indirect enum PatternTree {
    case empty
    case one(PatternSet)
    case assert(Pattern.Assertion)
    case sequence([PatternTree])
    case choice([PatternTree])
    case repeated(PatternTree, least: Int, most: Int?)
}

private struct PatternCompiler {
    var steps: [Pattern.Step] = []

    mutating func add(_ tree: PatternTree) throws(PatternFault) {
        guard steps.count < Pattern.mostSteps else {
            throw PatternFault(text: "it repeats too much: more than \(Pattern.mostSteps) steps")
        }
        switch tree {
        case .empty: break
        case .one(let set): steps.append(.one(set))
        case .assert(let assertion): steps.append(.assert(assertion))
        case .sequence(let parts): for part in parts { try add(part) }
        case .choice(let parts):
            var ends: [Int] = []
            for (index, part) in parts.enumerated() {
                guard index < parts.count - 1 else {
                    try add(part)
                    break
                }
                let fork = steps.count
                steps.append(.jump(0))
                try add(part)
                ends.append(steps.count)
                steps.append(.jump(0))
                steps[fork] = .fork(fork + 1, steps.count)
            }
            for end in ends { steps[end] = .jump(steps.count) }
        case .repeated(let part, let least, let most):
            for _ in 0..<least { try add(part) }
            guard let most else {
                let fork = steps.count
                steps.append(.jump(0))
                try add(part)
                steps.append(.jump(fork))
                steps[fork] = .fork(fork + 1, steps.count)
                return
            }
            var forks: [Int] = []
            for _ in least..<max(least, most) {
                forks.append(steps.count)
                steps.append(.jump(0))
                try add(part)
            }
            for fork in forks { steps[fork] = .fork(fork + 1, steps.count) }
        }
    }
}

private struct PatternParser {
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
