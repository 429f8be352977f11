import Engine

/// The filters of numbers and dates.
extension Renderer {
    mutating func calculated(_ call: FilterCall, _ value: Value) throws(RenderFault) -> Value {
        let number = try number(call, value)
        switch call.kind {
        case .currency, .number, .round: return try written(call, number)
        case .ceil: return try whole(call, number, .up)
        case .floor: return try whole(call, number, .down)
        case .abs:
            switch number {
            case .integer(let whole):
                guard whole != .min else { throw unusable(call, value) }
                return .integer(Swift.abs(whole))
            case .decimal(let decimal): return .decimal(decimal.magnitude)
            default: return number
            }
        default:
            let argument = try evaluate(call.arguments[0])
            return try combined(call, number, try self.number(call, argument))
        }
    }

    private mutating func written(_ call: FilterCall, _ number: Value) throws(RenderFault) -> Value {
        guard let decimal = DecimalNumber(number) else { throw unusable(call, number) }
        switch call.kind {
        case .currency:
            let code = try evaluate(call.arguments[0])
            guard let currency = CurrencyCode(code) else {
                throw failed("`currency` takes three letters, like \"EUR\", not \(code.shown)", at: call.offset)
            }
            return .string(decimal.written(as: currency, in: try language(call, 1)))
        case .number:
            let places = try places(call)
            let language = try language(call, 1)
            return .string((places.map { decimal.rounded(to: $0) } ?? decimal).written(in: language))
        default: return decimal.rounded(to: try places(call) ?? 0).value
        }
    }

    private mutating func places(_ call: FilterCall) throws(RenderFault) -> Int? {
        guard let places = try count(call, 0) else { return nil }
        guard places <= 20 else { throw failed("`\(call.name)` gives 20 digits at most", at: call.offset) }
        return places
    }

    private func whole(
        _ call: FilterCall,
        _ number: Value,
        _ rule: FloatingPointRoundingRule
    ) throws(RenderFault) -> Value {
        guard case .decimal(let decimal) = number else { return number }
        guard let whole = Int64(exactly: decimal.rounded(rule)) else { throw unusable(call, number) }
        return .integer(whole)
    }

    /// Whole numbers stay whole, `divided_by` rounds them down; one decimal makes all decimal.
    private func combined(_ call: FilterCall, _ left: Value, _ right: Value) throws(RenderFault) -> Value {
        if right.compare(0) == 0, call.kind == .dividedBy || call.kind == .modulo {
            throw failed("`\(call.name)` by 0", at: call.offset)
        }
        if case .integer(let first) = left, case .integer(let second) = right {
            let (result, overflow): (Int64, Bool)
            switch call.kind {
            case .plus: (result, overflow) = first.addingReportingOverflow(second)
            case .minus: (result, overflow) = first.subtractingReportingOverflow(second)
            case .times: (result, overflow) = first.multipliedReportingOverflow(by: second)
            case .dividedBy:
                let (quotient, tooLarge) = first.dividedReportingOverflow(by: second)
                let isBelow = !tooLarge && quotient * second != first && (first < 0) != (second < 0)
                (result, overflow) = (isBelow ? quotient - 1 : quotient, tooLarge)
            default:
                let (rest, tooLarge) = first.remainderReportingOverflow(dividingBy: second)
                (result, overflow) = (rest != 0 && (rest < 0) != (second < 0) ? rest + second : rest, tooLarge)
            }
            guard !overflow else { throw failed("`\(call.name)` gives a number that is too large", at: call.offset) }
            return .integer(result)
        }
        let (first, second) = (left.double, right.double)
        let result =
            switch call.kind {
            case .plus: first + second
            case .minus: first - second
            case .times: first * second
            case .dividedBy: first / second
            default: first - second * (first / second).rounded(.down)
            }
        guard result.isFinite else { throw failed("`\(call.name)` gives a number that is too large", at: call.offset) }
        return .decimal(result)
    }

    /// What the argument names; English where it names none, or one that is not here.
    private mutating func language(_ call: FilterCall, _ index: Int) throws(RenderFault) -> Language {
        try string(call, index).flatMap { Language(tag: $0) } ?? .en
    }

    // MARK: Dates

    mutating func date(_ call: FilterCall, _ value: Value) throws(RenderFault) -> String {
        let written = try string(call, 0) ?? "%-d %B %Y"
        let format: DateFormat
        do throws(DateFormat.Fault) { format = try DateFormat(written) } catch {
            throw failed(error.text, at: call.offset)
        }
        try budget.take(workOn: written.utf8.count, .telling)
        let zone = try zone(call)
        let language = try language(call, 2)
        let wall: WallTime
        let instant: Instant
        switch value {
        case .string("now"):
            instant = scope.now
            wall = zone.wall(instant)
        case .string(let text):
            guard let parsed = WallTime(iso8601: text.string.stripped) else { throw unusable(call, value) }
            if parsed.offset == nil, text.string.stripped.utf8.count == 10 {
                // A day is that day wherever one is.
                wall = parsed
                instant = zone.instant(parsed)
            } else {
                instant = parsed.instant(offset: parsed.offset ?? 0)
                wall = zone.wall(instant)
            }
        case .integer, .decimal:
            // Years 1 to 9999.
            let seconds = value.double
            guard seconds >= -62_135_596_800, seconds < 253_402_300_800 else { throw unusable(call, value) }
            instant = Instant(milliseconds: Int64((seconds * 1_000).rounded(.down)))
            wall = zone.wall(instant)
        default: throw unusable(call, value)
        }
        let offset = (wall.milliseconds - instant.milliseconds) / 1_000
        return format.text(wall, offset: offset, zone: zone.name, in: language)
    }

    private mutating func zone(_ call: FilterCall) throws(RenderFault) -> Zone {
        guard let name = try string(call, 1), !name.isEmpty else { return scope.userZone }
        guard let zone = scope.zone(name) else {
            throw failed("there is no time zone \"\(name.prefix(60))\"", at: call.offset)
        }
        return zone
    }
}

extension Value {
    fileprivate var double: Double {
        switch self {
        case .integer(let number): Double(number)
        case .decimal(let number): number
        default: 0
        }
    }
}
