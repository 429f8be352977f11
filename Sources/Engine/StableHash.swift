/// A hash that is the same in every process and version: 128 bits in two lanes, for telling contents apart. Not
/// meant to withstand an adversary.
package struct StableHash: Sendable {
    private var high: UInt64 = 0x9ae1_6a3b_2f90_404f
    private var low: UInt64 = 0xc3a5_c85c_97cb_3127

    package init() {}

    package var lanes: (UInt64, UInt64) { (Self.mix(high ^ low &* 0x9fb2_1c65_1e98_df25), Self.mix(low ^ high >> 29)) }
    package var value: UInt64 { lanes.0 }

    package mutating func combine(word: UInt64) {
        high = (high ^ word) &* 0x9e37_79b9_7f4a_7c15
        high ^= high >> 32
        low = (low &+ word) &* 0xd6e8_feb8_6659_fd93
        low ^= low >> 31
    }

    package mutating func combine(_ text: Text) { combine(text.string) }

    package mutating func combine(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            combine(word: UInt64(bytes.count))
            var at = 0
            while at + 8 <= bytes.count {
                combine(word: UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: at, as: UInt64.self))
                at += 8
            }
            var rest: UInt64 = 0
            while at < bytes.count {
                rest = rest << 8 | UInt64(bytes[at])
                at += 1
            }
            combine(word: rest)
        }
    }

    /// Objects with the same members in another order are the same content.
    package mutating func combine(_ value: Value) {
        switch value {
        case .null: combine(word: 0)
        case .boolean(let value): combine(word: value ? 2 : 1)
        case .integer(let value):
            combine(word: 3)
            combine(word: UInt64(bitPattern: value))
        case .decimal(let value):
            combine(word: 4)
            combine(word: value.bitPattern)
        case .string(let value):
            combine(word: 5)
            combine(value)
        case .array(let elements):
            combine(word: 6)
            combine(word: UInt64(elements.count))
            for element in elements { combine(element) }
        case .object(let object): combine(object)
        }
    }

    package mutating func combine(_ object: Object) {
        combine(word: 7)
        combine(word: UInt64(object.members.count))
        for member in object.members.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            combine(member.name)
            combine(member.value)
        }
    }

    private static func mix(_ word: UInt64) -> UInt64 {
        var word = word
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}

extension Occurrence {
    /// Tells an exception from another over all versions of a campaign, in any process (4.13).
    package var fingerprint: UInt64 {
        var hash = StableHash()
        hash.combine(type)
        hash.combine(configuration)
        hash.combine(same?.description ?? "")
        if let `where` { hash.combine(`where`.description) }
        return hash.value
    }
}
