/// A template's text cut into what stands between braces and what does not.
struct PieceScanner {
    enum Piece {
        case text(Range<Int>)
        /// `{{ ... }}`, without the braces.
        case output(Range<Int>, opens: Int)
        /// `{% ... %}`, without the braces.
        case tag(Range<Int>, opens: Int)
    }

    let source: Source
    private var at = 0
    /// The last braces ended in `-`: white space after them goes.
    private var trims = false

    init(_ source: Source) {
        self.source = source
    }

    mutating func next() throws(TemplateFault) -> Piece? {
        while at < source.bytes.count {
            let opens = opening(from: at)
            let text = trimmed(at..<opens, before: opens)
            (at, trims) = (opens, false)
            if !text.isEmpty { return .text(text) }
            guard opens < source.bytes.count else { return nil }
            switch source.bytes[opens + 1] {
            case UInt8(ascii: "#"): try skipRemark(opens)
            case UInt8(ascii: "{"): return .output(try inside(opens, UInt8(ascii: "}")), opens: opens)
            default: return .tag(try inside(opens, UInt8(ascii: "%")), opens: opens)
            }
        }
        return nil
    }

    /// Everything up to the tag that ends a block whose inside is no template.
    mutating func verbatim(until end: String, opened offset: Int) throws(TemplateFault) -> Range<Int> {
        let bytes = source.bytes
        let name = Array(end.utf8)
        let start = at
        var opens = opening(from: at)
        while opens < bytes.count {
            var index = opens + 2
            func skipSpace() { while index < bytes.count, bytes[index].isSpace { index += 1 } }
            func take(_ byte: Unicode.Scalar) -> Bool {
                guard index < bytes.count, bytes[index] == UInt8(ascii: byte) else { return false }
                index += 1
                return true
            }
            if bytes[opens + 1] == UInt8(ascii: "%") {
                _ = take("-")
                skipSpace()
                if bytes[index...].starts(with: name) {
                    index += name.count
                    skipSpace()
                    let trimsNext = take("-")
                    if take("%"), take("}") {
                        let inside = trimmed(start..<opens, before: opens)
                        (at, trims) = (index, trimsNext)
                        return inside
                    }
                }
            }
            opens = opening(from: opens + 1)
        }
        throw source.fault("{% \(end) %} is missing: what begins here is not closed", at: offset)
    }

    /// The next `{{`, `{%` or `{#`; the text's end where there is none.
    private func opening(from start: Int) -> Int {
        let bytes = source.bytes
        var index = start
        while index + 1 < bytes.count {
            if bytes[index] == UInt8(ascii: "{") {
                switch bytes[index + 1] {
                case UInt8(ascii: "{"), UInt8(ascii: "%"), UInt8(ascii: "#"): return index
                default: break
                }
            }
            index += 1
        }
        return bytes.count
    }

    private func trimmed(_ range: Range<Int>, before opens: Int) -> Range<Int> {
        let bytes = source.bytes
        var (start, end) = (range.lowerBound, range.upperBound)
        if trims { while start < end, bytes[start].isSpace { start += 1 } }
        if opens + 2 < bytes.count, bytes[opens + 2] == UInt8(ascii: "-") {
            while start < end, bytes[end - 1].isSpace { end -= 1 }
        }
        return start..<end
    }

    /// Moves past the end of `{{` or `{%`; closing braces in a quoted text are none.
    private mutating func inside(_ opens: Int, _ closing: UInt8) throws(TemplateFault) -> Range<Int> {
        let bytes = source.bytes
        var start = opens + 2
        if start < bytes.count, bytes[start] == UInt8(ascii: "-") { start += 1 }
        var index = start
        var quote: (byte: UInt8, at: Int)?
        while index < bytes.count {
            let byte = bytes[index]
            if let open = quote {
                if byte == open.byte { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = (byte, index)
            } else if byte == closing, index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "}") {
                at = index + 2
                trims = index > start && bytes[index - 1] == UInt8(ascii: "-")
                return start..<(trims ? index - 1 : index)
            }
            index += 1
        }
        if let quote { throw source.fault("the quote that opens here is not closed", at: quote.at) }
        let braces = source.text(opens..<opens + 2)
        throw source.fault(
            "\(braces) is not closed; where it is meant to be read, write {% raw %} around it",
            at: opens
        )
    }

    private mutating func skipRemark(_ opens: Int) throws(TemplateFault) {
        let bytes = source.bytes
        var index = opens + 2
        while index + 1 < bytes.count {
            if bytes[index] == UInt8(ascii: "#"), bytes[index + 1] == UInt8(ascii: "}") {
                at = index + 2
                trims = index > opens + 2 && bytes[index - 1] == UInt8(ascii: "-")
                return
            }
            index += 1
        }
        throw source.fault("{# is not closed; where it is meant to be read, write {% raw %} around it", at: opens)
    }
}
