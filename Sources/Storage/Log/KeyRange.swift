/// Keys from `lower` on and below `upper`; nil: to the end.
package struct KeyRange {
    package var lower: [UInt8] = []
    package var upper: [UInt8]?

    package init(lower: [UInt8] = [], upper: [UInt8]? = nil) {
        (self.lower, self.upper) = (lower, upper)
    }

    /// Nil where nothing is left.
    package func from(_ key: [UInt8]) -> KeyRange? {
        if let upper, !key.lexicographicallyPrecedes(upper) { return nil }
        return KeyRange(lower: key, upper: upper)
    }

    package func below(_ key: [UInt8]) -> KeyRange? {
        lower.lexicographicallyPrecedes(key) ? KeyRange(lower: lower, upper: key) : nil
    }
}
