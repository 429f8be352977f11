/// The keys that a plug-in declared, as they reach the reader of campaign files.
package struct ConfigurationSchema: Sendable {
    package indirect enum Kind: Sendable {
        case string
        /// One or a list; read as a list.
        case strings
        case integer, number, boolean, any
        case objects(ConfigurationSchema)

        var isStrings: Bool { if case .strings = self { true } else { false } }
    }

    package struct Field: Sendable {
        package var name: String
        package var kind: Kind
        package var isRequired: Bool
        /// The only strings allowed; empty: any.
        package var oneOf: [String]

        package init(name: String, kind: Kind, isRequired: Bool = false, oneOf: [String] = []) {
            self.name = name
            self.kind = kind
            self.isRequired = isRequired
            self.oneOf = oneOf
        }
    }

    package var fields: [Field]

    package init(fields: [Field]) {
        self.fields = fields
    }
}

/// A channel's keys, and whether its messages wait for the user's next session.
package struct ChannelSchema: Sendable {
    package var message: ConfigurationSchema
    package var queues: Bool

    package init(message: ConfigurationSchema, queues: Bool) {
        self.message = message
        self.queues = queues
    }
}
