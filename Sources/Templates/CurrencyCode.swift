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

    /// After the point.
    var digits: Int {
        switch letters {
        case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF",
            "XPF":
            0
        case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND": 3
        default: 2
        }
    }

    /// Its sign; its letters where it has none that everybody knows.
    var sign: String {
        switch letters {
        case "AUD": "A$"
        case "BRL": "R$"
        case "CAD": "CA$"
        case "CNY": "CN¥"
        case "EUR": "€"
        case "GBP": "£"
        case "HKD": "HK$"
        case "ILS": "₪"
        case "INR": "₹"
        case "JPY": "¥"
        case "KRW": "₩"
        case "MXN": "MX$"
        case "NZD": "NZ$"
        case "PHP": "₱"
        case "TWD": "NT$"
        case "USD": "$"
        case "VND": "₫"
        default: letters
        }
    }
}

extension DecimalNumber {
    /// As the language writes it, with a `-` before a negative one.
    func written(in language: Language) -> String {
        var digits = ""
        let groups = whole.count >= language.leastGrouped
        for (index, digit) in whole.enumerated() {
            if groups, index > 0, (whole.count - index) % 3 == 0 { digits += language.groupSeparator }
            digits.unicodeScalars.append(UnicodeScalar(digit))
        }
        if !fraction.isEmpty { digits += language.point + String(decoding: fraction, as: UTF8.self) }
        return isNegative ? "-" + digits : digits
    }

    /// As a sum of money. What stands between sign and number does not break at a line's end.
    func written(as currency: CurrencyCode, in language: Language) -> String {
        var amount = rounded(to: currency.digits)
        let sign = currency.sign
        guard language.isSignFirst else { return amount.written(in: language) + "\u{a0}" + sign }
        let space = language.hasSpaceAfterSign || sign == currency.letters ? "\u{a0}" : ""
        if language == .nl { return sign + space + amount.written(in: language) }
        let minus = amount.isNegative ? "-" : ""
        amount.isNegative = false
        return minus + sign + space + amount.written(in: language)
    }
}
