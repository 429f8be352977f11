import Engine

/// A currency of ISO 4217.
struct CurrencyCode: Hashable {
    let letters: String

    /// Three letters, large or small.
    init?(_ value: Value) {
        guard let text = value.string, text.utf8.count == 3,
            text.utf8.allSatisfy({ (65...90).contains($0) || (97...122).contains($0) })
        else { return nil }
        letters = text.uppercased()
    }
}
