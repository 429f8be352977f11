import Engine

/// Filters and their arguments.
extension ExpressionParser {
    /// Whether a value may stand in HTML as it is.
    enum Safety {
        case bare
        /// By the filter before.
        case escaped
        /// Because the template says so.
        case declared
    }

    mutating func filter(_ safety: inout Safety) throws(TemplateFault) -> FilterCall {
        let offset = lexer.offset
        guard case .name(let name) = lexer.token else {
            throw lexer.fault("a filter is expected after `|`, not \(lexer.token.shown)")
        }
        guard let (kind, counts) = FilterKind.all[name] else {
            throw lexer.fault("there is no filter `\(name)`\(NameTable.hint(name, Array(FilterKind.all.keys)))")
        }
        try lexer.advance()
        var arguments: [Expression] = []
        var forms: [PluralForm: Expression] = [:]
        if try lexer.take(":") {
            repeat {
                let place = lexer.offset
                if kind == .plural, let form = try pluralForm() {
                    guard forms[form] == nil else { throw source.fault("`\(form)` stands twice", at: place) }
                    forms[form] = try primary()
                    continue
                }
                let argument = try primary()
                if lexer.token == .symbol(":") { throw lexer.fault("arguments of a filter have no names") }
                try check(argument, of: kind, number: arguments.count, at: place)
                arguments.append(argument)
            } while try lexer.take(",")
        }
        let call = FilterCall(
            kind: kind,
            name: name,
            arguments: arguments,
            forms: forms,
            offset: offset,
            takesSafe: safety != .bare
        )
        if forms.isEmpty { try check(call, takes: counts) } else { try checkForms(of: call) }
        if call.arguments.first?.isConstant ?? false {
            try budget.check(source, languages) { renderer throws(RenderFault) in try renderer.checkNumber(call) }
        }
        switch kind {
        case .safe: safety = .declared
        case .escape, .lineBreaks: if safety != .declared { safety = .escaped }
        default: if safety != .declared { safety = .bare }
        }
        return call
    }

    private func check(_ call: FilterCall, takes counts: ClosedRange<Int>) throws(TemplateFault) {
        guard !counts.contains(call.arguments.count) else { return }  // as it should be
        let takes =
            counts.upperBound == 0
            ? "no argument"
            : counts.count == 1
                ? "\(counts.upperBound) argument\(counts.upperBound == 1 ? "" : "s")"
                : "\(counts.lowerBound) to \(counts.upperBound) arguments"
        throw source.fault("`\(call.name)` takes \(takes), not \(call.arguments.count)", at: call.offset)
    }

    /// What a filter will never take is found here, where the template writes it out.
    private mutating func check(
        _ argument: Expression,
        of kind: FilterKind,
        number: Int,
        at offset: Int
    ) throws(TemplateFault) {
        guard case .literal(let value) = argument else { return }
        switch (kind, number) {
        case (.date, _) where value == .null, (_, 1) where value == .null: break
        case (.date, 0):
            guard let format = value.string else {
                throw source.fault("`date` takes a format like \"%-d %B\", not \(value.shown)", at: offset)
            }
            do throws(DateFormat.Fault) { _ = try DateFormat(format) } catch {
                throw source.fault(error.text, at: offset)
            }
        case (.date, 1):
            let zone = value.string ?? value.shown
            if !zone.isEmpty { zones.append((zone, offset)) }
        case (.date, 2), (.currency, 1), (.number, 1):
            let tag = value.string ?? value.shown
            if !tag.isEmpty { _ = try language(tag, at: offset) }
        case (.currency, 0):
            guard let currency = CurrencyCode(value) else {
                throw source.fault("\(value) is no currency: write its three letters, like \"EUR\"", at: offset)
            }
            guard languages.isCurrency(currency.letters) else {
                throw source.fault("there is no currency \"\(currency.letters)\" in ISO 4217", at: offset)
            }
        default: break
        }
    }

    private func language(_ tag: String, at offset: Int) throws(TemplateFault) -> Language {
        guard let language = languages.named(tag) else {
            throw source.fault(
                "there is no language \"\(tag.prefix(40))\": write a tag like \"fr\" or \"pt-BR\"",
                at: offset
            )
        }
        return language
    }

    // MARK: Plurals

    /// `few:`, before the text of that form; nil where something else stands.
    private mutating func pluralForm() throws(TemplateFault) -> PluralForm? {
        guard case .name(let name) = lexer.token, let form = PluralForm(rawValue: name) else { return nil }
        var ahead = lexer
        try ahead.advance()
        guard try ahead.take(":") else { return nil }
        lexer = ahead
        return form
    }

    /// A language that the template names has its forms checked; of one that a value names `other` alone is known.
    private func checkForms(of call: FilterCall) throws(TemplateFault) {
        guard call.arguments.count <= 1 else {
            throw source.fault(
                "`plural` takes a language and its forms, not \(call.arguments.count) texts",
                at: call.offset
            )
        }
        var needed: Set<PluralForm> = [.other]
        var inLanguage = ""
        switch call.arguments.first {
        case nil, .literal(.null), .literal(""):
            inLanguage = " in \"en\""
            needed.formUnion(languages.english.neededForms)
            try check(call, hasNoFormsBeside: languages.english)
        case .literal(let value):
            guard let tag = value.string else {
                throw source.fault("`plural` takes a language like \"pl\", not \(value.shown)", at: call.offset)
            }
            let language = try language(tag, at: call.offset)
            inLanguage = " in \"\(language.tag)\""
            needed.formUnion(language.neededForms)
            try check(call, hasNoFormsBeside: language)
        default: break
        }
        let missing = needed.filter { call.forms[$0] == nil }
        guard missing.isEmpty else {
            throw source.fault("`plural`\(inLanguage) needs \(Self.list(missing)) too", at: call.offset)
        }
    }

    private func check(_ call: FilterCall, hasNoFormsBeside language: Language) throws(TemplateFault) {
        // Where a language has no form of that name, `zero` is for 0.
        let others = Set(call.forms.keys).subtracting(language.forms).subtracting([.zero])
        guard others.isEmpty else {
            throw source.fault(
                "\"\(language.tag)\" has no \(Self.list(others)); it has \(Self.list(language.forms))",
                at: call.offset
            )
        }
    }

    private static func list(_ forms: Set<PluralForm>) -> String {
        PluralForm.allCases.filter(forms.contains).map { "`\($0)`" }.joined(separator: ", ")
    }

    /// Whether an output of this needs no escaping in HTML: it ends in `escape` or `newline_to_br`, or has `safe`.
    static func isSafe(_ expression: Expression) -> Bool {
        guard case .filtered(_, let calls) = expression else { return false }
        if calls.contains(where: { $0.kind == .safe }) { return true }
        return calls.last.map { $0.kind == .escape || $0.kind == .lineBreaks } ?? false
    }
}
