import Engine

/// The documents of a YAML text as trees, within `FileLimits`: what an alias stands for is counted before it is used.
struct NodeComposer {
    private let parser: EventParser
    private var anchors: [String: Part] = [:]
    /// What aliases stand for so far, written out.
    private var aliasBytes = 0

    /// A node with what it is written out.
    private struct Part {
        var node: Node
        var bytes: Int
        var depth: Int
    }

    /// The documents up to the first fault, and the fault.
    static func documents(_ text: String, atMost most: Int) -> (documents: [Node], fault: YAMLFault?) {
        guard text.utf8.count <= most else {
            return ([], YAMLFault(text: "the file has \(text.utf8.count) bytes, at most \(most) are read", mark: nil))
        }
        var documents: [Node] = []
        do throws(YAMLFault) {
            try checkDirectives(text)
            var composer = NodeComposer(parser: EventParser(SurrogatePairs.joined(ByteOrderMarks.removed(text))))
            while let document = try composer.document() { documents.append(document) }
            return (documents, nil)
        } catch {
            return (documents, error)
        }
    }

    private static func checkDirectives(_ text: String) throws(YAMLFault) {
        var count = 0
        for (index, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        where line.starts(with: "%TAG".utf8) {
            count += 1
            guard count <= FileLimits.tagDirectives else {
                throw YAMLFault(
                    text: "more than \(FileLimits.tagDirectives) lines of %TAG",
                    mark: Mark(line: index + 1, column: 1)
                )
            }
        }
    }

    private init(parser: EventParser) {
        self.parser = parser
    }

    private mutating func document() throws(YAMLFault) -> Node? {
        while true {
            let (event, mark) = try parser.next()
            switch event {
            case .streamEnd: return nil
            case .streamStart, .documentStart, .documentEnd: continue
            default: return try part(event, mark, depth: 1).node
            }
        }
    }

    private mutating func part(_ event: EventParser.Event, _ mark: Mark, depth: Int) throws(YAMLFault) -> Part {
        guard depth <= FileLimits.depth else { throw tooDeep(mark) }
        let part: Part
        let anchor: String?
        switch event {
        case .alias(let name): return try alias(name, mark, depth: depth)
        case .scalar(let scalar, let name):
            part = Part(node: Node(content: .scalar(scalar), mark: mark), bytes: 1 + scalar.string.utf8.count, depth: 1)
            anchor = name
        case .sequenceStart(let name): (part, anchor) = (try sequence(mark, depth: depth), name)
        case .mappingStart(let name): (part, anchor) = (try mapping(mark, depth: depth), name)
        case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
            // libyaml gives these in no other place than where they are looked for.
            preconditionFailure("an event out of its order: \(event)")
        }
        if let anchor { anchors[anchor] = part }
        return part
    }

    private mutating func alias(_ name: String, _ mark: Mark, depth: Int) throws(YAMLFault) -> Part {
        guard var part = anchors[name] else {
            throw YAMLFault(text: "not YAML: no anchor `&\(name.shortened)` stands before this alias", mark: mark)
        }
        guard depth + part.depth - 1 <= FileLimits.depth else { throw tooDeep(mark) }
        aliasBytes += part.bytes
        guard aliasBytes <= FileLimits.aliasBytes else {
            throw YAMLFault(
                text: "the aliases up to here stand for more than \(FileLimits.aliasBytes) bytes, written out",
                mark: mark
            )
        }
        // Faults are told where the alias stands: what it stands for may be right elsewhere.
        part.node.mark = mark
        return part
    }

    private mutating func sequence(_ mark: Mark, depth: Int) throws(YAMLFault) -> Part {
        var nodes: [Node] = []
        var (bytes, deepest) = (1, 0)
        while true {
            let (event, place) = try parser.next()
            if case .sequenceEnd = event { break }
            let part = try part(event, place, depth: depth + 1)
            nodes.append(part.node)
            bytes += part.bytes
            deepest = max(deepest, part.depth)
        }
        return Part(node: Node(content: .sequence(nodes), mark: mark), bytes: bytes, depth: deepest + 1)
    }

    private mutating func mapping(_ mark: Mark, depth: Int) throws(YAMLFault) -> Part {
        var pairs: [(key: Node.Mapping.Key, value: Node)] = []
        var names: [Text: Mark] = [:]
        var merged: (mark: Mark, mappings: [Node.Mapping]) = (mark, [])
        var (bytes, deepest) = (1, 0)
        while true {
            let (event, place) = try parser.next()
            if case .mappingEnd = event { break }
            let key = try part(event, place, depth: depth + 1)
            guard let name = key.node.scalar?.string else {
                throw YAMLFault(text: "a key is one value, not a list or a mapping", mark: place)
            }
            if let first = names.updateValue(place, forKey: Text(name)) {
                let hint = key.node.isMergeKey ? ": write one with a list, `<<: [*a, *b]`" : ""
                let before = first.line == place.line ? "" : ", in line \(first.line) first"
                throw YAMLFault(text: "the key \"\(name.shortened)\" stands twice\(before)\(hint)", mark: place)
            }
            let (next, valuePlace) = try parser.next()
            let value = try part(next, valuePlace, depth: depth + 1)
            bytes += key.bytes + value.bytes
            deepest = max(deepest, value.depth)
            if key.node.isMergeKey {
                merged = (place, try mappings(of: value.node))
            } else {
                pairs.append((Node.Mapping.Key(name: name, mark: place), value.node))
            }
        }
        // What the mapping says itself wins, wherever it stands, and of those that are merged the first that says it.
        for (key, value) in merged.mappings.joined() where names[Text(key.name)] == nil {
            names[Text(key.name)] = merged.mark
            pairs.append((Node.Mapping.Key(name: key.name, mark: merged.mark), value))
        }
        let node = Node(content: .mapping(Node.Mapping(pairs: pairs)), mark: mark)
        return Part(node: node, bytes: bytes, depth: deepest + 1)
    }

    /// What stands behind `<<`: a mapping, or a list of some.
    private func mappings(of node: Node) throws(YAMLFault) -> [Node.Mapping] {
        var mappings: [Node.Mapping] = []
        for source in node.sequence ?? [node] {
            guard let mapping = source.mapping else {
                throw YAMLFault(
                    text: "`<<` takes a mapping or a list of mappings, like `*shared`; in quotes it is a key",
                    mark: source.mark
                )
            }
            mappings.append(mapping)
        }
        return mappings
    }

    private func tooDeep(_ mark: Mark) -> YAMLFault {
        YAMLFault(text: "lists and mappings stand in each other more than \(FileLimits.depth) deep", mark: mark)
    }
}
