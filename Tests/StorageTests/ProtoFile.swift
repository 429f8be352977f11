import Foundation

/// The messages of a `.proto` file, as far as `storage.proto` uses the language.
struct ProtoFile {
    struct Field {
        var number: UInt32
        var name: String
        var type: String
        var isRepeated = false
        var isPacked = false
        /// Read of older folders alone.
        var isOld = false
        /// What stands beside it after `// dump:`.
        var note: String?
    }

    private(set) var messages: [String: [Field]] = [:]

    init(_ text: String) {
        var message = ""
        var isOld = false
        for line in text.split(separator: "\n") {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.hasPrefix("//") {
                isOld = isOld || line.contains("No longer written")
            } else if line.hasPrefix("message ") {
                message = String(line.split(separator: " ")[1])
                messages[message] = []
            } else if line.hasPrefix("enum ") {
                message = ""
            } else if !message.isEmpty, var field = Field(line) {
                field.isOld = isOld
                isOld = false
                messages[message]?.append(field)
            }
        }
    }

    /// A message of which every field holds something, no two the same.
    func filled(_ message: String, _ next: inout UInt64, depth: Int = 0) -> [UInt8] {
        var bytes: [UInt8] = []
        // Of a oneof one, in turn; what holds values again does not go down for ever.
        let kind = !["Value", "Member"].contains(message) ? nil : depth > 2 ? 5 : 2 + UInt32(next % 6)
        for field in messages[message] ?? [] where !field.isOld {
            if let kind, field.name != "name", field.number != kind { continue }
            for _ in 0..<(field.isRepeated && !field.isPacked ? 2 : 1) {
                bytes += filled(field, &next, depth)
            }
        }
        return bytes
    }

    private func filled(_ field: Field, _ next: inout UInt64, _ depth: Int) -> [UInt8] {
        next += 1
        // Small enough for a depth, which is a byte, and for a code.
        let number = next % 40 + 1
        func tag(_ wire: UInt64) -> [UInt8] { Self.varint(UInt64(field.number) << 3 | wire) }
        func content(_ bytes: [UInt8]) -> [UInt8] { tag(2) + Self.varint(UInt64(bytes.count)) + bytes }
        if field.isPacked { return content((1...2).flatMap { Self.varint(1_790_000_000_000 + $0) }) }
        switch field.type {
        case "uint32", "uint64", "Code": return tag(0) + Self.varint(number)
        case "int64": return tag(0) + Self.varint(1_790_000_000_000 + next)
        case "sint64": return tag(0) + Self.varint(number * 2)
        case "bool": return tag(0) + [1]
        case "fixed64": return tag(1) + withUnsafeBytes(of: next.littleEndian) { Array($0) }
        case "double": return tag(1) + withUnsafeBytes(of: (Double(next) + 0.5).bitPattern) { Array($0) }
        // Digits, since an amount is text.
        case "string", "bytes": return content(Array("\(1_000 + next)".utf8))
        default: return content(filled(field.type, &next, depth: depth + 1))
        }
    }

    static func varint(_ value: UInt64) -> [UInt8] {
        value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
    }
}

extension ProtoFile.Field {
    /// `repeated int64 stops_ms = 6 [packed = false];  // dump: stops`
    fileprivate init?(_ line: String) {
        let parts = line.components(separatedBy: ";")
        var words = parts[0].split(separator: " ").map(String.init)
        isRepeated = words.first == "repeated"
        if isRepeated { words.removeFirst() }
        guard words.count >= 4, words[2] == "=", let number = UInt32(words[3]) else { return nil }
        (type, name, self.number) = (words[0], words[1], number)
        isPacked = isRepeated && type == "int64" && !parts[0].contains("packed = false")
        note = parts.count > 1 ? parts[1].components(separatedBy: "// dump: ").dropFirst().first : nil
    }
}
