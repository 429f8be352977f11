import Engine

/// One reading of one file: collects every problem, each with its place.
struct CampaignReading {
    let reader: CampaignReader
    let file: String
    var problems: [CampaignProblem] = []
    var campaign: CampaignID = ""
    /// Where each path of the campaign being read stands.
    var places: [String: Mark] = [:]
    /// What its filters may still take.
    var allowance: FilterAllowance

    init(reader: CampaignReader, file: String) {
        self.reader = reader
        self.file = file
        allowance = FilterAllowance(patterns: reader.pattern)
    }

    mutating func problem(
        _ text: String,
        at mark: Mark?,
        _ path: String,
        code: CampaignProblem.Code = .invalidCampaign,
        rule: String? = nil
    ) {
        guard !isFull else { return }  // the last one said so
        let isLast = problems.count == FileLimits.problems - 1
        let text = isLast ? "\(text); what else is wrong is not told" : text
        problems.append(
            CampaignProblem(code, field: path, text, rule: rule, campaign: campaign, file: file, line: mark?.line ?? 1)
        )
    }

    /// Whether nothing more is told.
    private var isFull: Bool { problems.count >= FileLimits.problems }

    // MARK: Values

    /// Where people keep what several parts share, under `x-` and a name: a file, a campaign, a scenario, the workspace.
    private static let pathsOfShared = ["", "workspace"]

    static func isShared(_ key: Node.Mapping.Key) -> Bool { key.name.utf8.starts(with: "x-".utf8) }

