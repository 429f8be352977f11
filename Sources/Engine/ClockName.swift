/// What a zone's clock is called while it shows what it shows, like `CEST` or `-03`: eight bytes, since a zone has a
/// thousand of them.
package struct ClockName: Hashable, Sendable, CustomStringConvertible {
    private let bytes: UInt64

    /// The name of a clock that has none.
    package static let none = ClockName(bytes: 0)

    private init(bytes: UInt64) {
        self.bytes = bytes
    }

    /// None where it is longer than any in the zone database, which has six letters at most.
    package init<Bytes: Collection<UInt8>>(_ name: Bytes) {
        let isName = name.count <= 8 && name.allSatisfy { (0x21..<0x7f).contains($0) }
        bytes = isName ? name.reduce(0) { $0 << 8 | UInt64($1) } : 0
    }

    package var description: String {
        String(
            decoding: (0..<8).reversed().map { UInt8(truncatingIfNeeded: bytes >> ($0 * 8)) }.drop { $0 == 0 },
            as: UTF8.self
        )
    }
}
