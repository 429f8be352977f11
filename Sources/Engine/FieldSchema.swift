/// A key that a plug-in declared, of an occurrence, of a message or of a channel's settings, with the values that it
/// takes. A module says it once (`triggerd_field`, which PluginKit writes); whoever reads and checks one has this.
package struct FieldSchema: Sendable {
    package enum Kind: Sendable {
        case string
        /// One or a list; read as a list.
        case strings
        case integer, number, boolean, any
        case objects([FieldSchema])

        package var isStrings: Bool { if case .strings = self { true } else { false } }
    }

    package var name: String
    package var kind: Kind
    package var isRequired: Bool
    /// The only strings allowed; empty: any.
    package var oneOf: [String]
    /// For a person.
    package var summary: String
    /// Of a message: the host renders it over event and user.
    package var isTemplate = false
    /// With `isTemplate`: values are escaped for HTML.
    package var isHTML = false
    /// With `isTemplate`: a URL that the channel connects to.
    package var isURL = false
    /// Of a setting: never printed.
    package var isSecret = false

    package init(
        name: String,
        kind: Kind,
        isRequired: Bool = false,
        oneOf: [String] = [],
        summary: String = ""
    ) {
        (self.name, self.kind, self.isRequired, self.oneOf, self.summary) = (name, kind, isRequired, oneOf, summary)
    }
}
