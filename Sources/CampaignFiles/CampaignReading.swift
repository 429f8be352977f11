import Engine
import Yams

/// One reading of one file: collects every problem, each with its place.
struct CampaignReading {
    let reader: CampaignReader
    let file: String
    private(set) var problems: [CampaignFileProblem] = []
    private var campaign = ""
    /// Where each path of the campaign being read stands.
    private var places: [String: Mark] = [:]
    /// Values read so far: an alias may not multiply them without end.
    private var values = 0
    private static let mostValues = 100_000

    init(reader: CampaignReader, file: String) {
        self.reader = reader
        self.file = file
    }

    mutating func problem(
        _ text: String,
        at mark: Mark?,
        _ path: String,
        code: CampaignRefusal.Code = .invalidCampaign,
        rule: String? = nil
    ) {
        problems.append(
            CampaignFileProblem(
                file: file,
                line: mark?.line ?? 1,
                column: mark?.column ?? 1,
                campaign: campaign,
                field: path,
                code: code,
                text: text,
                rule: rule
            )
        )
    }

    mutating func syntax(_ error: YamlError) {
        switch error {
        case .scanner(_, let text, let mark, _), .parser(_, let text, let mark, _), .composer(_, let text, let mark, _):
            problem("not YAML: \(text)", at: mark, "")
        case .duplicatedKeysInMapping(let keys, let context):
            problem("the key \(keys.map { "\"\($0)\"" }.joined(separator: ", ")) stands twice", at: context.mark, "")
        default: problem("not YAML: \(error)", at: nil, "")
        }
    }

    // MARK: Campaigns

    mutating func campaigns(of document: Node) -> [Campaign] {
        if document.scalar?.string == "" { return [] }  // an empty document
        guard let mapping = document.mapping else {
            problem("a campaign is a mapping of keys", at: document.mark, "")
            return []
        }
        if let list = mapping["campaigns"], mapping["campaign"] == nil {
            for (key, _) in mapping where key.string != "campaigns" {
                problem("beside `campaigns` no other key may stand", at: key.mark, key.string ?? "")
            }
            guard let sequence = list.sequence else {
                problem("must be a list of campaigns", at: list.mark, "campaigns")
                return []
            }
            return sequence.compactMap { one($0) }
        }
        return one(document).map { [$0] } ?? []
    }

    private mutating func one(_ node: Node) -> Campaign? {
        let before = problems.count
        campaign = node.mapping?["campaign"]?.scalar?.string ?? ""
        places = [:]
        let known = [
            "campaign", "launched_at", "trigger", "delay", "exceptions", "re_eligibility", "messages",
        ]
        guard let keys = keys(node, "", known: known, required: ["campaign", "trigger", "messages"]) else { return nil }
        let id = keys["campaign"].flatMap { text($0, "campaign") }
        let launchedAt = keys["launched_at"].flatMap { instant($0, "launched_at") }
        let trigger = keys["trigger"].flatMap { occurrence($0, "trigger", isException: false) }
        let delay = keys["delay"].flatMap { length($0, "delay") }
        let exceptions = keys["exceptions"].map { list($0, "exceptions") } ?? []
        let readExceptions = exceptions.enumerated().compactMap { index, node in
            occurrence(node, "exceptions[\(index)]", isException: true)
        }
        let reEligibility = keys["re_eligibility"].flatMap { again($0) } ?? .once
        let messages = keys["messages"].map { list($0, "messages") } ?? []
        let readMessages = messages.enumerated().compactMap { index, node in message(node, "messages[\(index)]") }
        guard problems.count == before, let id, let trigger else { return nil }
        let campaign = Campaign(
            id: id,
            launchedAt: launchedAt,
            trigger: trigger,
            delay: delay ?? .zero,
            exceptions: readExceptions,
            reEligibility: reEligibility,
            messages: readMessages
        )
        for refusal in campaign.refusals(queues: { reader.channels[$0]?.queues ?? false }) {
            problem(
                refusal.text,
                at: place(of: refusal.field) ?? node.mark,
                refusal.field,
                code: refusal.code,
                rule: refusal.rule
            )
        }
        return problems.count == before ? campaign : nil
    }

    /// The place of a path, or of the nearest key around it.
    private func place(of path: String) -> Mark? {
        var path = Substring(path)
        while !path.isEmpty {
            if let mark = places[String(path)] { return mark }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
            path = path[..<end]
        }
        return nil
    }

    private mutating func again(_ node: Node) -> ReEligibility? {
        guard let keys = keys(node, "re_eligibility", known: ["after"], required: ["after"]) else { return nil }
        return keys["after"].flatMap { length($0, "re_eligibility.after") }.map { .after($0) }
    }

    private mutating func occurrence(_ node: Node, _ path: String, isException: Bool) -> Occurrence? {
        guard let mapping = node.mapping else {
            problem("must be a mapping with `type`", at: node.mark, path)
            return nil
        }
        guard let typeNode = mapping["type"] else {
            problem("`type` is required", at: node.mark, path)
            return nil
        }
        guard let type = text(typeNode, "\(path).type") else { return nil }
        guard let schema = reader.triggerTypes[type] else {
            unserved("trigger type", type, reader.triggerTypes.keys.sorted(), at: typeNode.mark, "\(path).type")
            return nil
        }
        let own = isException ? ["type", "where", "same"] : ["type", "where"]
        guard
            let keys = keys(
                node,
                path,
                known: own + schema.fields.map(\.name),
                required: schema.fields.filter(\.isRequired).map(\.name)
            )
        else { return nil }
        var configuration = Object()
        for field in schema.fields {
            guard let value = keys[field.name] else { continue }
            configuration[field.name] = self.value(value, "\(path).\(field.name)", field)
        }
        return Occurrence(
            type: type,
            configuration: configuration,
            where: keys["where"].flatMap { filter($0, "\(path).where") },
            same: keys["same"].flatMap { text($0, "\(path).same") }
        )
    }

    private mutating func message(_ node: Node, _ path: String) -> Message? {
        guard let channelNode = node.mapping?["channel"] else {
            problem("a message is a mapping with `channel`", at: node.mark, path)
            return nil
        }
        guard let channel = text(channelNode, "\(path).channel") else { return nil }
        guard let schema = reader.channels[channel] else {
            unserved("channel", channel, reader.channels.keys.sorted(), at: channelNode.mark, "\(path).channel")
            return nil
        }
        let own = schema.queues ? ["channel", "priority", "expires_after"] : ["channel"]
        let fields = schema.message.fields
        guard
            let keys = keys(
                node,
                path,
                known: own + fields.map(\.name),
                required: fields.filter(\.isRequired).map(\.name)
            )
        else { return nil }
        var values = Object()
        for field in fields {
            guard let value = keys[field.name] else { continue }
            values[field.name] = self.value(value, "\(path).\(field.name)", field)
        }
        var priority = Message.Priority.medium
        if schema.queues, let node = keys["priority"], let name = text(node, "\(path).priority") {
            if let found = Message.Priority(name: name) {
                priority = found
            } else {
                problem("\"\(name)\" is none of high, medium, low", at: node.mark, "\(path).priority", rule: "9.3")
            }
        }
        let expires = schema.queues ? keys["expires_after"].flatMap { length($0, "\(path).expires_after") } : nil
        return Message(channel: channel, fields: values, priority: priority, expiresAfter: expires)
    }

    private mutating func unserved(_ kind: String, _ name: String, _ loaded: [String], at mark: Mark?, _ path: String) {
        let near = nearest(to: name, among: loaded).map { "; did you mean \($0)?" } ?? ""
        problem(
            "no loaded plug-in serves the \(kind) \"\(name)\"; loaded are \(loaded.isEmpty ? "none" : loaded.joined(separator: ", "))\(near)",
            at: mark,
            path
        )
    }

    // MARK: Filters

    private mutating func filter(_ node: Node, _ path: String) -> Filter? {
        guard let mapping = node.mapping else {
            problem("a filter is a mapping: a subject with operators, or all, any, not", at: node.mark, path)
            return nil
        }
        for group in ["all", "any", "not"] {
            guard let inner = mapping[group] else { continue }
            guard keys(node, path, known: [group], required: [group]) != nil else { return nil }
            if group == "not" { return filter(inner, "\(path).not").map { .not($0) } }
            let filters = list(inner, "\(path).\(group)").enumerated().compactMap { index, node in
                filter(node, "\(path).\(group)[\(index)]")
            }
            return group == "all" ? .all(filters) : .any(filters)
        }
        guard
            let keys = keys(node, path, known: ["property"] + Filter.Operator.names, required: ["property"]),
            let subject = keys["property"], let text = text(subject, "\(path).property")
        else { return nil }
        guard let place = PropertyPath(text) else {
            problem(
                "\"\(text)\" is no path: names joined by '.', '[]' for every element",
                at: subject.mark,
                "\(path).property",
                rule: "2.2"
            )
            return nil
        }
        var operators: [Filter.Operator] = []
        for (key, operand) in mapping {
            guard let name = key.scalar?.string, name != "property" else { continue }
            do throws(OperatorFault) {
                operators.append(try Filter.Operator(name: name, operand: self.operand(of: name, operand)))
            } catch {
                problem(error.text, at: operand.mark, "\(path).\(name)", rule: "2.2")
            }
        }
        guard !operators.isEmpty else {
            problem("no operator stands beside `property`", at: node.mark, path, rule: "2.2")
            return nil
        }
        return .property(place, operators)
    }

    /// Strings are read as they are written where the operator takes strings, so that `10` and `no` stay text.
    private mutating func operand(of name: String, _ node: Node) -> Value {
        switch name {
        case "any_of", "none_of", "contains_any_of", "contains_none_of", "before", "after", "is":
            if let sequence = node.sequence { return .array(sequence.map { .string($0.scalar?.string ?? "") }) }
            return node.scalar.map { .string($0.string) } ?? .null
        default: return untyped(node)
        }
    }

    // MARK: Values

    /// The values of a mapping by their keys; reports every unknown, missing and doubled one.
    private mutating func keys(_ node: Node, _ path: String, known: [String], required: [String]) -> [String: Node]? {
        guard let mapping = node.mapping else {
            problem("must be a mapping of keys", at: node.mark, path)
            return nil
        }
        var found: [String: Node] = [:]
        for (key, value) in mapping {
            let name = key.scalar?.string ?? ""
            let place = path.isEmpty ? name : "\(path).\(name)"
            guard known.contains(name) else {
                let near =
                    nearest(to: name, among: known).map { "; did you mean `\($0)`?" }
                    ?? "; there are \(known.sorted().joined(separator: ", "))"
                problem("there is no key `\(name)`\(near)", at: key.mark, place)
                continue
            }
            found[name] = value
            places[place] = key.mark
        }
        for name in required where found[name] == nil {
            problem("`\(name)` is required", at: node.mark, path.isEmpty ? name : "\(path).\(name)")
        }
        return found
    }

    private mutating func list(_ node: Node, _ path: String) -> [Node] {
        guard let sequence = node.sequence else {
            problem("must be a list", at: node.mark, path)
            return []
        }
        for (index, element) in sequence.enumerated() { places["\(path)[\(index)]"] = element.mark }
        return Array(sequence)
    }

    private mutating func text(_ node: Node, _ path: String) -> String? {
        guard let scalar = node.scalar else {
            problem("must be one value", at: node.mark, path)
            return nil
        }
        guard !scalar.string.isEmpty else {
            problem("is empty", at: node.mark, path)
            return nil
        }
        return scalar.string
    }

    private mutating func length(_ node: Node, _ path: String) -> Length? {
        guard let text = text(node, path) else { return nil }
        guard let length = Length(text) else {
            problem(
                "\"\(text)\" is no length of time: a whole number and s, m, h, d or w, like 30m",
                at: node.mark,
                path
            )
            return nil
        }
        return length
    }

    private mutating func instant(_ node: Node, _ path: String) -> Instant? {
        guard let text = text(node, path) else { return nil }
        guard let instant = Instant(iso8601: text) else {
            problem(
                "\"\(text)\" is no instant in ISO 8601, like 2026-03-01T09:00:00Z",
                at: node.mark,
                path,
                rule: "1.1.6"
            )
            return nil
        }
        return instant
    }

    /// A plug-in's own key, by what the plug-in declared.
    private mutating func value(_ node: Node, _ path: String, _ field: ConfigurationSchema.Field) -> Value? {
        func choice(_ text: String) -> Bool { field.oneOf.isEmpty || field.oneOf.contains(text) }
        switch field.kind {
        case .string:
            guard let scalar = node.scalar else {
                problem("must be a string", at: node.mark, path)
                return nil
            }
            guard choice(scalar.string) else {
                problem("\"\(scalar.string)\" is none of \(field.oneOf.joined(separator: ", "))", at: node.mark, path)
                return nil
            }
            return .string(scalar.string)
        case .strings:
            let nodes = node.sequence.map(Array.init) ?? [node]
            var texts: [Value] = []
            for element in nodes {
                guard let scalar = element.scalar, choice(scalar.string) else {
                    problem("must be a string or a list of strings", at: element.mark, path)
                    return nil
                }
                texts.append(.string(scalar.string))
            }
            return .array(texts)
        case .objects(let schema):
            var objects: [Value] = []
            for (index, element) in list(node, path).enumerated() {
                let place = "\(path)[\(index)]"
                guard
                    let keys = keys(
                        element,
                        place,
                        known: schema.fields.map(\.name),
                        required: schema.fields.filter(\.isRequired).map(\.name)
                    )
                else { return nil }
                var object = Object()
                for inner in schema.fields {
                    guard let node = keys[inner.name] else { continue }
                    object[inner.name] = value(node, "\(place).\(inner.name)", inner)
                }
                objects.append(.object(object))
            }
            return .array(objects)
        case .integer:
            if case .integer(let number) = untyped(node) { return .integer(number) }
            problem("must be a whole number", at: node.mark, path)
        case .number:
            let number = untyped(node)
            if number.compare(0) != nil { return number }
            problem("must be a number", at: node.mark, path)
        case .boolean:
            if case .boolean(let value) = untyped(node) { return .boolean(value) }
            problem("must be true or false", at: node.mark, path)
        case .any: return untyped(node)
        }
        return nil
    }

    /// A value whose type nobody declared: quoted it is a string, plain what the core schema of YAML 1.2 makes of it.
    private mutating func untyped(_ node: Node) -> Value {
        values += 1
        guard values <= Self.mostValues else {
            if values == Self.mostValues + 1 { problem("more than \(Self.mostValues) values", at: node.mark, "") }
            return .null
        }
        switch node {
        case .scalar(let scalar):
            guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
            return Self.core(scalar.string)
        case .sequence(let sequence): return .array(sequence.map { untyped($0) })
        case .mapping(let mapping):
            return .object(Object(mapping.map { Object.Member($0.key.scalar?.string ?? "", untyped($0.value)) }))
        default: return .null
        }
    }

    private static func core(_ text: String) -> Value {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .boolean(true)
        case "false", "False", "FALSE": return .boolean(false)
        default: break
        }
        guard let first = text.utf8.first, (48...57).contains(first) || [43, 45, 46].contains(first) else {
            return .string(text)
        }
        if let whole = Int64(text) { return .integer(whole) }
        let isDecimal = text.utf8.allSatisfy { (48...57).contains($0) || [43, 45, 46, 69, 101].contains($0) }
        if isDecimal, let decimal = Double(text), decimal.isFinite { return .decimal(decimal) }
        return .string(text)
    }
}
