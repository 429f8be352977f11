/// A decimal number of any size and precision: what adds up to a sum of money that is exact to the last digit (14). Only
/// what that needs: reading a number as it was written, adding, and multiplying with a quantity.
package struct ExactDecimal: Hashable, Sendable {
    /// Nine digits each, the least significant first; none at either end is zero.
    private var limbs: [UInt32] = []
    /// The power of a thousand million that the first stands for.
    private var lowest = 0
    private var isNegative = false

    private static let base: Int64 = 1_000_000_000

    package static let zero = ExactDecimal()

    private init() {}

    package init(_ whole: Int64) {
        var rest = whole.magnitude
        while rest > 0 {
            limbs.append(UInt32(rest % UInt64(Self.base)))
            rest /= UInt64(Self.base)
        }
        isNegative = whole < 0
        normalize()
    }

    /// Digits with a sign, a point or an exponent, as numbers are printed; nil for anything else, and for exponents beyond
    /// those of a `Double`.
    package init?(_ text: String) {
        var bytes = text.utf8[...]
        let sign = bytes.first
        if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { bytes = bytes.dropFirst() }
        var exponent = 0
        if let mark = bytes.firstIndex(where: { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") }) {
            guard let written = Int(Substring(bytes[bytes.index(after: mark)...])), abs(written) <= 400 else {
                return nil
            }
            exponent = written
            bytes = bytes[..<mark]
        }
        var digits: [UInt8] = []
        var hasPoint = false
        for byte in bytes {
            if byte == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
            } else {
                guard (48...57).contains(byte) else { return nil }
                digits.append(byte - 48)
                if hasPoint { exponent -= 1 }
            }
        }
        guard !digits.isEmpty else { return nil }
        // The last digit is to begin a group of nine.
        let shift = ((exponent % 9) + 9) % 9
        digits += [UInt8](repeating: 0, count: shift)
        lowest = (exponent - shift) / 9
        for end in stride(from: digits.count, to: 0, by: -9) {
            limbs.append(digits[max(0, end - 9)..<end].reduce(0) { $0 * 10 + UInt32($1) })
        }
        isNegative = sign == UInt8(ascii: "-")
        normalize()
    }

    private mutating func normalize() {
        while limbs.last == 0 { limbs.removeLast() }
        let zeros = limbs.prefix { $0 == 0 }.count
        limbs.removeFirst(zeros)
        lowest = limbs.isEmpty ? 0 : lowest + zeros
        if limbs.isEmpty { isNegative = false }
    }

    package static func + (left: Self, right: Self) -> Self {
        if left.limbs.isEmpty { return right }
        if right.limbs.isEmpty { return left }
        var sum = ExactDecimal()
        sum.lowest = min(left.lowest, right.lowest)
        let highest = max(left.lowest + left.limbs.count, right.lowest + right.limbs.count)
        var parts = (sum.lowest..<highest).map { left.part($0) + right.part($0) }
        // Of another sign than the whole no part may be.
        sum.isNegative = parts.last { $0 != 0 }.map { $0 < 0 } ?? false
        if sum.isNegative { parts = parts.map { -$0 } }
        var carry: Int64 = 0
        for part in parts {
            let value = part + carry
            carry = value >= Self.base ? 1 : value < 0 ? -1 : 0
            sum.limbs.append(UInt32(value - carry * Self.base))
        }
        if carry > 0 { sum.limbs.append(UInt32(carry)) }
        sum.normalize()
        return sum
    }

    /// What stands at that power, with its sign.
    private func part(_ power: Int) -> Int64 {
        let index = power - lowest
        guard limbs.indices.contains(index) else { return 0 }
        return isNegative ? -Int64(limbs[index]) : Int64(limbs[index])
    }

    package static func * (number: Self, count: Int64) -> Self {
        var product = number
        product.isNegative = number.isNegative != (count < 0)
        var carry: UInt128 = 0
        for index in product.limbs.indices {
            let value = UInt128(product.limbs[index]) * UInt128(count.magnitude) + carry
            product.limbs[index] = UInt32(value % UInt128(Self.base))
            carry = value / UInt128(Self.base)
        }
        while carry > 0 {
            product.limbs.append(UInt32(carry % UInt128(Self.base)))
            carry /= UInt128(Self.base)
        }
        product.normalize()
        return product
    }
}

extension ExactDecimal: Comparable {
    package static func < (left: Self, right: Self) -> Bool { (left + right * -1).isNegative }
}

extension ExactDecimal: CustomStringConvertible {
    /// All digits, without an exponent: `-12.5`.
    package var description: String {
        guard !limbs.isEmpty else { return "0" }
        func nine(_ limb: UInt32) -> String {
            let digits = String(limb)
            return String(repeating: "0", count: 9 - digits.count) + digits
        }
        let highest = max(0, lowest + limbs.count - 1)
        let whole = (0...highest).reversed().map { nine(UInt32(part($0).magnitude)) }.joined()
        var text = String(whole.drop { $0 == "0" })
        if text.isEmpty { text = "0" }
        if lowest < 0 {
            var fraction = (lowest..<0).reversed().map { nine(UInt32(part($0).magnitude)) }.joined()
            while fraction.last == "0" { fraction.removeLast() }
            text += ".\(fraction)"
        }
        return isNegative ? "-\(text)" : text
    }
}

extension Value {
    /// A price as it was written: of a decimal the shortest that reads as it. Nil for what is no number.
    package var exactDecimal: ExactDecimal? {
        switch self {
        case .integer(let whole): ExactDecimal(whole)
        case .decimal(let decimal): decimal.isFinite ? ExactDecimal("\(decimal)") : nil
        case .null, .boolean, .string, .array, .object: nil
        }
    }

    /// For who reads it: the number that it is exactly, or else its digits as text.
    package init(_ sum: ExactDecimal) {
        let text = sum.description
        if let whole = Int64(text) {
            self = .integer(whole)
        } else if let decimal = Double(text), ExactDecimal("\(decimal)") == sum {
            self = .decimal(decimal)
        } else {
            self = .string(Text(text))
        }
    }
}
