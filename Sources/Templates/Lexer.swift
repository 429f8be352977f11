/// The words of one pair of braces, one at a time.
struct Lexer {
    enum Token: Hashable {
        case name(String)
        case integer(Int64)
        case decimal(Double)
        case text(String)
        case symbol(String)
        case end

        /// As a fault names it.
        var shown: String {
            switch self {
            case .name(let name), .symbol(let name): "`\(name)`"
            case .integer(let number): "`\(number)`"
            case .decimal(let number): "`\(number)`"
            case .text(let text): "\"\(text.prefix(40))\""
            case .end: "the end"
            }
        }
    }

    let source: Source
    private let end: Int
    private var at: Int
    private(set) var token = Token.end
    /// Where the token begins.
    private(set) var offset: Int

    init(_ source: Source, _ range: Range<Int>) throws(TemplateFault) {
        self.source = source
        (at, end, offset) = (range.lowerBound, range.upperBound, range.lowerBound)
        try advance()
    }

    /// Everything from the token on.
    var rest: String { source.text(offset..<end) }

    func fault(_ text: String) -> TemplateFault { source.fault(text, at: offset) }

    mutating func take(_ symbol: String) throws(TemplateFault) -> Bool {
        guard token == .symbol(symbol) else { return false }
        try advance()
        return true
    }

    mutating func take(word: String) throws(TemplateFault) -> Bool {
        guard token == .name(word) else { return false }
        try advance()
        return true
    }

    mutating func expect(_ symbol: String) throws(TemplateFault) {
        guard try take(symbol) else { throw fault("`\(symbol)` is expected, not \(token.shown)") }
    }

    func expectEnd() throws(TemplateFault) {
        guard token == .end else { throw fault("nothing more is expected here, but there is \(token.shown)") }
    }

    /// The name right after a `.` that is the token: any of letters, digits, `_` and `-`.
    mutating func member() throws(TemplateFault) -> String {
        let start = at
        skipName()
        guard at > start else { throw source.fault("a name is expected after `.`", at: start) }
        let name = source.text(start..<at)
        try advance()
        return name
    }

    mutating func advance() throws(TemplateFault) {
        while at < end, source.bytes[at].isSpace { at += 1 }
        offset = at
        guard at < end else {
            token = .end
            return
        }
        let byte = source.bytes[at]
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            token = try quoted(byte)
        } else if byte.isDigit || byte == UInt8(ascii: "-") && isDigit(at + 1) {
            token = try number()
        } else if byte.isNamePart {
            skipName()
            token = .name(source.text(offset..<at))
        } else {
            token = try symbol()
        }
    }

    private func isDigit(_ index: Int) -> Bool { index < end && source.bytes[index].isDigit }

    /// A `-` belongs to a name where the name goes on after it: there is no subtraction.
    private mutating func skipName() {
        while at < end {
            let byte = source.bytes[at]
            guard byte.isNamePart || byte == UInt8(ascii: "-") && at + 1 < end && source.bytes[at + 1].isNamePart else {
                return
            }
            at += 1
        }
    }

    private mutating func quoted(_ quote: UInt8) throws(TemplateFault) -> Token {
        let start = at + 1
        at = start
        while at < end, source.bytes[at] != quote { at += 1 }
        guard at < end else { throw fault("the quote that opens here is not closed") }
        at += 1
        return .text(source.text(start..<at - 1))
    }

    private mutating func number() throws(TemplateFault) -> Token {
        at += 1
        while isDigit(at) { at += 1 }
        var isDecimal = false
        if at < end, source.bytes[at] == UInt8(ascii: "."), isDigit(at + 1) {
            isDecimal = true
            at += 1
            while isDigit(at) { at += 1 }
        }
        let text = source.text(offset..<at)
        if at < end, source.bytes[at].isNamePart { throw fault("\"\(text)...\" is neither a number nor a name") }
        if isDecimal, let number = Double(text), number.isFinite { return .decimal(number) }
        if !isDecimal, let number = Int64(text) { return .integer(number) }
        throw fault("the number \(text.prefix(40)) is too large")
    }

    private mutating func symbol() throws(TemplateFault) -> Token {
        let two = at + 1 < end ? source.text(at..<at + 2) : ""
        if ["==", "!=", "<=", ">="].contains(two) {
            at += 2
            return .symbol(two)
        }
        let one = String(UnicodeScalar(source.bytes[at]))
        guard [".", "[", "]", "(", ")", "|", ":", ",", "<", ">", "="].contains(one) else {
            let hint = two == "&&" ? "; write `and`" : one == "!" ? "; write `not`" : ""
            throw fault("`\(two == "&&" ? two : one)` means nothing here\(hint)")
        }
        if two == "||" { throw fault("`||` means nothing here; write `or`") }
        at += 1
        return .symbol(one)
    }
}
