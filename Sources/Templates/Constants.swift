/// What hangs on no event and no profile is the same in every render: a fault in it is found when the template is read.
extension Expression {
    var isConstant: Bool {
        switch self {
        case .literal: true
        case .path, .loop: false
        case .filtered(let inner, let calls): inner.isConstant && calls.allSatisfy(\.isConstant)
        case .not(let inner), .isBlank(let inner): inner.isConstant
        case .all(let parts), .any(let parts): parts.allSatisfy(\.isConstant)
        case .compare(_, let left, let right): left.isConstant && right.isConstant
        }
    }
}

extension FilterCall {
    fileprivate var isConstant: Bool {
        arguments.allSatisfy(\.isConstant) && forms.values.allSatisfy(\.isConstant)
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
