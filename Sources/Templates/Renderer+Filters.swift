import Engine

/// What filters do: nil passes through, but for `default` and `json`.
extension Renderer {
    mutating func apply(_ call: FilterCall, to value: Value) throws(RenderFault) -> Value {
        switch (call.kind, value) {
        case (.default, _): return value.isTruthy ? value : try evaluate(call.arguments[0])
        case (.json, _): return .string(try json(value))
        case (_, .null): return .null
        default: break
        }
        switch call.kind {
        case .default, .json, .safe: return value
        case .date: return .string(try date(call, value))
        case .currency, .number, .round, .ceil, .floor, .abs, .plus, .minus, .times, .dividedBy, .modulo,
            .atLeast, .atMost:
            return try calculated(call, value)
        case .plural: return try plural(call, value)
        case .join, .first, .last, .size, .split: return try listed(call, value)
        case .capitalize, .uppercase, .lowercase, .title, .truncate, .truncateWords, .url, .escape, .strip, .replace,
            .append, .prepend, .lineBreaks:
            let text = try text(of: value)
            try budget.take(workOn: text.utf8.count, call.kind.walksCharacters ? .telling : .copying)
            let changed = try changed(call, text)
            try check(length: changed)
            return .string(changed)
        }
    }

    private mutating func changed(_ call: FilterCall, _ text: String) throws(RenderFault) -> String {
        switch call.kind {
        case .capitalize: return text.capitalizedOnce
        case .uppercase: return text.uppercased()
        case .lowercase: return text.lowercased()
        case .title: return text.titleCased
        case .truncate:
            return text.truncated(to: try count(call, 0) ?? 50, ellipsis: try string(call, 1) ?? "...")
        case .truncateWords:
            return text.truncated(toWords: try count(call, 0) ?? 15, ellipsis: try string(call, 1) ?? "...")
        case .url: return text.percentEncoded
        case .escape: return HTMLText.escaped(text)
        case .strip: return text.stripped
        case .replace:
            return try replaced(text, try string(call, 0) ?? "", try string(call, 1) ?? "")
        case .append: return text + (try string(call, 0) ?? "")
        case .prepend: return (try string(call, 0) ?? "") + text
        case .lineBreaks:
            let safe = escaping == .html && !call.takesSafe ? HTMLText.escaped(text) : text
            return try replaced(try replaced(safe, "\r\n", "\n"), "\n", "<br>\n")
        default: return text
        }
    }

    private mutating func replaced(_ text: String, _ sought: String, _ other: String) throws(RenderFault) -> String {
        try budget.take(workOn: text.utf8.count + sought.utf8.count, .seeking)
        guard !sought.isEmpty else { return text }
        let (bytes, replacement) = (Array(text.utf8), Array(other.utf8))
        let places = ByteSearch(Array(sought.utf8)).places(in: bytes)
        let growth = replacement.count - sought.utf8.count
        guard bytes.count + places.count * growth <= budget.limits.longestOutput else {
            throw .failed("a text on the way has more than \(budget.limits.longestOutput) bytes")
        }
        try budget.take(workOn: max(0, places.count * growth))
        var (replaced, start) = ([UInt8](), 0)
        for place in places {
            replaced += bytes[start..<place]
            replaced += replacement
            start = place + sought.utf8.count
        }
        return String(decoding: replaced + bytes[start...], as: UTF8.self)
    }

    /// A JSON text; for HTML one in which no tag can begin or end.
    private mutating func json(_ value: Value) throws(RenderFault) -> String {
        let text = value.description
        try budget.take(workOn: text.utf8.count, .telling)
        try check(length: text)
        guard escaping == .html else { return text }
        var json = try replaced(text, "<", "\\u003c")
        json = try replaced(json, ">", "\\u003e")
        return try replaced(json, "&", "\\u0026")
    }

    private mutating func plural(_ call: FilterCall, _ value: Value) throws(RenderFault) -> Value {
        let number: Value
        switch value {
        case .array(let elements): number = .integer(Int64(elements.count))
        case .object(let object): number = .integer(Int64(object.members.count))
        default: number = try self.number(call, value)
        }
        let isZero = number.compare(0) == 0
        guard call.forms.isEmpty else {
            let language = try language(call, 0)
            let form = isZero && call.forms[.zero] != nil ? .zero : language.form(number.magnitude)
            guard let text = call.forms[form] ?? call.forms[.other] else { return .null }  // `other` always is
            return try evaluate(text)
        }
        if call.arguments.count == 3, isZero { return try evaluate(call.arguments[2]) }
        let isOne = languages.english.form(number.magnitude) == .one
        return try evaluate(call.arguments[isOne ? 0 : 1])
    }

