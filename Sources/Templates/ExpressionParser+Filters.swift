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
        if try lexer.take(":") {
            repeat {
                let place = lexer.offset
                let argument = try primary()
                if lexer.token == .symbol(":") { throw lexer.fault("arguments of a filter have no names") }
                try check(argument, of: kind, number: arguments.count, at: place)
                arguments.append(argument)
            } while try lexer.take(",")
        }
        guard counts.contains(arguments.count) else {
            let takes =
                counts.upperBound == 0
                ? "no argument"
                : counts.count == 1
                    ? "\(counts.upperBound) argument\(counts.upperBound == 1 ? "" : "s")"
                    : "\(counts.lowerBound) to \(counts.upperBound) arguments"
            throw source.fault("`\(name)` takes \(takes), not \(arguments.count)", at: offset)
        }
        let isSafe = safety != .bare
        switch kind {
        case .safe: safety = .declared
        case .escape, .lineBreaks: if safety != .declared { safety = .escaped }
        default: if safety != .declared { safety = .bare }
        }
        return FilterCall(kind: kind, name: name, arguments: arguments, offset: offset, takesSafe: isSafe)
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
        case (.date, 0):
            guard let format = value.string else { break }
            do throws(DateFormat.Fault) { _ = try DateFormat(format) } catch {
                throw source.fault(error.text, at: offset)
            }
        case (.date, 1):
            if let zone = value.string, !zone.isEmpty { zones.append((zone, offset)) }
        case (.date, 2), (.currency, 1), (.number, 1):
            guard let tag = value.string, !tag.isEmpty, Language(tag: tag) == nil else { break }
            let known = Language.allCases.map(\.rawValue).joined(separator: ", ")
            throw source.fault("the language \"\(tag)\" is none of \(known)", at: offset)
        case (.currency, 0):
            guard CurrencyCode(value) == nil else { break }
            throw source.fault("\(value) is no currency: write its three letters, like \"EUR\"", at: offset)
        default: break
        }
    }

    /// Whether an output of this needs no escaping in HTML: it ends in `escape` or `newline_to_br`, or has `safe`.
    static func isSafe(_ expression: Expression) -> Bool {
        guard case .filtered(_, let calls) = expression else { return false }
        if calls.contains(where: { $0.kind == .safe }) { return true }
        return calls.last.map { $0.kind == .escape || $0.kind == .lineBreaks } ?? false
    }
}
