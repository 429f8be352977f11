import Engine
import Synchronization
import Templates

/// Languages as ICU knows them, each asked for once: when a campaign that names it is applied, or when a user's first
/// message needs it. There are as many as ICU has.
package enum KnownLanguages {
    private struct State {
        /// Nil for a tag that is none.
        var locales: [String: String?] = [:]
        var languages: [String: Language] = [:]
    }

    private static let state = Mutex(State())
    private static let available = ICU.availableLocales()

    package static let all = Languages(english: language(ofLocale: "en"), named: named, isCurrency: ICU.isCurrency)

    @Sendable private static func named(_ tag: String) -> Language? {
        guard tag.utf8.count <= LanguageLimits.tagBytes else { return nil }
        return state.withLock { state in
            let locale: String?
            if let found = state.locales[tag] {
                locale = found
            } else {
                locale = self.locale(of: tag)
                if state.locales.count >= LanguageLimits.rememberedTags { state.locales.removeAll() }
                state.locales[tag] = .some(locale)
            }
            guard let locale else { return nil }
            if let language = state.languages[locale] { return language }
            let language = language(ofLocale: locale)
            state.languages[locale] = language
            return language
        }
    }

    /// Names under which ICU has no data, though it has the language (CLDR, `languageAlias`): older Androids say `tl`.
    private static let otherNames = ["tl": "fil", "sh": "sr-Latn", "cmn": "zh"]

    /// The nearest that ICU has: `fr` for `fr-XX`, `zh_Hant_TW` for `zh-TW`, whose script is not that of `zh`.
    private static func locale(of tag: String) -> String? {
        var words = tag.lowercased().split { $0 == "-" || $0 == "_" }.map(String.init)
        if let first = words.first, let name = otherNames[first] { words[0] = name }
        guard let locale = ICU.locale(ofTag: words.joined(separator: "-")) else { return nil }
        let plain = String(locale.prefix { $0 != "@" && $0 != "." })
        if available.contains(plain) { return plain }
        var parts = (ICU.likely(plain) ?? plain).split(separator: "_")
        // Of what is no language the likeliest is English.
        guard parts.first == plain.split(separator: "_").first else { return nil }
        while !parts.isEmpty {
            let name = parts.joined(separator: "_")
            if available.contains(name) { return name }
            if let name = withoutScript(parts), available.contains(name) { return name }
            parts.removeLast()
        }
        return nil
    }

    /// `de_CH` of `de_Latn_CH`, where that is the region's script.
    private static func withoutScript(_ parts: [Substring]) -> String? {
        guard parts.count > 2, parts[1].utf8.count == 4 else { return nil }
        let name = ([parts[0]] + parts[2...]).joined(separator: "_")
        return ICU.likely(name) == parts.joined(separator: "_") ? name : nil
    }

    private static func language(ofLocale locale: String) -> Language {
        let format = ICU.dateNames(locale)
        func names(_ kind: ICU.Names, _ range: Range<Int32>) -> [String] {
            format.map { ICU.names(kind, range, $0) } ?? range.map { "\($0 + 1)" }
        }
        func weekdays(_ kind: ICU.Names) -> [String] {
            let fromSunday = names(kind, 1..<8)
            return Array(fromSunday[1...] + fromSunday[..<1])
        }
        let rules = ICU.pluralRules(locale)
        let form: @Sendable (Double) -> PluralForm = { number in
            guard number.isFinite, let rules else { return .other }
            return ICU.form(number, rules).flatMap(PluralForm.init) ?? .other
        }
        let numbers = NumberFormatters(locale: locale)
        // Some have a form of fractions alone, and some one of whole millions, which hardly any text needs.
        let usual = (0..<1_000).map(Double.init) + [0.1, 0.5, 1.1, 1.5, 2.5, 10.5]
        return Language(
            tag: locale.replacing("_", with: "-"),
            names: Language.Names(
                months: names(.months, 0..<12),
                shortMonths: names(.shortMonths, 0..<12),
                weekdays: weekdays(.weekdays),
                shortWeekdays: weekdays(.shortWeekdays)
            ),
            namesAlone: Language.Names(
                months: names(.monthsAlone, 0..<12),
                shortMonths: names(.shortMonthsAlone, 0..<12),
                weekdays: weekdays(.weekdaysAlone),
                shortWeekdays: weekdays(.shortWeekdaysAlone)
            ),
            neededForms: Set(usual.map(form)),
            forms: Set((rules.map(ICU.forms) ?? []).compactMap(PluralForm.init)).union([.other]),
            form: form,
            number: { numbers.text($0, $1) }
        )
    }
}
