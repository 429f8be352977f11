import Engine

/// A whole number times a power of ten: what arithmetic is exact on, as people calculate. 19.99 is 1999 hundredths.
struct ExactNumber {
    /// Of a value at most 19 digits, so that a product of two has room.
    private var coefficient: Int128
    private var exponent: Int

    private init(_ coefficient: Int128, _ exponent: Int) {
        (self.coefficient, self.exponent) = (coefficient, exponent)
    }

    /// A decimal is the shortest text that reads as it. Nil for what is no finite number.
    init?(_ value: Value) {
        switch value {
        case .integer(let number): self.init(Int128(number), 0)
        case .decimal(let number):
            guard number.isFinite else { return nil }
            let parts = "\(number.magnitude)".utf8.split(separator: UInt8(ascii: "e"))
            var exponent = parts.count == 2 ? Int(Substring(parts[1])) ?? 0 : 0
            var (digits, hasPoint): (Int128, Bool) = (0, false)
            for byte in parts[0] {
                if byte == UInt8(ascii: ".") {
                    hasPoint = true
                } else {
                    digits = digits * 10 + Int128(byte - 48)
                    if hasPoint { exponent -= 1 }
                }
            }
            self.init(number < 0 ? -digits : digits, exponent)
            shorten()
        case .null, .boolean, .string, .array, .object: return nil
        }
    }

    private mutating func shorten() {
        while coefficient != 0, coefficient % 10 == 0 { (coefficient, exponent) = (coefficient / 10, exponent + 1) }
        if coefficient == 0 { exponent = 0 }
    }

    /// The decimal that is nearest; infinite where there is none.
    var double: Double { Double("\(coefficient)e\(exponent)") ?? 0 }

    /// Both as multiples of the smaller power of ten; nil where they are so far apart that 38 digits do not reach from
    /// the one to the other.
    private static func aligned(_ left: Self, _ right: Self) -> (Int128, Int128, exponent: Int)? {
        let exponent = min(left.exponent, right.exponent)
        guard let first = left.multiple(of: exponent), let second = right.multiple(of: exponent) else { return nil }
        return (first, second, exponent)
    }

    private func multiple(of lower: Int) -> Int128? {
        guard coefficient != 0 else { return 0 }
        guard exponent - lower <= 38 else { return nil }
        var multiple = coefficient
        for _ in lower..<exponent {
            let (product, overflow) = multiple.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            multiple = product
        }
        return multiple
    }

    // MARK: Arithmetic

    static func + (left: Self, right: Self) -> Double {
        guard let (first, second, exponent) = aligned(left, right) else { return left.double + right.double }
        let (sum, overflow) = first.addingReportingOverflow(second)
        return overflow ? left.double + right.double : Self(sum, exponent).double
    }

    static prefix func - (number: Self) -> Self { Self(-number.coefficient, number.exponent) }

    static func * (left: Self, right: Self) -> Double {
        Self(left.coefficient * right.coefficient, left.exponent + right.exponent).double
    }

    /// Exact where it ends; else of 15 digits, those before the point all among them, halves away from zero.
    static func / (left: Self, right: Self) -> Double {
        var (dividend, exponent) = (left.coefficient, left.exponent)
        while dividend != 0, dividend.magnitude < .max / 20 {
            (dividend, exponent) = (dividend * 10, exponent - 1)
        }
        let (quotient, rest) = dividend.quotientAndRemainder(dividingBy: right.coefficient)
        var result = Self(quotient, exponent - right.exponent)
        if rest != 0 { result.round(to: 15) }
        return result.double
    }

    private mutating func round(to most: Int) {
        let count = "\(coefficient.magnitude)".utf8.count
        let cut = min(count - most, -exponent)
        guard cut > 0 else { return }  // It is as short as that.
        for _ in 1..<cut { coefficient /= 10 }
        coefficient = (coefficient + (coefficient < 0 ? -5 : 5)) / 10
        exponent += cut
    }

    /// What is left of the one after as many of the other as fit into it; of the other's sign.
    static func % (left: Self, right: Self) -> Double {
        guard let (first, second, exponent) = aligned(left, right) else {
            let divisor = right.double
            let rest = left.double.truncatingRemainder(dividingBy: divisor)
            return rest != 0 && (rest < 0) != (divisor < 0) ? rest + divisor : rest
        }
        let rest = first % second
        return Self(rest != 0 && (rest < 0) != (second < 0) ? rest + second : rest, exponent).double
    }
}
