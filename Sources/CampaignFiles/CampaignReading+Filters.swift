import Engine

/// Filters (docs/campaigns.md, "Filters").
extension CampaignReading {
    private static let factNames = [
        "attribute", "event_count", "last_event", "purchase_total", "received", "push_reachable", "email_reachable",
    ]
    private static let modifiers = ["in_last", "counting"]
    /// How others call our operators.
    private static let meant = [
        "is_empty": "is: empty", "is_not_empty": "is: not_empty", "empty": "is: empty", "not_empty": "is: not_empty",
        "is_blank": "is: blank", "is_not_blank": "is: not_blank", "blank": "is: blank", "not_blank": "is: not_blank",
        "exists": "is: not_blank", "is_set": "is: not_blank", "is_true": "is: true", "is_false": "is: false",
        "equals": "eq", "is_not": "neq", "not_equals": "neq", "in": "any_of", "not_in": "none_of",
        "contains": "contains_any_of", "not_contains": "contains_none_of", "regex": "matches",
        "greater_than": "gt", "more_than": "gt", "at_least": "gte", "less_than": "lt", "up_to": "lte",
    ]

    /// On an event's properties (`isWhere`), or on what is known of a user.
    mutating func filter(_ node: Node, _ path: String, isWhere: Bool, depth: Int = 1) -> Filter? {
        do throws(OperatorFault) {
            try allowance.condition(depth: depth)
        } catch {
            problem(error.text, at: node.mark, path)
            return nil
        }
        guard let mapping = node.mapping else {
            problem("a filter is a mapping: a subject with operators, or all, any, not", at: node.mark, path)
            return nil
        }
        for group in ["all", "any", "not"] {
            guard let inner = mapping[group] else { continue }
            guard keys(node, path, known: [group], required: [group]) != nil else { return nil }
            if group == "not" {
                return filter(inner, "\(path).not", isWhere: isWhere, depth: depth + 1).map { .not($0) }
            }
            let filters = list(inner, "\(path).\(group)").enumerated().compactMap { index, node in
                filter(node, "\(path).\(group)[\(index)]", isWhere: isWhere, depth: depth + 1)
            }
            return group == "all" ? .all(filters) : .any(filters)
        }
        let names = (isWhere ? ["property"] : Self.factNames)
        let known = names + Self.modifiers + Filter.Operator.names
        guard let keys = keys(node, path, known: known, required: [], meant: Self.meant) else { return nil }
        let present = names.filter { keys[$0] != nil }
        guard let name = present.first, present.count == 1, let subject = subject(name, keys, path) else {
            if present.isEmpty {
                problem("a filter needs a subject: \(names.joined(separator: ", "))", at: node.mark, path, rule: "2.2")
            } else if present.count > 1 {
                problem("only one of \(present.joined(separator: ", ")) may stand here", at: node.mark, path)
            }
            return nil
        }
        let before = problems.count
        var operators = operators(of: subject, in: mapping, path)
        if case .reachable = subject, let node = keys[name] { operators += answers(node, subject, "\(path).\(name)") }
        guard problems.count == before else { return nil }
        guard !operators.isEmpty else {
            problem("no operator stands beside `\(name)`", at: node.mark, path, rule: "2.2")
            return nil
        }
        return .subject(subject, operators)
    }

    private mutating func operators(
        of subject: Filter.Subject,
        in mapping: Node.Mapping,
        _ path: String
    ) -> [Filter.Operator] {
        var operators: [Filter.Operator] = []
        for (key, node) in mapping where Filter.Operator.names.contains(key.name) {
            let operand = operand(of: key.name, node, "\(path).\(key.name)")
            do throws(OperatorFault) {
                operators.append(try allowance.operator(key.name, operand, of: subject))
            } catch {
                problem(error.text, at: node.mark, "\(path).\(key.name)", rule: "2.2")
            }
        }
        return operators
    }

    /// What stands behind `push_reachable:` itself: `true`, `false`, operators, or nothing.
    private mutating func answers(_ node: Node, _ subject: Filter.Subject, _ path: String) -> [Filter.Operator] {
        if let answer = node.boolean { return [answer ? .isTrue : .isFalse] }
        if node.scalar.map({ ScalarValue($0.string) == .null }) ?? false { return [] }
        guard let mapping = node.mapping, keys(node, path, known: Filter.Operator.names, required: []) != nil else {
            problem("must be true, false, or `{is: true}`", at: node.mark, path, rule: "7.2")
            return []
        }
        return operators(of: subject, in: mapping, path)
    }

