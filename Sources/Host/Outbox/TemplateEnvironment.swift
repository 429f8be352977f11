import Stencil

/// How templates are parsed: Stencil's own tags and filters, and `{% abort "reason" %}`, which ends the send with
/// `template_aborted` (10.8). There is no loader, so that a template reaches no file.
struct TemplateEnvironment: @unchecked Sendable {
    // Stencil's environment is a value that nothing changes after this.
    private let environment: Environment

    init() {
        let abort = Extension()
        abort.registerTag("abort") { _, token in
            let rest = token.contents.dropFirst("abort".count).drop(while: \.isWhitespace)
            let isQuoted = rest.count >= 2 && rest.first == rest.last && (rest.first == "\"" || rest.first == "'")
            return AbortNode(reason: String(isQuoted ? rest.dropFirst().dropLast() : rest), token: token)
        }
        environment = Environment(extensions: [abort])
    }

    /// Throws what does not parse.
    func parse(_ text: String) throws -> ParsedTemplate {
        let tokens = Template(templateString: text, environment: environment).tokens
        return ParsedTemplate(
            nodes: try TokenParser(tokens: tokens, environment: environment).parse(),
            environment: environment
        )
    }
}

/// A template, parsed once and rendered often.
struct ParsedTemplate {
    fileprivate let nodes: [any NodeType]
    fileprivate let environment: Environment

    /// Throws an `Abort` where the template says so, and what Stencil says of a template that fails.
    func render(_ values: [String: Any]) throws -> String {
        let abort = AbortNote()
        var values = values
        values[AbortNote.key] = abort
        do {
            return try renderNodes(nodes, Context(dictionary: values, environment: environment))
        } catch {
            // Stencil wraps what a node throws, so the reason travels beside it.
            if let reason = abort.reason { throw Abort(reason: reason) }
            throw error
        }
    }
}

/// A template ended its own send.
struct Abort: Error {
    let reason: String
}

private final class AbortNote {
    static let key = "abort note"
    var reason: String?
}

private struct AbortNode: NodeType {
    let reason: String
    let token: Token?

    func render(_ context: Context) throws -> String {
        (context[AbortNote.key] as? AbortNote)?.reason = reason
        throw Abort(reason: reason)
    }
}
