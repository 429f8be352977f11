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
        default: return try combined(call, number, try operand(call))
        }
    }

    /// The number that the other is calculated with.
    mutating func operand(_ call: FilterCall) throws(RenderFault) -> Value {
        let operand = try number(call, try evaluate(call.arguments[0]))
        if operand.compare(0) == 0, call.kind == .dividedBy || call.kind == .modulo {
            throw failed("`\(call.name)` by 0", at: call.offset)
        }
        return operand
    }

    private mutating func written(_ call: FilterCall, _ number: Value) throws(RenderFault) -> Value {
        guard let decimal = DecimalNumber(number) else { throw unusable(call, number) }
        switch call.kind {
        case .currency:
            let code = try evaluate(call.arguments[0])
            guard let currency = CurrencyCode(code) else {
                throw failed("`currency` takes three letters, like \"EUR\", not \(code.shown)", at: call.offset)
            }
            return .string(try language(call, 1).number(decimal.description, .currency(currency.letters)))
        case .number:
            let style = Language.NumberStyle.decimal(places: try places(call))
            return .string(try language(call, 1).number(decimal.description, style))
        default: return decimal.rounded(to: try places(call) ?? 0).value
        }
    }

    mutating func places(_ call: FilterCall) throws(RenderFault) -> Int? {
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

    /// Whole numbers stay whole, `divided_by` rounds them down; one decimal makes all decimal, and exact.
    private func combined(_ call: FilterCall, _ left: Value, _ right: Value) throws(RenderFault) -> Value {
        switch call.kind {
        case .atLeast: return left.compare(right).map { $0 < 0 } ?? false ? right : left
        case .atMost: return left.compare(right).map { $0 > 0 } ?? false ? right : left
        default: break
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
        guard let first = ExactNumber(left), let second = ExactNumber(right) else { throw unusable(call, left) }
        let result =
            switch call.kind {
            case .plus: first + second
            case .minus: first + -second
            case .times: first * second
            case .dividedBy: first / second
            default: first % second
            }
        guard result.isFinite else { throw failed("`\(call.name)` gives a number that is too large", at: call.offset) }
        return .decimal(result)
    }

    /// What the argument names; English where it names none, or one that nobody knows.
    mutating func language(_ call: FilterCall, _ index: Int) throws(RenderFault) -> Language {
        try string(call, index).flatMap(languages.named) ?? languages.english
    }
}
