import Synchronization
import Templates

/// The formatters of one language, each made when it is needed first.
final class NumberFormatters: Sendable {
    private let locale: String
    private let made = Mutex<[Language.NumberStyle: ICU.Handle]>([:])

    init(locale: String) {
        self.locale = locale
    }

    /// The digits as they are, where ICU has no answer.
    func text(_ digits: String, _ style: Language.NumberStyle) -> String {
        formatter(style).flatMap { ICU.text(digits, $0) } ?? digits
    }

    private func formatter(_ style: Language.NumberStyle) -> ICU.Handle? {
        made.withLock { made in
            if let found = made[style] { return found }
            let formatter = ICU.numberFormatter(Self.skeleton(style), locale)
            if made.count >= LanguageLimits.numberFormatters { made.removeAll() }
            made[style] = formatter
            return formatter
        }
    }

    /// Halves go away from zero, as `round` has them; what is rounded to 0 has no sign.
    private static func skeleton(_ style: Language.NumberStyle) -> String {
        let digits =
            switch style {
            case .decimal(nil): "precision-unlimited"
            case .decimal(places: 0): "precision-integer"
            case .decimal(let places?): "." + String(repeating: "0", count: places)
            case .currency(let letters): "currency/\(letters) precision-currency-standard"
            }
        return "\(digits) rounding-mode-half-up sign-negative"
    }
}
