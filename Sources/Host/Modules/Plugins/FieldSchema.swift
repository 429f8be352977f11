import Engine
import PluginABI

/// A key that a plug-in declared, with the values that it takes.
package struct FieldSchema: Sendable {
    package enum Kind: Sendable {
        case string, strings, integer, number, boolean, any
        case objects([FieldSchema])
    }

    package var name: String
    package var kind: Kind
    package var isRequired: Bool
    package var isTemplate: Bool
    package var isHTML: Bool
    package var isSecret: Bool
    package var isURL: Bool
    package var summary: String
    package var oneOf: [String]

    init(name: String, kind: Kind, summary: String, oneOf: [String] = []) {
        self.name = name
        self.kind = kind
        self.summary = summary
        self.oneOf = oneOf
        isRequired = false
        isTemplate = false
        isHTML = false
        isSecret = false
        isURL = false
    }

    init(_ field: UnsafePointer<triggerd_field>) {
        let field = field.pointee
        name = String(field.name)
        summary = String(field.summary)
        isRequired = field.flags & TRIGGERD_FIELD_REQUIRED.rawValue != 0
        isTemplate = field.flags & TRIGGERD_FIELD_TEMPLATE.rawValue != 0
        isHTML = field.flags & TRIGGERD_FIELD_HTML.rawValue != 0
        isSecret = field.flags & TRIGGERD_FIELD_SECRET.rawValue != 0
        isURL = field.flags & TRIGGERD_FIELD_URL.rawValue != 0
        oneOf = UnsafeBufferPointer(start: field.one_of, count: field.one_of_count).map { String($0) }
        kind =
            switch field.type {
            case TRIGGERD_FIELD_STRING.rawValue: .string
            case TRIGGERD_FIELD_STRINGS.rawValue: .strings
            case TRIGGERD_FIELD_INTEGER.rawValue: .integer
            case TRIGGERD_FIELD_NUMBER.rawValue: .number
            case TRIGGERD_FIELD_BOOLEAN.rawValue: .boolean
            case TRIGGERD_FIELD_OBJECTS.rawValue: .objects(Self.all(field.fields, field.field_count))
            default: .any
            }
    }

    static func all(_ fields: UnsafePointer<UnsafePointer<triggerd_field>?>?, _ count: Int) -> [FieldSchema] {
        UnsafeBufferPointer(start: fields, count: fields == nil ? 0 : count).compactMap { $0.map { FieldSchema($0) } }
    }
}

/// What is wrong with one key.
struct FieldFault: Hashable, Sendable {
    let field: String
    let text: String
}

extension FieldSchema {
    /// Every fault of an object's keys, before its plug-in sees them.
    static func faults(of object: Object, _ fields: [FieldSchema], at path: String) -> [FieldFault] {
        var found: [FieldFault] = []
        for member in object.members {
            let name = member.name.string
            let place = path.isEmpty ? name : "\(path).\(name)"
            guard let field = fields.first(where: { $0.name == name }) else {
                found.append(FieldFault(field: place, text: unknown(name, fields.map(\.name))))
                continue
            }
            found += field.faults(of: member.value, at: place)
        }
        for field in fields where field.isRequired && object[field.name] == nil {
            let place = path.isEmpty ? field.name : "\(path).\(field.name)"
            found.append(FieldFault(field: place, text: "is required"))
        }
        return found
    }

    private func faults(of value: Value, at place: String) -> [FieldFault] {
        func fault(_ text: String) -> [FieldFault] { [FieldFault(field: place, text: text)] }
        switch (kind, value) {
        case (.any, _), (.integer, .integer), (.number, .integer), (.number, .decimal), (.boolean, .boolean): return []
        case (.string, .string(let text)):
            return oneOf.isEmpty || oneOf.contains(text.string) ? [] : fault(choice(text.string))
        case (.strings, .string(let text)):
            return oneOf.isEmpty || oneOf.contains(text.string) ? [] : fault(choice(text.string))
        case (.strings, .array(let elements)):
            guard !elements.isEmpty, elements.allSatisfy({ $0.string != nil }) else {
                return fault("must be a string or a list of strings")
            }
            return elements.compactMap(\.string).filter { !oneOf.isEmpty && !oneOf.contains($0) }.flatMap {
                fault(choice($0))
            }
        case (.objects(let fields), .array(let elements)):
            return elements.enumerated().flatMap { index, element -> [FieldFault] in
                guard case .object(let object) = element else { return fault("[\(index)] must be a mapping") }
                return Self.faults(of: object, fields, at: "\(place)[\(index)]")
            }
        case (.string, _): return fault("must be a string, not \(value)")
        case (.strings, _): return fault("must be a string or a list of strings, not \(value)")
        case (.integer, _): return fault("must be a whole number, not \(value)")
        case (.number, _): return fault("must be a number, not \(value)")
        case (.boolean, _): return fault("must be true or false, not \(value)")
        case (.objects, _): return fault("must be a list of mappings, not \(value)")
        }
    }

    private func choice(_ text: String) -> String {
        "\"\(text)\" is none of \(oneOf.joined(separator: ", "))"
    }

    /// What a plug-in says, at the key with which it begins: `areas[0]: ...`.
    static func fault(saying text: String, of fields: [FieldSchema], at path: String) -> FieldFault {
        let key = text.prefix { $0 != ":" && $0 != " " }
        let name = key.prefix { $0 != "." && $0 != "[" }
        guard text.dropFirst(key.count).hasPrefix(": "), fields.contains(where: { $0.name == name }) else {
            return FieldFault(field: path, text: text)
        }
        return FieldFault(field: "\(path).\(key)", text: String(text.dropFirst(key.count + 2)))
    }

    /// `no such key; did you mean ...`
    static func unknown(_ name: String, _ known: [String]) -> String {
        guard !known.isEmpty else { return "there is no such key; this type has none of its own" }
        return "there is no such key; there are \(known.sorted().joined(separator: ", "))"
    }

    /// With a lone string made the list that the plug-in expects.
    static func normalized(_ object: Object, _ fields: [FieldSchema]) -> Object {
        Object(
            object.members.map { member in
                guard let field = fields.first(where: { $0.name == member.name.string }) else { return member }
                switch (field.kind, member.value) {
                case (.strings, .string): return Object.Member(member.name, .array([member.value]))
                case (.objects(let inner), .array(let elements)):
                    return Object.Member(
                        member.name,
                        .array(
                            elements.map { element in
                                if case .object(let object) = element {
                                    .object(normalized(object, inner))
                                } else {
                                    element
                                }
                            }
                        )
                    )
                default: return member
                }
            }
        )
    }
}

extension String {
    init(_ text: triggerd_text) {
        self.init(
            decoding: UnsafeBufferPointer(
                start: UnsafeRawPointer(text.bytes)?.assumingMemoryBound(to: UInt8.self),
                count: text.bytes == nil ? 0 : text.length
            ),
            as: UTF8.self
        )
    }

    /// The text as C sees it, for as long as `body` runs.
    func withText<Result>(_ body: (triggerd_text) throws -> Result) rethrows -> Result {
        var copy = self
        return try copy.withUTF8 { bytes in
            try bytes.withMemoryRebound(to: CChar.self) {
                try body(triggerd_text(bytes: $0.baseAddress, length: $0.count))
            }
        }
    }
}
