/// A number as a person writes it, in a file or in quotes.
package enum WrittenNumber: Hashable, Sendable {
    case integer(Int64)
    case decimal(Double)
    /// A whole number that 64 bits do not hold, or one that no decimal does: rounded, it would equal others (14).
    case tooLarge

    /// Nil for a text that is no number.
    package init?(_ text: String) {
        guard let first = text.utf8.first, Self.isDigit(first) || Self.signs.contains(first) || first == Self.point
        else {
            return nil
        }
        if let whole = Int64(text) {
            self = .integer(whole)
            return
        }
        let unsigned = Self.signs.contains(first) ? text.utf8.dropFirst() : text.utf8[...]
        if !unsigned.isEmpty, unsigned.allSatisfy(Self.isDigit) {
            self = .tooLarge
            return
        }
        guard text.utf8.allSatisfy({ Self.isDigit($0) || Self.others.contains($0) }), let decimal = Double(text) else {
            return nil
        }
        self = decimal.isFinite ? .decimal(decimal) : .tooLarge
    }

    /// Nil where no value holds it.
    package var value: Value? {
        switch self {
        case .integer(let whole): .integer(whole)
        case .decimal(let decimal): .decimal(decimal)
        case .tooLarge: nil
        }
    }

    private static let signs = Array("+-".utf8)
    private static let point = UInt8(ascii: ".")
    private static let others = Array("+-.eE".utf8)

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}
