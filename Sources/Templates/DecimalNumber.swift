import Engine

/// A number by its decimal digits, so that it is rounded as it is written: 1.005 to 1.01.
struct DecimalNumber: Hashable {
    var isNegative = false
    /// Digits before the point, at least one.
    var whole: [UInt8]
    /// Digits after it.
    var fraction: [UInt8]

    /// Digits with a sign or a point, as people write numbers: `-12.50`.
    init?(_ text: String) {
        guard text.utf8.count <= 40 else { return nil }
        var digits = Substring(text.stripped).utf8
        if digits.first == UInt8(ascii: "-") {
            isNegative = true
            digits = digits.dropFirst()
        }
        let parts = digits.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isDigit) }) else {
            return nil
        }
        whole = Array(parts[0].drop { $0 == UInt8(ascii: "0") })
        if whole.isEmpty { whole = [UInt8(ascii: "0")] }
        fraction = parts.count == 2 ? Array(parts[1]) : []
    }

    init(_ number: Int64) {
        isNegative = number < 0
        whole = Array(String(number.magnitude).utf8)
        fraction = []
    }

    /// Nil where it is infinite or none at all. The shortest digits that make this double, without an exponent.
    init?(_ number: Double) {
        guard number.isFinite else { return nil }
        isNegative = number.sign == .minus
        let parts = "\(number.magnitude)".utf8.split(separator: UInt8(ascii: "e"))
        let exponent = parts.count == 2 ? Int(String(decoding: parts[1], as: UTF8.self)) ?? 0 : 0
        let mantissa = parts[0].split(separator: UInt8(ascii: "."))
        let digits = mantissa.flatMap { Array($0) }
        let point = (mantissa.first?.count ?? 0) + exponent
        let zero = UInt8(ascii: "0")
        if point <= 0 {
            whole = [zero]
            fraction = Array(repeating: zero, count: -point) + digits
        } else {
            let padded = digits + Array(repeating: zero, count: max(0, point - digits.count))
            whole = Array(padded[..<point])
            fraction = Array(padded[point...])
        }
        if fraction.allSatisfy({ $0 == zero }) { fraction = [] }
    }

    init?(_ value: Value) {
        switch value {
        case .integer(let number): self.init(number)
        case .decimal(let number): self.init(number)
        default: return nil
        }
    }

    /// With exactly so many digits after the point; halves away from zero.
    func rounded(to places: Int) -> DecimalNumber {
        var rounded = self
        let zero = UInt8(ascii: "0")
        if fraction.count <= places {
            rounded.fraction += Array(repeating: zero, count: places - fraction.count)
        } else {
            rounded.fraction = Array(fraction[..<places])
            if fraction[places] >= UInt8(ascii: "5") { rounded.carry() }
        }
        if (rounded.whole + rounded.fraction).allSatisfy({ $0 == zero }) { rounded.isNegative = false }
        return rounded
    }

    private mutating func carry() {
        func increment(_ digits: inout [UInt8]) -> Bool {
            for index in digits.indices.reversed() {
                if digits[index] != UInt8(ascii: "9") {
                    digits[index] += 1
                    return true
                }
                digits[index] = UInt8(ascii: "0")
            }
            return false
        }
        if !increment(&fraction), !increment(&whole) { whole.insert(UInt8(ascii: "1"), at: 0) }
    }

    /// A whole number where it is one and fits.
    var value: Value {
        let text = description
        if fraction.isEmpty, let number = Int64(text) { return .integer(number) }
        return .decimal(Double(text) ?? 0)
    }
}

extension DecimalNumber: CustomStringConvertible {
    /// All digits, without an exponent: `-12.50`.
    var description: String {
        let digits = String(decoding: whole, as: UTF8.self)
        let text = fraction.isEmpty ? digits : digits + "." + String(decoding: fraction, as: UTF8.self)
        return isNegative ? "-" + text : text
    }
}
