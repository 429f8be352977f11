import Engine

/// Why a text is not the JSON that it should be.
enum JSONProblem: Error {
    case notJSON(at: Int)
    /// A number that would be another one if it were read.
    case outOfRange(number: String, path: String)
    /// Which of the two counts, a reader would have to guess.
    case twice(path: String)
    case tooDeep
    case tooMany

    /// What a person can act on.
    func text(of json: some StringProtocol) -> String {
        switch self {
        case .notJSON(let offset):
            "not JSON: \(String(json.prefix(80))) (the fault is at byte \(offset))"
        case .outOfRange(let number, let path):
            "\(path.isEmpty ? "" : "\(path): ")\(number) does not fit 64 bits: send it as text, \"\(number)\""
        case .twice(let path): "the key \(path) stands twice"
        case .tooMany: "it holds more than \(CommandLimits.jsonValues) values"
        case .tooDeep: "values stand in values more than \(CommandLimits.jsonDepth) deep"
        }
    }
}

/// A JSON text as a value: whole numbers exactly, to 64 bits, others as decimals.
enum JSONText {
    /// Throws what a person can act on.
    static func parse(_ text: some StringProtocol) throws(Failure) -> Value {
        do throws(JSONProblem) {
            return try value(of: text)
        } catch {
            throw Failure(error.text(of: text))
        }
    }

    static func value(of text: some StringProtocol) throws(JSONProblem) -> Value {
        var reader = JSONReader(Array(text.utf8))
        return try reader.text()
    }
}

/// RFC 8259, over bytes that are UTF-8.
private struct JSONReader {
    private let bytes: [UInt8]
    private var at = 0
    private var values = 0
    /// The names and places that lead to the value being read.
    private var path: [String] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func text() throws(JSONProblem) -> Value {
        let value = try value()
        space()
        guard at == bytes.count else { throw .notJSON(at: at) }
        return value
    }

    private mutating func value() throws(JSONProblem) -> Value {
        space()
        guard at < bytes.count else { throw .notJSON(at: at) }
        values += 1
        guard values <= CommandLimits.jsonValues else { throw .tooMany }
        guard path.count <= CommandLimits.jsonDepth else { throw .tooDeep }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", true)
        case UInt8(ascii: "f"): return try word("false", false)
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object() throws(JSONProblem) -> Value {
        var members: [Object.Member] = []
        var names: Set<Text> = []
        at += 1
        if takes("}") { return .object(Object()) }
        repeat {
            space()
            let name = try string()
            guard takes(":") else { throw .notJSON(at: at) }
            path.append(path.isEmpty ? name : ".\(name)")
            guard names.insert(Text(name)).inserted else { throw .twice(path: path.joined()) }
            members.append(Object.Member(name, try value()))
            path.removeLast()
        } while takes(",")
        guard takes("}") else { throw .notJSON(at: at) }
        return .object(Object(members))
    }

    private mutating func array() throws(JSONProblem) -> Value {
        var elements: [Value] = []
        at += 1
        if takes("]") { return .array([]) }
        repeat {
            path.append("[\(elements.count)]")
            elements.append(try value())
            path.removeLast()
        } while takes(",")
        guard takes("]") else { throw .notJSON(at: at) }
        return .array(elements)
    }

    private mutating func word(_ word: String, _ value: Value) throws(JSONProblem) -> Value {
        guard bytes[at...].starts(with: word.utf8) else { throw .notJSON(at: at) }
        at += word.utf8.count
        return value
    }

    private mutating func number() throws(JSONProblem) -> Value {
        let start = at
        if has("-") { at += 1 }
        let whole = digits()
        guard whole > 0, whole == 1 || bytes[at - whole] != UInt8(ascii: "0") else { throw .notJSON(at: start) }
        var isDecimal = false
        if has(".") {
            at += 1
            isDecimal = true
            guard digits() > 0 else { throw .notJSON(at: at) }
        }
        if has("e") || has("E") {
            at += 1
            isDecimal = true
            if has("+") || has("-") { at += 1 }
            guard digits() > 0 else { throw .notJSON(at: at) }
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if !isDecimal, let integer = Int64(text) { return .integer(integer) }
        if isDecimal, let decimal = Double(text), decimal.isFinite { return .decimal(decimal) }
        throw .outOfRange(number: text, path: path.joined())
    }

    private mutating func string() throws(JSONProblem) -> String {
        guard has("\"") else { throw .notJSON(at: at) }
        at += 1
        var text: [UInt8] = []
        while at < bytes.count {
            let plain = bytes[at...].prefix { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") && $0 >= 0x20 }
            text += plain
            at = plain.endIndex
            if has("\"") {
                at += 1
                return String(decoding: text, as: UTF8.self)
            }
            guard has("\\") else { throw .notJSON(at: at) }
            at += 1
            text += try escaped()
        }
        throw .notJSON(at: at)
    }

    private mutating func escaped() throws(JSONProblem) -> [UInt8] {
        guard at < bytes.count else { throw .notJSON(at: at) }
        let letter = bytes[at]
        at += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0c]
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(Character(try scalar())).utf8)
        default: throw .notJSON(at: at - 1)
        }
    }

    /// What stands behind `\u`: a unit of UTF-16, or a pair of them.
    private mutating func scalar() throws(JSONProblem) -> Unicode.Scalar {
        let unit = try hexadecimal()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xdc00, has("\\"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "u") else {
            throw .notJSON(at: at)
        }
        at += 2
        let low = try hexadecimal()
        guard (0xdc00..<0xe000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xd800) << 10 + UInt32(low) - 0xdc00)
        else { throw .notJSON(at: at) }
        return scalar
    }

    private mutating func hexadecimal() throws(JSONProblem) -> UInt16 {
        let digits = bytes[at...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw .notJSON(at: at) }
        at += 4
        return unit
    }

    private mutating func digits() -> Int {
        let digits = bytes[at...].prefix { (48...57).contains($0) }
        at = digits.endIndex
        return digits.count
    }

    private func has(_ letter: Unicode.Scalar) -> Bool {
        at < bytes.count && bytes[at] == UInt8(ascii: letter)
    }

    private mutating func takes(_ letter: Unicode.Scalar) -> Bool {
        space()
        guard has(letter) else { return false }
        at += 1
        return true
    }

    private mutating func space() {
        while at < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[at]) { at += 1 }
    }
}
