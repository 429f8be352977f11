import Engine

/// What is wrong with one key that a plug-in declared, of a campaign or of the settings.
struct FieldFault: Error, Hashable, CustomStringConvertible {
    /// Empty: nobody said of which.
    var field = ""
    let text: String

    var description: String { field.isEmpty ? text : "\(field): \(text)" }

    /// What a plug-in says, at the key with which it begins: `areas[0]: ...`.
    func placed(among fields: [FieldSchema], at path: String) -> FieldFault {
        let key = text.prefix { $0 != ":" && $0 != " " }
        let name = key.prefix { $0 != "." && $0 != "[" }
        guard text.dropFirst(key.count).hasPrefix(": "), fields.contains(where: { $0.name == name }) else {
            return FieldFault(field: path, text: text)
        }
        return FieldFault(field: "\(path).\(key)", text: String(text.dropFirst(key.count + 2)))
    }
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

    /// Of a key that nobody declared, with those that there are.
    static func unknown(_ name: String, _ known: [String]) -> String {
        guard !known.isEmpty else { return "there is no such key; this type has none of its own" }
        return "there is no such key; there are \(known.sorted().joined(separator: ", "))"
    }
}
