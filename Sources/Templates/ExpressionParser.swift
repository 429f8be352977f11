import Engine

/// Reads the expressions of one pair of braces: `or` binds loosest, then `and`, `not`, one comparison, and the filters
/// of a value tightest.
struct ExpressionParser {
    var lexer: Lexer
    private let names: NameTable
    private let limits: TemplateLimits
    let languages: Languages
    private var depth = 0
    /// The zones that filters name, and where.
    var zones: [(String, Int)] = []
    /// For what is constant.
    var budget: RenderBudget

    init(
        _ lexer: Lexer,
        _ names: NameTable,
        _ limits: TemplateLimits,
        _ languages: Languages,
        _ budget: RenderBudget
    ) {
        (self.lexer, self.names, self.limits, self.languages) = (lexer, names, limits, languages)
        self.budget = budget
    }

    var source: Source { lexer.source }

    mutating func expression() throws(TemplateFault) -> Expression {
        try deeper()
        defer { depth -= 1 }
        var parts = [try conjunction()]
        while try lexer.take(word: "or") { parts.append(try conjunction()) }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func deeper() throws(TemplateFault) {
        depth += 1
        guard depth <= limits.deepestExpression else {
            throw lexer.fault("expressions stand within each other more than \(limits.deepestExpression) deep")
        }
    }

    private mutating func conjunction() throws(TemplateFault) -> Expression {
        var parts = [try negation()]
        while try lexer.take(word: "and") { parts.append(try negation()) }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func negation() throws(TemplateFault) -> Expression {
        guard try lexer.take(word: "not") else { return try comparison() }
        try deeper()
        defer { depth -= 1 }
        return .not(try negation())
    }

    private mutating func comparison() throws(TemplateFault) -> Expression {
        let leftIsBlank = isBlankWord
        let left = try operand()
        guard let (comparison, isNegated, isTurned) = try comparisonSign() else { return left }
        let rightIsBlank = isBlankWord
        let right = try operand()
        let next = lexer.offset
        if try comparisonSign() != nil {
            throw source.fault("two comparisons in a row: put one in parentheses", at: next)
        }
        if leftIsBlank || rightIsBlank {
            let asked = Expression.isBlank(rightIsBlank ? left : right)
            if case .equal = comparison { return asked }
            if case .unequal = comparison { return .not(asked) }
        }
        let compared = isTurned ? Expression.compare(comparison, right, left) : .compare(comparison, left, right)
        return isNegated ? .not(compared) : compared
    }

    private var isBlankWord: Bool { lexer.token == .name("blank") || lexer.token == .name("empty") }

    private mutating func comparisonSign() throws(TemplateFault) -> (Expression.Comparison, Bool, Bool)? {
        let found: (Expression.Comparison, Bool, Bool)
        switch lexer.token {
        case .symbol("=="): found = (.equal, false, false)
        case .symbol("!="): found = (.unequal, false, false)
        case .symbol("<"): found = (.less, false, false)
        case .symbol("<="): found = (.lessOrEqual, false, false)
        case .symbol(">"): found = (.greater, false, false)
        case .symbol(">="): found = (.greaterOrEqual, false, false)
        case .symbol("="): throw lexer.fault("`=` means nothing here; write `==`")
        case .name("contains"): found = (.contains, false, false)
        case .name("in"): found = (.contains, false, true)
        case .name("not"):
            try lexer.advance()
            guard lexer.token == .name("in") else { throw lexer.fault("`in` is expected, not \(lexer.token.shown)") }
            found = (.contains, true, true)
        default: return nil
        }
        try lexer.advance()
        return found
    }

    /// A value and its filters.
    mutating func operand() throws(TemplateFault) -> Expression {
        let value = try primary()
        var calls: [FilterCall] = []
        var safety = Safety.bare
        while try lexer.take("|") { calls.append(try filter(&safety)) }
        guard !calls.isEmpty else { return value }
        let filtered = Expression.filtered(value, calls)
        if filtered.isConstant {
            try budget.check(source, languages) { renderer throws(RenderFault) in _ = try renderer.evaluate(filtered) }
        }
        return filtered
    }

    /// A literal, a path, or anything in parentheses.
    mutating func primary() throws(TemplateFault) -> Expression {
        switch lexer.token {
        case .text(let text): return try literal(.string(text))
        case .integer(let number): return try literal(.integer(number))
        case .decimal(let number): return try literal(.decimal(number))
        case .name("true"): return try literal(true)
        case .name("false"): return try literal(false)
        case .name("nil"), .name("null"): return try literal(.null)
        case .name("blank"), .name("empty"): return try literal("")
        case .symbol("("):
            try lexer.advance()
            let inner = try expression()
            try lexer.expect(")")
            return inner
        case .name(let name): return try path(name)
        case .symbol, .end: throw lexer.fault("a value is expected, not \(lexer.token.shown)")
        }
    }

    private mutating func literal(_ value: Value) throws(TemplateFault) -> Expression {
        try lexer.advance()
        return .literal(value)
    }

    private mutating func path(_ name: String) throws(TemplateFault) -> Expression {
        let offset = lexer.offset
        if name == "forloop" { return try loopField() }
        if names.filled.contains(name) { return try literal(.string(Text("{{\(name)}}"))) }
        guard let root = names.root(name) else {
            throw lexer.fault("there is nothing called `\(name)`\(NameTable.hint(name, names.all))")
        }
        try lexer.advance()
        var steps: [Path.Step] = []
        while true {
            if lexer.token == .symbol(".") {
                let place = lexer.offset + 1
                let member = try lexer.member()
                if root == .campaign, member != "id" || !steps.isEmpty {
                    throw source.fault("`campaign` has no `\(member)`; it has `id`", at: place)
                }
                steps.append(.name(Text(member), index: Int(member)))
            } else if try lexer.take("[") {
                let step = try expression()
                try lexer.expect("]")
                switch step {
                case .literal(.string(let name)): steps.append(.name(name, index: Int(name.string)))
                case .literal(.integer(let index)): steps.append(.name("\(index)", index: Int(index)))
                default: steps.append(.computed(step))
                }
            } else {
                break
            }
        }
        if root == .campaign, steps.isEmpty {
            throw source.fault("`campaign` is no value; write `campaign.id`", at: offset)
        }
        return .path(Path(root: root, steps: steps))
    }

    private mutating func loopField() throws(TemplateFault) -> Expression {
        guard names.loopDepth > 0 else { throw lexer.fault("`forloop` means something in a `for` alone") }
        try lexer.advance()
        let place = lexer.offset + 1
        guard lexer.token == .symbol(".") else { throw lexer.fault("`forloop` is no value; write `forloop.index`") }
        let name = try lexer.member()
        guard let field = LoopField.names.first(where: { $0.0 == name })?.1 else {
            throw source.fault("`forloop` has no `\(name)`\(NameTable.hint(name, LoopField.names.map(\.0)))", at: place)
        }
        return .loop(field, level: names.loopDepth - 1)
    }
}
