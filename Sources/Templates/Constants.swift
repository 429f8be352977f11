/// What hangs on no event and no profile is the same in every render: a fault in it is found when the template is read.
extension Expression {
    var isConstant: Bool { !hangs { _ in true } }

    /// Whether a part of it is a value of such a root; nil is what a loop knows.
    func hangs(on isSuch: (Path.Root?) -> Bool) -> Bool {
        switch self {
        case .literal: false
        case .loop: isSuch(nil)
        case .path(let path):
            isSuch(path.root)
                || path.steps.contains { step in
                    switch step {
                    case .name: false
                    case .computed(let expression): expression.hangs(on: isSuch)
                    }
                }
        case .filtered(let inner, let calls):
            inner.hangs(on: isSuch)
                || calls.contains { call in
                    call.arguments.contains { $0.hangs(on: isSuch) }
                        || call.forms.values.contains { $0.hangs(on: isSuch) }
                }
        case .not(let inner), .isBlank(let inner): inner.hangs(on: isSuch)
        case .all(let parts), .any(let parts): parts.contains { $0.hangs(on: isSuch) }
        case .compare(_, let left, let right): left.hangs(on: isSuch) || right.hangs(on: isSuch)
        }
    }
}

extension RenderBudget {
    /// Tries what is constant, with the words of the render that it would end.
    mutating func check(
        _ source: Source,
        _ languages: Languages,
        _ body: (inout Renderer) throws(RenderFault) -> Void
    ) throws(TemplateFault) {
        var renderer = Renderer(constantsOf: source, languages, self)
        defer { self = renderer.budget }
        do throws(RenderFault) {
            try body(&renderer)
        } catch .misused(let fault) {
            throw fault
        } catch {
            return  // Too much to find out here.
        }
    }
}

extension Renderer {
    /// The first argument, which is constant, of a filter that takes a number.
    mutating func checkNumber(_ call: FilterCall) throws(RenderFault) {
        switch call.kind {
        case .round, .number: _ = try places(call)
        case .truncate, .truncateWords: _ = try count(call, 0)
        case .plus, .minus, .times, .dividedBy, .modulo, .atLeast, .atMost: _ = try operand(call)
        default: return  // It takes none.
        }
    }
}