    private mutating func subject(_ name: String, _ keys: [String: Node], _ path: String) -> Filter.Subject? {
        guard let node = keys[name] else { return nil }
        let recent = recent(name, keys, path)
        switch name {
        case "push_reachable": return .reachable(channel: "push")
        case "email_reachable": return .reachable(channel: "email")
        case "property": return self.path(node, "\(path).\(name)").map { .property($0) }
        case "attribute":
            if let fact = node.scalar?.string, ["push_reachable", "email_reachable"].contains(fact) {
                problem("is no attribute: write `\(fact): true`", at: node.mark, "\(path).\(name)", rule: "7.2")
                return nil
            }
            return self.path(node, "\(path).\(name)").map { .attribute($0) }
        default: break
        }
        guard let text = text(node, "\(path).\(name)") else { return nil }
        switch name {
        case "event_count": return .eventCount(Text(text), inLast: recent)
        case "last_event": return .lastEvent(Text(text), inLast: recent)
        case "purchase_total": return .purchaseTotal(Text(text), inLast: recent)
        default: return .received(Text(text))
        }
    }

    /// Of a property or an attribute (2.2).
    mutating func path(_ node: Node, _ path: String) -> PropertyPath? {
        guard let text = text(node, path) else { return nil }
        do throws(OperatorFault) {
            return try allowance.path(text)
        } catch {
            problem(error.text, at: node.mark, path, rule: "2.2")
            return nil
        }
    }

    /// `in_last` and `counting` (7.3).
    private mutating func recent(_ name: String, _ keys: [String: Node], _ path: String) -> Filter.Recent? {
        let counts = ["event_count", "last_event", "purchase_total"].contains(name)
        for modifier in Self.modifiers {
            if let node = keys[modifier], !counts || keys["in_last"] == nil {
                let text =
                    counts
                    ? "`counting` says how `in_last` counts" : "`\(modifier)` has no meaning beside `\(name)`"
                problem(text, at: node.mark, "\(path).\(modifier)", rule: "7.3")
                return nil
            }
        }
        guard let node = keys["in_last"], let length = length(node, "\(path).in_last") else { return nil }
        let days = keys["counting"].flatMap { choice($0, "\(path).counting", ["rolling", "utc_days"]) } == "utc_days"
        if days, length.milliseconds % Length.day.milliseconds != 0 {
            problem("counted in UTC days it must be whole days", at: node.mark, "\(path).in_last", rule: "7.3")
        }
        return Filter.Recent(length, countsUTCDays: days)
    }

    /// Strings are read as they are written where the operator takes strings alone, so that `10` and `no` stay text.
    private mutating func operand(of name: String, _ node: Node, _ path: String) -> Value {
        if let mapping = node.mapping { return otherProperty(mapping) ?? untyped(node, path) }
        switch name {
        // Nothing is written.
        case _ where node.scalar.map { $0.isPlain && $0.string.isEmpty } ?? false: return .null
        case "any_of", "none_of": return .array((node.sequence ?? [node]).flatMap(choices))
        case "contains_any_of", "contains_none_of", "before", "after", "is", "matches", "not_matches":
            if let nodes = node.sequence { return .array(nodes.map { $0.scalar.map { .string($0.string) } ?? .null }) }
            return node.scalar.map { .string($0.string) } ?? .null
        default: return untyped(node, path)
        }
    }

    /// `{property: PATH}` (14); a path is text, however it is written.
    private func otherProperty(_ mapping: Node.Mapping) -> Value? {
        guard mapping.count == 1, let path = mapping["property"]?.scalar else { return nil }
        return .object(["property": .string(path.string)])
    }

    /// A number, `true` or `false` without quotes stands for itself and for the text: which of them the property is,
    /// nobody says.
    private func choices(_ node: Node) -> [Value] {
        guard let scalar = node.scalar else { return [.null] }
        guard scalar.isPlain, let value = node.number ?? node.boolean.map(Value.boolean) else {
            return [.string(scalar.string)]
        }
        return [value, .string(scalar.string)]
    }
}
