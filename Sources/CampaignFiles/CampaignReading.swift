import Engine
import Yams

/// One reading of one file: collects every problem, each with its place.
struct CampaignReading {
    let reader: CampaignReader
    let file: String
    var problems: [CampaignFileProblem] = []
    var campaign: CampaignID = ""
    /// Where each path of the campaign being read stands.
    var places: [String: Mark] = [:]
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

    /// What the parser says of an escape that is no character, and what a person can act on.
    private static let noCharacter = [
        "found invalid Unicode character escape code":
            "an escape that is no character: half of a surrogate pair alone, or beyond U+10FFFF"
    ]

    mutating func syntax(_ error: YamlError) {
        switch error {
        case .scanner(_, let text, let mark, _), .parser(_, let text, let mark, _), .composer(_, let text, let mark, _):
            problem("not YAML: \(Self.noCharacter[text] ?? text)", at: mark, "")
        case .duplicatedKeysInMapping(let keys, let context):
            problem("the key \(keys.map { "\"\($0)\"" }.joined(separator: ", ")) stands twice", at: context.mark, "")
        default: problem("not YAML: \(error)", at: nil, "")
        }
    }

    // MARK: Values

    /// The values of a mapping by their keys; reports every unknown, missing and doubled one.
    mutating func keys(_ node: Node, _ path: String, known: [String], required: [String]) -> [String: Node]? {
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

    mutating func list(_ node: Node, _ path: String) -> [Node] {
        guard let sequence = node.sequence else {
            problem("must be a list", at: node.mark, path)
            return []
        }
        for (index, element) in sequence.enumerated() { places["\(path)[\(index)]"] = element.mark }
        return Array(sequence)
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
                "\"\(text)\" is no length of time: a whole number and s, m, h, d or w, like 30m",
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
        guard let number = Int64(text), number >= 0 else {
            problem("\"\(text)\" is no whole number", at: node.mark, path)
            return nil
        }
        return number
    }

    /// One of a few words.
    mutating func choice(_ node: Node, _ path: String, _ known: [String]) -> String? {
        guard let text = text(node, path) else { return nil }
        guard known.contains(text) else {
            problem("\"\(text)\" is none of \(known.joined(separator: ", "))", at: node.mark, path)
            return nil
        }
        return text
    }

    /// True or false; false where it is absent.
    mutating func flag(_ keys: [String: Node], _ name: String, in path: String = "") -> Bool {
        guard let node = keys[name] else { return false }
        switch node.scalar?.string {
        case "true", "True", "TRUE": return true
        case "false", "False", "FALSE": return false
        default:
            problem("must be true or false", at: node.mark, path.isEmpty ? name : "\(path).\(name)")
            return false
        }
    }

    mutating func instant(_ node: Node, _ path: String) -> Instant? {
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
    mutating func value(_ node: Node, _ path: String, _ field: ConfigurationSchema.Field) -> Value? {
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
    mutating func untyped(_ node: Node) -> Value {
        values += 1
        guard values <= Self.mostValues else {
            if values == Self.mostValues + 1 { problem("more than \(Self.mostValues) values", at: node.mark, "") }
            return .null
        }
        switch node {
        case .scalar(let scalar):
            guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
            if Self.isTooWide(scalar.string) {
                let number = scalar.string.prefix(80)
                problem("\(number) does not fit 64 bits: write it as text, in quotes", at: node.mark, "")
            }
            return Self.core(scalar.string)
        case .sequence(let sequence): return .array(sequence.map { untyped($0) })
        case .mapping(let mapping):
            return .object(Object(mapping.map { Object.Member($0.key.scalar?.string ?? "", untyped($0.value)) }))
        default: return .null
        }
    }

    static func isNull(_ scalar: Node.Scalar) -> Bool {
        (scalar.style == .plain || scalar.style == .any) && core(scalar.string) == .null
    }

    /// A whole number that would be another one if it were read.
    private static func isTooWide(_ text: String) -> Bool {
        let digits = text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
        return digits.count >= 19 && digits.allSatisfy { (48...57).contains($0) } && Int64(text) == nil
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
