/// How numbers and dates are written where a language is spoken.
enum Language: String, CaseIterable, Sendable {
    case en, fr, de, es, it, pt, nl, ja
    case ptPT = "pt-PT"

    /// By a tag like `fr` or `fr-CA`; nil for a language that is not here.
    init?(tag: String) {
        let parts = tag.lowercased().split(whereSeparator: { $0 == "-" || $0 == "_" })
        guard let first = parts.first else { return nil }
        if first == "pt", parts.dropFirst().first == "pt" {
            self = .ptPT
        } else if let known = Language(rawValue: String(first)) {
            self = known
        } else {
            return nil
        }
    }

    var point: String { self == .en || self == .ja ? "." : "," }

    /// Between groups of three digits.
    var groupSeparator: String {
        switch self {
        case .en, .ja: ","
        case .de, .es, .it, .pt, .nl: "."
        case .fr: "\u{202f}"
        case .ptPT: "\u{a0}"
        }
    }

    /// The fewest digits that are grouped.
    var leastGrouped: Int { self == .es || self == .ptPT ? 5 : 4 }

    /// Whether a currency's sign stands before the number, and what stands between a sign and a number.
    var isSignFirst: Bool { self == .en || self == .ja || self == .pt || self == .nl }
    var hasSpaceAfterSign: Bool { self == .pt || self == .nl }

    var months: [String] { Self.names[self]?.months ?? [] }
    var shortMonths: [String] { Self.names[self]?.shortMonths ?? [] }
    /// From Monday.
    var weekdays: [String] { Self.names[self]?.weekdays ?? [] }
    var shortWeekdays: [String] { Self.names[self]?.shortWeekdays ?? [] }

    private struct Names {
        var months: [String]
        var shortMonths: [String]
        var weekdays: [String]
        var shortWeekdays: [String]

        init(_ months: String, _ shortMonths: String, _ weekdays: String, _ shortWeekdays: String) {
            func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
            self.months = words(months)
            self.shortMonths = words(shortMonths)
            self.weekdays = words(weekdays)
            self.shortWeekdays = words(shortWeekdays)
        }
    }

    private static let portuguese = Names(
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.",
        "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
        "seg. ter. qua. qui. sex. sáb. dom."
    )
    private static let japaneseMonths = "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月"

    private static let names: [Language: Names] = [
        .en: Names(
            "January February March April May June July August September October November December",
            "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
            "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
            "Mon Tue Wed Thu Fri Sat Sun"
        ),
        .fr: Names(
            "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
            "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
            "lundi mardi mercredi jeudi vendredi samedi dimanche",
            "lun. mar. mer. jeu. ven. sam. dim."
        ),
        .de: Names(
            "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
            "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
            "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
            "Mo. Di. Mi. Do. Fr. Sa. So."
        ),
        .es: Names(
            "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
            "ene feb mar abr may jun jul ago sept oct nov dic",
            "lunes martes miércoles jueves viernes sábado domingo",
            "lun mar mié jue vie sáb dom"
        ),
        .it: Names(
            "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
            "gen feb mar apr mag giu lug ago set ott nov dic",
            "lunedì martedì mercoledì giovedì venerdì sabato domenica",
            "lun mar mer gio ven sab dom"
        ),
        .pt: portuguese,
        .ptPT: portuguese,
        .nl: Names(
            "januari februari maart april mei juni juli augustus september oktober november december",
            "jan feb mrt apr mei jun jul aug sep okt nov dec",
            "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
            "ma di wo do vr za zo"
        ),
        .ja: Names(
            japaneseMonths,
            japaneseMonths,
            "月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日",
            "月 火 水 木 金 土 日"
        ),
    ]
}
