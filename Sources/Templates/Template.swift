import Engine

/// A text with values in it, parsed once and rendered often, on any thread: docs/templates.md has the language.
package struct Template: Sendable {
    let source: Source
    let languages: Languages
    private let nodes: [Node]
    private let slotCount: Int
    /// Bytes of its own text: about what it gives.
    private let literalCount: Int

    /// `zone` and `languages` tell what exists, for what the template names itself; `filled` are names whose values are
    /// put in later: `{{ name }}` renders as `{{name}}`.
    package init(
        _ text: String,
        filled: [String] = [],
        limits: TemplateLimits = TemplateLimits(),
        languages: Languages,
        zone: (String) -> Zone? = { _ in .utc }
    ) throws(TemplateFault) {
        guard text.utf8.count <= limits.longestText else {
            throw TemplateFault(
                line: 1,
                column: 1,
                text: "the template has \(text.utf8.count) bytes, at most \(limits.longestText) are read"
            )
        }
        source = Source(text)
        self.languages = languages
        var parser = TemplateParser(source, limits, languages, filled: filled)
        nodes = try parser.parse()
        slotCount = parser.names.slotCount
        literalCount = parser.literalCount
        for (name, offset) in parser.zones where zone(name) == nil {
            throw source.fault("there is no time zone \"\(name)\"", at: offset)
        }
    }

    package func render(_ scope: TemplateScope, escaping: Escaping) throws(RenderFault) -> String {
        var budget = RenderBudget()
        return try render(scope, escaping: escaping, budget: &budget)
    }

    /// What it takes is taken from the budget.
    package func render(
        _ scope: TemplateScope,
        escaping: Escaping,
        budget: inout RenderBudget
    ) throws(RenderFault) -> String {
        var renderer = Renderer(self, scope, escaping, budget, slotCount: slotCount, literalCount: literalCount)
        defer { budget = renderer.budget }
        _ = try renderer.render(nodes)
        return String(decoding: renderer.output, as: UTF8.self)
    }

    /// With how many bytes at the beginning of the text are the template's own; nil: all.
    package func renderTellingOwn(
        _ scope: TemplateScope,
        escaping: Escaping,
        budget: inout RenderBudget
    ) throws(RenderFault) -> (text: String, own: Int?) {
        var renderer = Renderer(self, scope, escaping, budget, slotCount: slotCount, literalCount: literalCount)
        renderer.own = OwnPart()
        defer { budget = renderer.budget }
        _ = try renderer.render(nodes)
        return (String(decoding: renderer.output, as: UTF8.self), renderer.own?.end)
    }
}
