import Engine

/// One render under way.
struct Renderer {
    let source: Source
    let languages: Languages
    let scope: TemplateScope
    let escaping: Escaping
    var budget: RenderBudget
    var output: [UInt8] = []
    /// Nil where nobody asks.
    var own: OwnPart?
    private var slots: [Value]
    private var loops: [(index: Int, count: Int)] = []

    /// What goes on after a node.
    enum Flow {
        case on, leave, proceed
    }

    init(
        _ template: Template,
        _ scope: TemplateScope,
        _ escaping: Escaping,
        _ budget: RenderBudget,
        slotCount: Int,
        literalCount: Int
    ) {
        (source, languages) = (template.source, template.languages)
        (self.scope, self.escaping, self.budget) = (scope, escaping, budget)
        slots = slotCount == 0 ? [] : Array(repeating: .null, count: slotCount)
        output.reserveCapacity(literalCount + 128)
    }

    /// Of what hangs on no event and no profile.
    init(constantsOf source: Source, _ languages: Languages, _ budget: RenderBudget) {
        (self.source, self.languages, self.budget) = (source, languages, budget)
        (escaping, slots) = (.text, [])
        scope = TemplateScope(
            event: Object(),
            profile: Object(),
            user: "",
            campaign: "",
            now: Instant(milliseconds: 0),
            zone: { _ in .utc }
        )
    }

    mutating func render(_ nodes: [Node]) throws(RenderFault) -> Flow {
        for node in nodes {
            let flow = try render(node)
            if flow != .on { return flow }
        }
        return .on
    }

    private mutating func render(_ node: Node) throws(RenderFault) -> Flow {
        try budget.take(steps: 1)
        switch node {
        case .text(let bytes):
            try budget.take(output: bytes.count)
            output.append(contentsOf: bytes)
        case .output(let expression, let isSafe):
            own?.prints(expression, at: output.count)
            try print(try evaluate(expression), escaped: escaping == .html && !isSafe)
        case .condition(let branches, let otherwise):
            for branch in branches where try evaluate(branch.condition).isTruthy { return try render(branch.nodes) }
            return try render(otherwise)
        case .loop(let loop): return try render(loop)
        case .assign(let slot, let expression):
            own?.assigns(expression, to: slot)
            slots[slot] = try evaluate(expression)
        case .abort(let reason): throw .aborted(reason)
        case .leave: return .leave
        case .proceed: return .proceed
        }
        return .on
    }

    /// What the loop goes through: a mapping's members, or a list.
    mutating func members(of loop: Node.Loop) throws(RenderFault) -> (pairs: Object?, elements: [Value]) {
        switch try evaluate(loop.list) {
        case .array(let list):
            guard list.isEmpty || loop.slots.count < 2 else {
                throw failed("`for` with two names takes a mapping, not a list", at: loop.offset)
            }
            return (nil, list)
        case .object(let object): return (object, [])
        case .null, .string(""): return (nil, [])
        case let other: throw failed("`for` takes a list, not \(other.shown)", at: loop.offset)
        }
    }

    mutating func limit(of loop: Node.Loop) throws(RenderFault) -> Int? {
        guard let limit = loop.limit else { return nil }
        switch try evaluate(limit) {
        case .null: return nil
        case .integer(let most) where most >= 0: return Int(clamping: most)
        case let other: throw failed("`limit` takes a number from 0, not \(other.shown)", at: loop.offset)
        }
    }

    private mutating func render(_ loop: Node.Loop) throws(RenderFault) -> Flow {
        own?.repeats(loop, at: output.count)
        let (pairs, elements) = try members(of: loop)
        var count = pairs?.members.count ?? elements.count
        if let limit = try limit(of: loop) { count = min(count, limit) }
        guard count > 0 else { return try render(loop.otherwise) }
        loops.append((0, count))
        defer { loops.removeLast() }
        for index in 0..<count {
            try budget.take(steps: 1)
            loops[loops.count - 1].index = index
            if let member = pairs?.members[index] {
                slots[loop.slots[0]] =
                    loop.slots.count == 2 ? .string(member.name) : .array([.string(member.name), member.value])
                if loop.slots.count == 2 { slots[loop.slots[1]] = member.value }
            } else {
                slots[loop.slots[0]] = elements[index]
            }
            if try render(loop.nodes) == .leave { break }
        }
        return .on
    }

    func failed(_ text: String, at offset: Int) -> RenderFault { .misused(source.fault(text, at: offset)) }

    func slot(_ index: Int) -> Value { slots[index] }

    func loopValue(_ field: LoopField, level: Int) -> Value {
        let (index, count) = loops[level]
        return switch field {
        case .index: .integer(Int64(index + 1))
        case .index0: .integer(Int64(index))
        case .first: .boolean(index == 0)
        case .last: .boolean(index == count - 1)
        case .length: .integer(Int64(count))
        }
    }
}