    private mutating func listed(_ call: FilterCall, _ value: Value) throws(RenderFault) -> Value {
        switch (call.kind, value) {
        case (.join, .array(let elements)):
            return .string(try joined(elements, by: try string(call, 0) ?? ", "))
        case (.join, .string): return value
        case (.first, .array(let elements)): return elements.first ?? .null
        case (.last, .array(let elements)): return elements.last ?? .null
        case (.size, .array(let elements)): return .integer(Int64(elements.count))
        case (.size, .object(let object)): return .integer(Int64(object.members.count))
        case (.first, .string(let text)): return text.string.first.map { .string(String($0)) } ?? .null
        case (.last, .string(let text)): return text.string.last.map { .string(String($0)) } ?? .null
        case (.size, .string(let text)):
            try budget.take(workOn: text.utf8.count, .telling)
            return .integer(Int64(text.string.count))
        case (.split, .string(let text)): return .array(try split(text.string, try string(call, 0) ?? ""))
        default: throw unusable(call, value)
        }
    }

    private mutating func split(_ text: String, _ separator: String) throws(RenderFault) -> [Value] {
        try budget.take(workOn: text.utf8.count + separator.utf8.count, .telling)
        let most = budget.limits.longestList
        let tooMany = RenderFault.failed("`split` gives more than \(most) elements")
        var parts: [Value] = []
        guard !separator.isEmpty else {
            for character in text {
                guard parts.count < most else { throw tooMany }
                parts.append(.string(String(character)))
            }
            return parts
        }
        guard !text.isEmpty else { return [] }
        let bytes = Array(text.utf8)
        let places = ByteSearch(Array(separator.utf8)).places(in: bytes, most: most)
        guard places.count < most else { throw tooMany }
        var start = 0
        for place in places + [bytes.count] {
            parts.append(.string(String(decoding: bytes[start..<place], as: UTF8.self)))
            start = place + separator.utf8.count
        }
        return parts
    }

    // MARK: Arguments

    func unusable(_ call: FilterCall, _ value: Value) -> RenderFault {
        failed("`\(call.name)` cannot use \(value.shown)", at: call.offset)
    }

    /// The argument as text; nil where there is none.
    mutating func string(_ call: FilterCall, _ index: Int) throws(RenderFault) -> String? {
        guard index < call.arguments.count else { return nil }
        let value = try evaluate(call.arguments[index])
        if case .null = value { return nil }
        let text = try text(of: value)
        try budget.take(workOn: text.utf8.count)
        return text
    }

    /// The argument as a number of things; nil where there is none.
    mutating func count(_ call: FilterCall, _ index: Int) throws(RenderFault) -> Int? {
        guard index < call.arguments.count else { return nil }
        switch try evaluate(call.arguments[index]) {
        case .null: return nil
        case .integer(let number) where number >= 0: return Int(clamping: number)
        case let other:
            throw failed("`\(call.name)` takes a whole number from 0, not \(other.shown)", at: call.offset)
        }
    }

    /// A number, or a text that is one.
    func number(_ call: FilterCall, _ value: Value) throws(RenderFault) -> Value {
        switch value {
        case .integer, .decimal: return value
        case .string(let text):
            guard let number = DecimalNumber(text.string) else { throw unusable(call, value) }
            return number.value
        default: throw unusable(call, value)
        }
    }
}

extension Value {
    /// 0 for what is no number.
    fileprivate var magnitude: Double {
        switch self {
        case .integer(let number): Double(number).magnitude
        case .decimal(let number): number.magnitude
        case .null, .boolean, .string, .array, .object: 0
        }
    }
}

extension FilterKind {
    /// Whether it tells characters apart.
    fileprivate var walksCharacters: Bool {
        switch self {
        case .capitalize, .uppercase, .lowercase, .title, .truncate, .truncateWords: true
        default: false
        }
    }
}
