/// One character that an expression accepts.
indirect enum PatternSet: Hashable, Sendable {
    case scalar(Unicode.Scalar)
    case range(Unicode.Scalar, Unicode.Scalar)
    case any(newlines: Bool)
    case digit, word, space, horizontalSpace, newline
    case letter, number, punctuation, symbol
    case union([PatternSet])
    case intersection(PatternSet, PatternSet)
    case inverted(PatternSet)

    /// A character and what it is in the other case.
    static func forms(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        var forms = [scalar]
        for text in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping] {
            let mapped = text.unicodeScalars
            if mapped.count == 1, let first = mapped.first, !forms.contains(first) { forms.append(first) }
        }
        return forms
    }

    /// Whether one of a character's forms is in it.
    func contains(_ forms: [Unicode.Scalar]) -> Bool {
        switch self {
        case .union(let sets): sets.contains { $0.contains(forms) }
        case .intersection(let left, let right): left.contains(forms) && right.contains(forms)
        case .inverted(let set): !set.contains(forms)
        default: forms.contains { has($0) }
        }
    }

    /// How much a look into it costs.
    var size: Int {
        switch self {
        case .union(let sets): sets.reduce(1) { $0 + $1.size }
        case .intersection(let left, let right): 1 + left.size + right.size
        case .inverted(let set): 1 + set.size
        default: 1
        }
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
        case .union, .intersection, .inverted: false  // `contains` looks into these
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

/// Some of the characters of ASCII.
struct ASCIISet: Hashable, Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// Whether it holds a character of ASCII.
    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        return (value < 64 ? low >> UInt64(value) : high >> UInt64(value & 63)) & 1 == 1
    }

    mutating func insert(_ value: UInt8) {
        if value < 64 { low |= 1 << UInt64(value) } else { high |= 1 << UInt64(value & 63) }
    }

    mutating func formUnion(_ other: ASCIISet) {
        low |= other.low
        high |= other.high
    }
}
