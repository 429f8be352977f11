import Engine

/// Values as text.
extension Renderer {
    mutating func print(_ value: Value, escaped: Bool) throws(RenderFault) {
        switch value {
        case .null: break
        case .string(let text): try append(text.string, escaped: escaped)
        case .integer(let number): try append(String(number), escaped: false)
        case .boolean(let flag): try append(flag ? "true" : "false", escaped: false)
        case .decimal, .array, .object: try append(try text(of: value), escaped: escaped)
        }
    }

    private mutating func append(_ text: String, escaped: Bool) throws(RenderFault) {
        var text = text
        let count = text.utf8.count
        try budget.take(workOn: count)
        try budget.take(output: count)
        guard escaped else {
            text.withUTF8 { output.append(contentsOf: $0) }
            return
        }
        let before = output.count
        text.withUTF8 { HTMLText.append($0, to: &output) }
        try budget.take(output: output.count - before - count)
    }

    /// As an output would print it.
    mutating func text(of value: Value) throws(RenderFault) -> String {
        switch value {
        case .null: return ""
        case .boolean(let flag): return flag ? "true" : "false"
        case .integer(let number): return String(number)
        case .decimal(let number): return number.printed
        case .string(let text): return text.string
        case .array(let elements): return try joined(elements, by: ", ")
        case .object(let object):
            let text = object.description
            try budget.take(workOn: text.utf8.count, .telling)
            return text
        }
    }

    mutating func joined(_ elements: [Value], by separator: String) throws(RenderFault) -> String {
        try budget.take(workOn: elements.count, .telling)
        var joined = ""
        for (index, element) in elements.enumerated() {
            if index > 0 { joined += separator }
            joined += try text(of: element)
            try check(length: joined)
        }
        try budget.take(workOn: joined.utf8.count)
        return joined
    }

    func check(length text: String) throws(RenderFault) {
        guard text.utf8.count <= budget.limits.longestOutput else {
            throw .failed("a text on the way has more than \(budget.limits.longestOutput) bytes")
        }
    }
}

extension Double {
    /// The fewest digits, without an exponent; whole numbers without a point.
    var printed: String {
        if self == rounded(), magnitude < 0x1p53 { return String(Int64(self)) }
        let text = "\(self)"
        return text.utf8.contains(UInt8(ascii: "e")) || !isFinite ? DecimalNumber(self)?.description ?? "" : text
    }
}

/// Text that may stand in HTML.
enum HTMLText {
    static func append(_ text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        var start = 0
        for (index, byte) in text.enumerated() {
            let entity: StaticString
            switch byte {
            case UInt8(ascii: "&"): entity = "&amp;"
            case UInt8(ascii: "<"): entity = "&lt;"
            case UInt8(ascii: ">"): entity = "&gt;"
            case UInt8(ascii: "\""): entity = "&quot;"
            case UInt8(ascii: "'"): entity = "&#39;"
            default: continue
            }
            output.append(contentsOf: text[start..<index])
            output.append(contentsOf: UnsafeBufferPointer(start: entity.utf8Start, count: entity.utf8CodeUnitCount))
            start = index + 1
        }
        output.append(contentsOf: text[start...])
    }

    static func escaped(_ text: String) -> String {
        var (text, output) = (text, [UInt8]())
        text.withUTF8 { append($0, to: &output) }
        return String(decoding: output, as: UTF8.self)
    }
}
