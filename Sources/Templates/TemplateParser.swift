/// Reads a whole template.
struct TemplateParser {
    let source: Source
    let limits: TemplateLimits
    let languages: Languages
    let names: NameTable
    var scanner: PieceScanner
    /// The zones that it names, and where.
    var zones: [(String, Int)] = []
    /// For what is constant in it.
    var budget: RenderBudget
    private(set) var literalCount = 0
    private var nesting = 0

    /// A tag whose name has been read.
    struct Tag {
        var name: String
        var lexer: Lexer
        /// Where its braces open.
        var opens: Int
    }

    /// What a block is within, and what ends it.
    struct Block {
        var tag: Tag
        var ends: [String]
    }

    init(_ source: Source, _ limits: TemplateLimits, _ languages: Languages, filled: [String]) {
        names = NameTable(filled: filled)
        (self.source, self.limits, self.languages) = (source, limits, languages)
        scanner = PieceScanner(source)
        budget = RenderBudget(limits)
        budget.steps = min(budget.steps, limits.mostConstantSteps)
    }

    mutating func parse() throws(TemplateFault) -> [Node] {
        try nodes(of: nil).nodes
    }

    /// The nodes up to the tag that ends the block, which nothing but a block has.
    mutating func nodes(of block: Block?) throws(TemplateFault) -> (nodes: [Node], end: Tag?) {
        var nodes: [Node] = []
        while let piece = try scanner.next() {
            switch piece {
            case .text(let range):
                literalCount += range.count
                nodes.append(.text(Array(source.bytes[range])))
            case .output(let range, let opens):
                nodes.append(try output(range, opens))
            case .tag(let range, let opens):
                var lexer = try Lexer(source, range)
                guard case .name(let name) = lexer.token else {
                    throw lexer.fault("the name of a tag is expected, not \(lexer.token.shown)")
                }
                let place = lexer.offset
                try lexer.advance()
                let tag = Tag(name: name, lexer: lexer, opens: opens)
                if let block, block.ends.contains(name) { return (nodes, tag) }
                if let node = try node(tag, at: place, in: block) { nodes.append(node) }
            }
        }
        if let block {
            let end = block.ends.last ?? ""
            throw source.fault("{% \(block.tag.name) %} is not closed: {% \(end) %} is missing", at: block.tag.opens)
        }
        return (nodes, nil)
    }

    private mutating func output(_ range: Range<Int>, _ opens: Int) throws(TemplateFault) -> Node {
        let lexer = try Lexer(source, range)
        if lexer.token == .end { throw source.fault("there is nothing between the braces", at: opens) }
        let expression = try read(lexer) { parser throws(TemplateFault) in try parser.expression() }
        return .output(expression, isSafe: ExpressionParser.isSafe(expression))
    }

    /// What `body` reads must be all that is there.
    mutating func read<Result>(
        _ lexer: Lexer,
        _ body: (inout ExpressionParser) throws(TemplateFault) -> Result
    ) throws(TemplateFault) -> Result {
        var parser = ExpressionParser(lexer, names, limits, languages, budget)
        let result = try body(&parser)
        try parser.lexer.expectEnd()
        zones += parser.zones
        budget = parser.budget
        return result
    }

    /// Runs `body` one level deeper.
    mutating func within<Result>(
        _ tag: Tag,
        _ body: (inout TemplateParser) throws(TemplateFault) -> Result
    ) throws(TemplateFault) -> Result {
        nesting += 1
        guard nesting <= limits.deepestNesting else {
            throw source.fault("blocks stand within each other more than \(limits.deepestNesting) deep", at: tag.opens)
        }
        let result = try body(&self)
        nesting -= 1
        return result
    }

    /// Text that is given as it stands.
    mutating func verbatim(_ tag: Tag, until end: String) throws(TemplateFault) -> [UInt8] {
        try tag.lexer.expectEnd()
        let range = try scanner.verbatim(until: end, opened: tag.opens)
        literalCount += range.count
        return Array(source.bytes[range])
    }
}
