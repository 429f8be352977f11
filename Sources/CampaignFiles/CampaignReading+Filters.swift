import Engine
import Yams

/// Filters (campaign.md, "Filters").
extension CampaignReading {
    private static let factNames = [
        "attribute", "event_count", "last_event", "purchase_total", "received", "push_reachable", "email_reachable",
    ]
    private static let modifiers = ["in_last", "counting"]

    /// On an event's properties (`isWhere`), or on what is known of a user.
    mutating func filter(_ node: Node, _ path: String, isWhere: Bool) -> Filter? {
        guard let mapping = node.mapping else {
            problem("a filter is a mapping: a subject with operators, or all, any, not", at: node.mark, path)
            return nil
        }
        for group in ["all", "any", "not"] {
            guard let inner = mapping[group] else { continue }
            guard keys(node, path, known: [group], required: [group]) != nil else { return nil }
            if group == "not" { return filter(inner, "\(path).not", isWhere: isWhere).map { .not($0) } }
            let filters = list(inner, "\(path).\(group)").enumerated().compactMap { index, node in
                filter(node, "\(path).\(group)[\(index)]", isWhere: isWhere)
            }
            return group == "all" ? .all(filters) : .any(filters)
        }
        let names = (isWhere ? ["property"] : Self.factNames)
        guard let keys = keys(node, path, known: names + Self.modifiers + Filter.Operator.names, required: []) else {
            return nil
        }
        let present = names.filter { keys[$0] != nil }
        guard let name = present.first, present.count == 1, let subject = subject(name, keys, path) else {
            if present.isEmpty {
                problem("a filter needs a subject: \(names.joined(separator: ", "))", at: node.mark, path, rule: "2.2")
            } else if present.count > 1 {
                problem("only one of \(present.joined(separator: ", ")) may stand here", at: node.mark, path)
            }
            return nil
        }
        var operators: [Filter.Operator] = []
        for (key, operand) in mapping {
            guard let name = key.scalar?.string, Filter.Operator.names.contains(name) else { continue }
            do throws(OperatorFault) {
                operators.append(try Filter.Operator(name: name, operand: self.operand(of: name, operand)))
            } catch {
                problem(error.text, at: operand.mark, "\(path).\(name)", rule: "2.2")
            }
        }
        guard !operators.isEmpty else {
            // One that could not be read has its own problem.
            if mapping.contains(where: { Filter.Operator.names.contains($0.key.scalar?.string ?? "") }) { return nil }
            problem("no operator stands beside `\(name)`", at: node.mark, path, rule: "2.2")
            return nil
        }
        return .subject(subject, operators)
    }

    private mutating func subject(_ name: String, _ keys: [String: Node], _ path: String) -> Filter.Subject? {
        guard let node = keys[name], let text = text(node, "\(path).\(name)") else { return nil }
        let recent = recent(name, keys, path)
        switch name {
        case "property", "attribute":
            guard let place = PropertyPath(text) else {
                problem(
                    "\"\(text)\" is no path: names joined by '.', '[]' for every element",
                    at: node.mark,
                    "\(path).\(name)",
                    rule: "2.2"
                )
                return nil
            }
            return name == "property" ? .property(place) : .attribute(place)
        case "event_count": return .eventCount(Text(text), inLast: recent)
        case "last_event": return .lastEvent(Text(text), inLast: recent)
        case "purchase_total": return .purchaseTotal(Text(text), inLast: recent)
        case "received": return .received(Text(text))
        default: return .reachable(channel: name == "push_reachable" ? "push" : "email")
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

    /// Strings are read as they are written where the operator takes strings, so that `10` and `no` stay text.
    private mutating func operand(of name: String, _ node: Node) -> Value {
        switch name {
        case "any_of", "none_of", "contains_any_of", "contains_none_of", "before", "after", "is", "matches",
            "not_matches":
            if let sequence = node.sequence { return .array(sequence.map { .string($0.scalar?.string ?? "") }) }
            return node.scalar.map { .string($0.string) } ?? .null
        default: return untyped(node)
        }
    }
}
