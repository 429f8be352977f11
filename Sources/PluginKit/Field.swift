import PluginABI

/// A key of a configuration, checked by the host before the module sees a value of it.
public struct Field: Sendable {
    public enum Kind: Sendable {
        case string
        /// One string or a list of them; the module always gets a list.
        case strings
        case integer
        /// An integer or a decimal.
        case number
        case boolean
        case objects([Field])
        case any
    }

    public struct Flags: OptionSet, Sendable {
        public let rawValue: UInt32

        public init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        public static let required = Flags(rawValue: TRIGGERD_FIELD_REQUIRED.rawValue)
        /// Of a message: the host renders it over event and user.
        public static let template = Flags(rawValue: TRIGGERD_FIELD_TEMPLATE.rawValue)
        /// With `template`: values are escaped for HTML.
        public static let html = Flags(rawValue: TRIGGERD_FIELD_HTML.rawValue)
        /// With `template`: a URL that the channel connects to; `Message.leads` says how much of it the campaign wrote.
        public static let url = Flags(rawValue: TRIGGERD_FIELD_URL.rawValue)
        /// Of a setting: never printed.
        public static let secret = Flags(rawValue: TRIGGERD_FIELD_SECRET.rawValue)
    }

    public let name: String
    public let type: Kind
    public let flags: Flags
    public let summary: String
    /// The only strings allowed; empty: any.
    public let oneOf: [String]

    public init(name: String, type: Kind, flags: Flags = [], oneOf: [String] = [], summary: String = "") {
        self.name = name
        self.type = type
        self.flags = flags
        self.oneOf = oneOf
        self.summary = summary
    }
}

extension Field {
    /// As the host reads it, for ever.
    var permanent: UnsafePointer<triggerd_field> {
        var inner: [Field] = []
        let kind: triggerd_field_type
        switch type {
        case .string: kind = TRIGGERD_FIELD_STRING
        case .strings: kind = TRIGGERD_FIELD_STRINGS
        case .integer: kind = TRIGGERD_FIELD_INTEGER
        case .number: kind = TRIGGERD_FIELD_NUMBER
        case .boolean: kind = TRIGGERD_FIELD_BOOLEAN
        case .any: kind = TRIGGERD_FIELD_ANY
        case .objects(let fields):
            kind = TRIGGERD_FIELD_OBJECTS
            inner = fields
        }
        return .permanent(
            triggerd_field(
                size: UInt32(MemoryLayout<triggerd_field>.size),
                name: name.permanent,
                type: kind.rawValue,
                flags: flags.rawValue,
                summary: summary.permanent,
                one_of: .permanent(oneOf.map(\.permanent)),
                one_of_count: oneOf.count,
                fields: .permanent(inner.map { Optional($0.permanent) }),
                field_count: inner.count
            )
        )
    }
}

extension UnsafePointer {
    static func permanent(_ value: Pointee) -> Self {
        let memory = UnsafeMutablePointer<Pointee>.allocate(capacity: 1)
        memory.initialize(to: value)
        return Self(memory)
    }

    static func permanent(_ values: [Pointee]) -> Self {
        let memory = UnsafeMutablePointer<Pointee>.allocate(capacity: Swift.max(1, values.count))
        for (index, value) in values.enumerated() { (memory + index).initialize(to: value) }
        return Self(memory)
    }
}
