/// The filters, by name.
enum FilterKind: Sendable {
    case `default`, date, currency, number, plural
    case capitalize, uppercase, lowercase, title, truncate, truncateWords, url, escape, strip, replace, append, prepend
    case lineBreaks, json, safe
    case join, first, last, size, split
    case round, ceil, floor, abs, plus, minus, times, dividedBy, modulo, atLeast, atMost

    /// Their names, with how many arguments each takes.
    static let all: [String: (kind: FilterKind, arguments: ClosedRange<Int>)] = [
        "default": (.default, 1...1),
        "date": (.date, 0...3),
        "currency": (.currency, 1...2),
        "number": (.number, 0...2),
        "plural": (.plural, 2...3),
        "capitalize": (.capitalize, 0...0),
        "upcase": (.uppercase, 0...0),
        "uppercase": (.uppercase, 0...0),
        "upper": (.uppercase, 0...0),
        "downcase": (.lowercase, 0...0),
        "lowercase": (.lowercase, 0...0),
        "lower": (.lowercase, 0...0),
        "title": (.title, 0...0),
        "truncate": (.truncate, 0...2),
        "truncatewords": (.truncateWords, 0...2),
        "url": (.url, 0...0),
        "url_encode": (.url, 0...0),
        "escape": (.escape, 0...0),
        "strip": (.strip, 0...0),
        "replace": (.replace, 2...2),
        "append": (.append, 1...1),
        "prepend": (.prepend, 1...1),
        "newline_to_br": (.lineBreaks, 0...0),
        "json": (.json, 0...0),
        "safe": (.safe, 0...0),
        "join": (.join, 0...1),
        "first": (.first, 0...0),
        "last": (.last, 0...0),
        "size": (.size, 0...0),
        "length": (.size, 0...0),
        "count": (.size, 0...0),
        "split": (.split, 1...1),
        "round": (.round, 0...1),
        "ceil": (.ceil, 0...0),
        "floor": (.floor, 0...0),
        "abs": (.abs, 0...0),
        "plus": (.plus, 1...1),
        "minus": (.minus, 1...1),
        "times": (.times, 1...1),
        "divided_by": (.dividedBy, 1...1),
        "modulo": (.modulo, 1...1),
        "at_least": (.atLeast, 1...1),
        "at_most": (.atMost, 1...1),
    ]
}
