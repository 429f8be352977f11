import Engine
import PluginABI

extension FieldSchema {
    init(_ field: UnsafePointer<triggerd_field>) {
        let field = field.pointee
        func has(_ flag: triggerd_field_flags) -> Bool { field.flags & flag.rawValue != 0 }
        let kind: Kind =
            switch field.type {
            case TRIGGERD_FIELD_STRING.rawValue: .string
            case TRIGGERD_FIELD_STRINGS.rawValue: .strings
            case TRIGGERD_FIELD_INTEGER.rawValue: .integer
            case TRIGGERD_FIELD_NUMBER.rawValue: .number
            case TRIGGERD_FIELD_BOOLEAN.rawValue: .boolean
            case TRIGGERD_FIELD_OBJECTS.rawValue: .objects(Self.all(field.fields, field.field_count))
            default: .any
            }
        self.init(
            name: String(field.name),
            kind: kind,
            isRequired: has(TRIGGERD_FIELD_REQUIRED),
            oneOf: UnsafeBufferPointer(start: field.one_of, count: field.one_of_count).map { String($0) },
            summary: String(field.summary)
        )
        isTemplate = has(TRIGGERD_FIELD_TEMPLATE)
        isHTML = has(TRIGGERD_FIELD_HTML)
        isURL = has(TRIGGERD_FIELD_URL)
        isSecret = has(TRIGGERD_FIELD_SECRET)
    }

    static func all(_ fields: UnsafePointer<UnsafePointer<triggerd_field>?>?, _ count: Int) -> [FieldSchema] {
        UnsafeBufferPointer(start: fields, count: fields == nil ? 0 : count).compactMap { $0.map { FieldSchema($0) } }
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
