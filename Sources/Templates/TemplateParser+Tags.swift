/// Each tag.
extension TemplateParser {
    private static let tags = [
        "if", "unless", "for", "assign", "abort", "abort_message", "break", "continue", "comment", "raw",
    ]
    private static let ends = [
        "elif", "elsif", "else", "empty", "endif", "endunless", "endfor", "endcomment", "endraw",
    ]

    mutating func node(_ tag: Tag, at offset: Int, in block: Block?) throws(TemplateFault) -> Node? {
        switch tag.name {
        case "if", "unless": return try condition(tag)
        case "for": return try loop(tag)
        case "assign": return try assignment(tag)
        case "abort", "abort_message": return .abort(try reason(tag))
        case "break", "continue":
            try tag.lexer.expectEnd()
            guard names.loopDepth > 0 else { throw source.fault("{% \(tag.name) %} belongs into a `for`", at: offset) }
            return tag.name == "break" ? .leave : .proceed
        case "comment":
            _ = try verbatim(tag, until: "endcomment")
            return nil
        case "raw":
            let text = try verbatim(tag, until: "endraw")
            return text.isEmpty ? nil : .text(text)
        default:
            guard Self.ends.contains(tag.name) else {
                let hint = NameTable.hint(tag.name, Self.tags + Self.ends)
                throw source.fault("there is no tag `\(tag.name)`\(hint)", at: offset)
            }
            guard let block else { throw source.fault("{% \(tag.name) %} belongs to nothing that is open", at: offset) }
            let (line, _) = source.place(of: block.tag.opens)
            let end = block.ends.last ?? ""
            throw source.fault(
                "{% \(tag.name) %} stands in {% \(block.tag.name) %} of line \(line), which {% \(end) %} closes",
                at: offset
            )
        }
    }

    private mutating func condition(_ tag: Tag) throws(TemplateFault) -> Node {
        try within(tag) { parser throws(TemplateFault) in
            let end = "end\(tag.name)"
            var branches: [Node.Branch] = []
            var current = tag
            while true {
                var condition = try parser.read(current.lexer) { reader throws(TemplateFault) in
                    try reader.expression()
                }
                if current.name == "unless" { condition = .not(condition) }
                let block = Block(tag: tag, ends: ["elif", "elsif", "else", end])
                let (nodes, next) = try parser.nodes(of: block)
                branches.append(Node.Branch(condition: condition, nodes: nodes))
                guard let next else { return .condition(branches, otherwise: []) }
                if next.name == "elif" || next.name == "elsif" {
                    current = next
                    continue
                }
                try next.lexer.expectEnd()
                guard next.name == "else" else { return .condition(branches, otherwise: []) }
                let otherwise = try parser.nodes(of: Block(tag: tag, ends: [end]))
                try otherwise.end?.lexer.expectEnd()
                return .condition(branches, otherwise: otherwise.nodes)
            }
        }
    }

    private mutating func loop(_ tag: Tag) throws(TemplateFault) -> Node {
        try within(tag) { parser throws(TemplateFault) in
            var lexer = tag.lexer
            var loopNames = [try Self.newName(&lexer)]
            if try lexer.take(",") { loopNames.append(try Self.newName(&lexer)) }
            guard try lexer.take(word: "in") else { throw lexer.fault("`in` is expected, not \(lexer.token.shown)") }
            let offset = lexer.offset
            let (list, limit) = try parser.read(lexer) { reader throws(TemplateFault) in
                let list = try reader.operand()
                guard try reader.lexer.take(word: "limit") else { return (list, Expression?.none) }
                try reader.lexer.expect(":")
                return (list, try reader.primary())
            }
            let slots = parser.names.enterLoop(loopNames)
            let (nodes, end) = try parser.nodes(of: Block(tag: tag, ends: ["else", "empty", "endfor"]))
            parser.names.leaveLoop()
            try end?.lexer.expectEnd()
            var otherwise: [Node] = []
            if let end, end.name != "endfor" {
                let rest = try parser.nodes(of: Block(tag: tag, ends: ["endfor"]))
                try rest.end?.lexer.expectEnd()
                otherwise = rest.nodes
            }
            let loop = Node.Loop(
                list: list,
                limit: limit,
                slots: slots,
                nodes: nodes,
                otherwise: otherwise,
                offset: offset
            )
            try parser.checkConstants(of: loop)
            return .loop(loop)
        }
    }

    private mutating func checkConstants(of loop: Node.Loop) throws(TemplateFault) {
        try budget.check(source, languages) { renderer throws(RenderFault) in
            if loop.list.isConstant { _ = try renderer.members(of: loop) }
            if loop.limit?.isConstant ?? false { _ = try renderer.limit(of: loop) }
        }
    }

    private mutating func assignment(_ tag: Tag) throws(TemplateFault) -> Node {
        var lexer = tag.lexer
        let name = try Self.newName(&lexer)
        try lexer.expect("=")
        let value = try read(lexer) { reader throws(TemplateFault) in try reader.expression() }
        return .assign(names.assign(name), value)
    }

    private static func newName(_ lexer: inout Lexer) throws(TemplateFault) -> String {
        guard case .name(let name) = lexer.token else {
            throw lexer.fault("a name is expected, not \(lexer.token.shown)")
        }
        guard !NameTable.isTaken(name) else { throw lexer.fault("nothing can be called `\(name)`: the name is taken") }
        try lexer.advance()
        return name
    }

    /// `"reason"`, `('reason')`, or words without quotes.
    private func reason(_ tag: Tag) throws(TemplateFault) -> String {
        var lexer = tag.lexer
        let isInParentheses = try lexer.take("(")
        let text: String
        switch lexer.token {
        case .text(let quoted):
            text = quoted
            try lexer.advance()
        case .end: text = ""
        default:
            guard !isInParentheses else {
                throw lexer.fault("a reason in quotes is expected, not \(lexer.token.shown)")
            }
            return String(decoding: lexer.rest.utf8.reversed().drop(while: \.isSpace).reversed(), as: UTF8.self)
        }
        if isInParentheses { try lexer.expect(")") }
        try lexer.expectEnd()
        return text
    }
}
