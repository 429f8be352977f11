import Engine

/// A part of a YAML document.
struct Node: Sendable {
    enum Content: Sendable {
        case scalar(Scalar)
        case sequence([Node])
        case mapping(Mapping)
    }

    var content: Content
    var mark: Mark

    var scalar: Scalar? { if case .scalar(let scalar) = content { scalar } else { nil } }
    var sequence: [Node]? { if case .sequence(let nodes) = content { nodes } else { nil } }
    var mapping: Mapping? { if case .mapping(let mapping) = content { mapping } else { nil } }

    /// `<<`, which stands for what its value's mappings hold (https://yaml.org/type/merge.html).
    var isMergeKey: Bool { scalar.map { $0.isPlain && $0.string.utf8.elementsEqual("<<".utf8) } ?? false }

    struct Scalar: Sendable {
        var string: String
        /// Written without quotes, and not as a block.
        var isPlain: Bool
    }

    /// In the file's order; every name stands once.
    struct Mapping: Sendable, RandomAccessCollection {
        struct Key: Sendable {
            var name: String
            var mark: Mark
        }

        var pairs: [(key: Key, value: Node)]

        var startIndex: Int { pairs.startIndex }
        var endIndex: Int { pairs.endIndex }
        subscript(position: Int) -> (key: Key, value: Node) { pairs[position] }

        subscript(name: String) -> Node? { pairs.first { $0.key.name == name }?.value }
    }
}

/// A place in a file, both numbers from 1.
struct Mark: Hashable, Sendable {
    var line: Int
    var column: Int
}

/// Why a text is no YAML, or none that is read here.
struct YAMLFault: Error, Hashable, Sendable {
    var text: String
    var mark: Mark?
}
