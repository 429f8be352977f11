internal import _FoundationICU

/// What is asked of the ICU that Foundation brings, whose functions are C. Nil or empty where it has no answer.
enum ICU {
    /// What it opened, and closes once nobody needs it: rules and formatters that are only read, on any thread.
    final class Handle: @unchecked Sendable {
        // ICU's plural rules and number formatters do not change once they are made (unumberformatter.h: "thread-safe").
        let pointer: OpaquePointer
        private let close: (OpaquePointer?) -> Void

        init?(_ close: @escaping (OpaquePointer?) -> Void, open: (UnsafeMutablePointer<UErrorCode>) -> OpaquePointer?) {
            var status = U_ZERO_ERROR
            guard let pointer = open(&status), status.rawValue <= 0 else { return nil }
            (self.pointer, self.close) = (pointer, close)
        }

        deinit { close(pointer) }
    }

    private typealias Characters = UnsafeMutablePointer<UInt16>
    private typealias Status = UnsafeMutablePointer<UErrorCode>

    /// A text that a function writes into a buffer and gives the length of.
    private static func text(_ call: (Characters?, Int32, Status) -> Int32) -> String? {
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 512) { buffer in
            var status = U_ZERO_ERROR
            let count = Int(call(buffer.baseAddress, Int32(buffer.count), &status))
            guard status.rawValue <= 0, (0...buffer.count).contains(count) else { return nil }
            return String(decoding: buffer[..<count], as: UTF16.self)
        }
    }

    // MARK: Locales

    /// Those that it has data of: `pt_BR`.
    static func availableLocales() -> Set<String> {
        Set((0..<swift_uloc_countAvailable()).map { String(cString: swift_uloc_getAvailable($0)) })
    }

    /// Of a tag: `pt_BR` of `PT-br`, and `he` of `iw`, as the language was called once.
    static func locale(ofTag tag: String) -> String? {
        func locale(of tag: String) -> String? { name { swift_uloc_forLanguageTag(tag, $0, $1, nil, $2) } }
        return locale(of: tag).flatMap { old in name { swift_uloc_toLanguageTag(old, $0, $1, 0, $2) } }
            .flatMap(locale(of:)).flatMap { tagged in name { swift_uloc_canonicalize(tagged, $0, $1, $2) } }
    }

    /// With the script and the region that it most likely has: `zh_Hant_TW` of `zh_TW`.
    static func likely(_ locale: String) -> String? { name { swift_uloc_addLikelySubtags(locale, $0, $1, $2) } }

    private static func name(_ call: (UnsafeMutablePointer<CChar>, Int32, Status) -> Int32) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 160) { buffer in
            var status = U_ZERO_ERROR
            guard let first = buffer.baseAddress else { return nil }
            let count = Int(call(first, Int32(buffer.count), &status))
            guard status.rawValue <= 0, count > 0, count < buffer.count else { return nil }
            return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    // MARK: Numbers

    /// By a skeleton, like `currency/EUR precision-currency-standard`.
    static func numberFormatter(_ skeleton: String, _ locale: String) -> Handle? {
        let skeleton = Array(skeleton.utf16)
        return Handle(swift_unumf_close) {
            swift_unumf_openForSkeletonAndLocale(skeleton, Int32(skeleton.count), locale, $0)
        }
    }

    static func text(_ digits: String, _ formatter: Handle) -> String? {
        let result = Handle(swift_unumf_closeResult) { swift_unumf_openResult($0) }
        guard let result else { return nil }
        return text { buffer, capacity, status in
            swift_unumf_formatDecimal(formatter.pointer, digits, Int32(digits.utf8.count), result.pointer, status)
            return swift_unumf_resultToString(result.pointer, buffer, capacity, status)
        }
    }

    static func isCurrency(_ letters: String) -> Bool {
        // Of any time: the Mark is one, too.
        var status = U_ZERO_ERROR
        return swift_ucurr_isAvailable(Array(letters.utf16) + [0], -.infinity, .infinity, &status) != 0
    }

    // MARK: Plurals

    static func pluralRules(_ locale: String) -> Handle? {
        Handle(swift_uplrules_close) { swift_uplrules_open(locale, $0) }
    }

    /// Every form that the rules have.
    static func forms(_ rules: Handle) -> [String] {
        let all = Handle(swift_uenum_close) { swift_uplrules_getKeywords(rules.pointer, $0) }
        guard let all else { return [] }
        var forms: [String] = []
        var status = U_ZERO_ERROR
        while let form = swift_uenum_next(all.pointer, nil, &status) { forms.append(String(cString: form)) }
        return forms
    }

    static func form(_ number: Double, _ rules: Handle) -> String? {
        text { swift_uplrules_select(rules.pointer, number, $0, $1, $2) }
    }

    // MARK: Dates

    enum Names {
        case months, monthsAlone, shortMonths, shortMonthsAlone
        case weekdays, weekdaysAlone, shortWeekdays, shortWeekdaysAlone

        /// Of weekdays the first is none, the second Sunday.
        fileprivate var type: UDateFormatSymbolType {
            switch self {
            case .months: UDAT_MONTHS
            case .monthsAlone: UDAT_STANDALONE_MONTHS
            case .shortMonths: UDAT_SHORT_MONTHS
            case .shortMonthsAlone: UDAT_STANDALONE_SHORT_MONTHS
            case .weekdays: UDAT_WEEKDAYS
            case .weekdaysAlone: UDAT_STANDALONE_WEEKDAYS
            case .shortWeekdays: UDAT_SHORT_WEEKDAYS
            case .shortWeekdaysAlone: UDAT_STANDALONE_SHORT_WEEKDAYS
            }
        }
    }

    /// Of a calendar of 12 months and 7 days, Gregory's.
    static func dateNames(_ locale: String) -> Handle? {
        let pattern = Array("y".utf16)
        let locale = "\(locale)@calendar=gregorian"
        let close: (OpaquePointer?) -> Void = { swift_udat_close($0.map { UnsafeMutablePointer($0) }) }
        return Handle(close) { status in
            swift_udat_open(UDAT_PATTERN, UDAT_PATTERN, locale, nil, 0, pattern, Int32(pattern.count), status)
                .map { OpaquePointer($0) }
        }
    }

    static func names(_ kind: Names, _ range: Range<Int32>, _ format: Handle) -> [String] {
        range.map { index in
            text { swift_udat_getSymbols(UnsafePointer(format.pointer), kind.type, index, $0, $1, $2) } ?? ""
        }
    }
}
