/// Why a text is no template, and where.
package struct TemplateFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    package var line: Int
    /// From 1, in characters.
    package var column: Int
    package var text: String

    package init(line: Int, column: Int, text: String) {
        (self.line, self.column, self.text) = (line, column, text)
    }

    package var description: String { "line \(line), column \(column): \(text)" }
}

/// Why a template gave no text.
package enum RenderFault: Error, Hashable, Sendable {
    /// The template said so, with its reason.
    case aborted(String)
    /// A value is not what something takes, and where in the template.
    case misused(TemplateFault)
    /// A bound was reached.
    case failed(String)
}
