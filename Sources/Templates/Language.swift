/// How numbers, dates and plurals are written where a language is spoken. Made by who knows languages, once, and used
/// by every render, on any thread.
package struct Language: Sendable {
    package struct Names: Sendable {
        /// January first.
        package var months: [String]
        package var shortMonths: [String]
        /// Monday first.
        package var weekdays: [String]
        package var shortWeekdays: [String]

        package init(months: [String], shortMonths: [String], weekdays: [String], shortWeekdays: [String]) {
            (self.months, self.shortMonths) = (months, shortMonths)
            (self.weekdays, self.shortWeekdays) = (weekdays, shortWeekdays)
        }
    }

    package enum NumberStyle: Hashable, Sendable {
        /// With so many digits after the point; nil: as many as there are.
        case decimal(places: Int?)
        /// By its three letters, with the digits that it has.
        case currency(String)
    }

    /// As people write it: `pt-BR`.
    package var tag: String
    /// In a date (`2 marca`), and alone (`marzec`).
    package var names: Names
    package var namesAlone: Names
    /// Those that a number below 1,000 has, and so a text needs; `other` is always one.
    package var neededForms: Set<PluralForm>
    package var forms: Set<PluralForm>
    package var form: @Sendable (Double) -> PluralForm
    /// Digits, maybe with a point and a `-`, as the language writes them; halves are rounded away from zero.
    package var number: @Sendable (_ digits: String, NumberStyle) -> String

    package init(
        tag: String,
        names: Names,
        namesAlone: Names,
        neededForms: Set<PluralForm>,
        forms: Set<PluralForm>,
        form: @escaping @Sendable (Double) -> PluralForm,
        number: @escaping @Sendable (_ digits: String, NumberStyle) -> String
    ) {
        self.tag = tag
        (self.names, self.namesAlone) = (names, namesAlone)
        (self.neededForms, self.forms, self.form) = (neededForms, forms, form)
        self.number = number
    }
}

/// The forms that CLDR tells apart.
package enum PluralForm: String, CaseIterable, Sendable {
    case zero, one, two, few, many, other
}

/// Every language, and which currencies there are.
package struct Languages: Sendable {
    package var english: Language
    /// By a tag like `fr` or `fr-CA`; nil where nobody knows it.
    package var named: @Sendable (String) -> Language?
    /// By its three letters.
    package var isCurrency: @Sendable (String) -> Bool

    package init(
        english: Language,
        named: @escaping @Sendable (String) -> Language?,
        isCurrency: @escaping @Sendable (String) -> Bool
    ) {
        (self.english, self.named, self.isCurrency) = (english, named, isCurrency)
    }
}