    /// The values of a mapping by their keys; reports every unknown and missing one. `example`: what would be right;
    /// `meant`: by words that others use, ours.
    mutating func keys(
        _ node: Node,
        _ path: String,
        known: [String],
        required: [String],
        like example: String? = nil,
        meant: [String: String] = [:]
    ) -> [String: Node]? {
        guard let mapping = node.mapping else {
            problem("must be a mapping of keys\(example.map { ", like \($0)" } ?? "")", at: node.mark, path)
            return nil
        }
        var found: [String: Node] = [:]
        for (key, value) in mapping {
            let name = key.name.shortened
            let place = path.isEmpty ? name : "\(path).\(name)"
            guard known.contains(name) else {
                if Self.pathsOfShared.contains(path), Self.isShared(key) { continue }  // its anchors are what it is for
                guard !isFull else { continue }
                let near =
                    (meant[name] ?? Spelling.nearest(to: name, among: known)).map { "; did you mean `\($0)`?" }
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

    mutating func list(_ node: Node, _ path: String) -> [Node] {
        guard let sequence = node.sequence else {
            problem("must be a list", at: node.mark, path)
            return []
        }
        for (index, element) in sequence.enumerated() { places["\(path)[\(index)]"] = element.mark }
        return sequence
    }

    /// The elements of a list that may be absent, each with its path.
    mutating func elements(_ keys: [String: Node], _ name: String, _ path: String) -> [(String, Node)] {
        guard let node = keys[name] else { return [] }
        return list(node, path).enumerated().map { ("\(path)[\($0.offset)]", $0.element) }
    }

    mutating func text(_ node: Node, _ path: String) -> String? {
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

    mutating func length(_ node: Node, _ path: String) -> Length? {
        guard let text = text(node, path) else { return nil }
        guard let length = Length(text) else {
            problem(
                "\"\(text.shortened)\" is no length of time: a whole number and s, m, h, d or w, like 30m",
                at: node.mark,
                path
            )
            return nil
        }
        return length
    }

    /// A number of things.
    mutating func whole(_ node: Node, _ path: String) -> Int64? {
        guard let text = text(node, path) else { return nil }
        guard let number = Int64(text) else {
            problem("\"\(text.shortened)\" is no whole number, like 500", at: node.mark, path)
            return nil
        }
        guard number >= 0 else {
            problem("\(number) is below zero", at: node.mark, path)
            return nil
        }
        return number
    }

    /// One of a few words.
    mutating func choice(_ node: Node, _ path: String, _ known: [String]) -> String? {
        guard let text = text(node, path) else { return nil }
        guard known.contains(text) else {
            problem("\"\(text.shortened)\" is none of \(known.joined(separator: ", "))", at: node.mark, path)
            return nil
        }
        return text
    }

    /// True or false; false where it is absent.
    mutating func flag(_ keys: [String: Node], _ name: String, in path: String = "") -> Bool {
        guard let node = keys[name] else { return false }
        guard let value = node.boolean else {
            problem("must be true or false", at: node.mark, path.isEmpty ? name : "\(path).\(name)")
            return false
        }
        return value
    }

    mutating func instant(_ node: Node, _ path: String) -> Instant? {
        guard let text = text(node, path) else { return nil }
        guard let instant = Instant(iso8601: text) else {
            problem(
                "\"\(text.shortened)\" is no instant in ISO 8601, like 2026-03-01T09:00:00Z",
                at: node.mark,
                path,
                rule: "1.1.6"
            )
            return nil
        }
        return instant
    }

    /// A plug-in's own key, by what the plug-in declared.
    mutating func value(_ node: Node, _ path: String, _ field: FieldSchema) -> Value? {
        func choice(_ text: String) -> Bool { field.oneOf.isEmpty || field.oneOf.contains(text) }
        // A forgotten value is no empty text, and JSON's null no text "null".
        if let empty = node.isNull ? node : field.kind.isStrings ? node.sequence?.first(where: \.isNull) : nil {
            problem("is empty: write a value, or leave the key out", at: empty.mark, path)
            return nil
        }
        switch field.kind {
        case .string:
            guard let scalar = node.scalar else {
                problem("must be a string", at: node.mark, path)
                return nil
            }
            guard choice(scalar.string) else {
                problem(
                    "\"\(scalar.string.shortened)\" is none of \(field.oneOf.joined(separator: ", "))",
                    at: node.mark,
                    path
                )
                return nil
            }
            return .string(scalar.string)
        case .strings:
            let nodes = node.sequence ?? [node]
            var texts: [Value] = []
            for element in nodes {
                guard let scalar = element.scalar, choice(scalar.string) else {
                    problem("must be a string or a list of strings", at: element.mark, path)
                    return nil
                }
                texts.append(.string(scalar.string))
            }
            return .array(texts)
        case .objects(let fields):
            var objects: [Value] = []
            for (index, element) in list(node, path).enumerated() {
                let place = "\(path)[\(index)]"
                guard
                    let keys = keys(
                        element,
                        place,
                        known: fields.map(\.name),
                        required: fields.filter(\.isRequired).map(\.name)
                    )
                else { return nil }
                var object = Object()
                for inner in fields {
                    guard let node = keys[inner.name] else { continue }
                    object[inner.name] = value(node, "\(place).\(inner.name)", inner)
                }
                objects.append(.object(object))
            }
            return .array(objects)
        case .integer:
            if case .integer(let number)? = node.number { return .integer(number) }
            problem("must be a whole number", at: node.mark, path)
        case .number:
            if let number = node.number { return number }
            problem("must be a number", at: node.mark, path)
        case .boolean:
            if let value = node.boolean { return .boolean(value) }
            problem("must be true or false", at: node.mark, path)
        case .any:
            return untyped(node, path)
        }
        return nil
    }

    /// A value whose type nobody declared: quoted it is a string, plain what the core schema of YAML 1.2 makes of it.
    mutating func untyped(_ node: Node, _ path: String) -> Value {
        switch node.content {
        case .scalar(let scalar):
            guard scalar.isPlain else { return .string(scalar.string) }
            let value = ScalarValue(scalar.string)
            // 14: rounded, it would equal others.
            if value == .number(.tooLarge) {
                let number = scalar.string.shortened
                problem("\(number) does not fit 64 bits: write it as text, in quotes", at: node.mark, path)
            }
            return value.value
        case .sequence(let nodes): return .array(nodes.map { untyped($0, path) })
        case .mapping(let mapping):
            return .object(Object(mapping.map { Object.Member($0.key.name, untyped($0.value, path)) }))
        }
    }
}
