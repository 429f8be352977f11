import Engine

/// What gives a value.
indirect enum Expression: Sendable {
    case literal(Value)
    case path(Path)
    /// Of the loop at that level.
    case loop(LoopField, level: Int)
    case filtered(Expression, [FilterCall])
    case not(Expression)
    case all([Expression])
    case any([Expression])
    case compare(Comparison, Expression, Expression)
    /// `== blank`
    case isBlank(Expression)

    enum Comparison: Sendable {
        case equal, unequal, less, lessOrEqual, greater, greaterOrEqual, contains
    }
}

struct Path: Sendable {
    enum Root: Hashable, Sendable {
        case event, user, campaign
        /// A name that the template assigns or that a loop gives.
        case slot(Int)
    }

    enum Step: Sendable {
        /// A member, or an element's number.
        case name(Text, index: Int?)
        case computed(Expression)
    }

    var root: Root
    var steps: [Step]
}

/// What `forloop` knows.
enum LoopField: Sendable {
    case index, index0, first, last, length

    static let names: [(String, LoopField)] = [
        ("index", .index), ("index0", .index0), ("first", .first), ("last", .last), ("length", .length),
        ("counter", .index), ("counter0", .index0),
    ]
}

/// A filter with its arguments.
struct FilterCall: Sendable {
    var kind: FilterKind
    /// As the template calls it.
    var name: String
    var arguments: [Expression]
    /// Of `plural`.
    var forms: [PluralForm: Expression] = [:]
    /// Where it stands.
    var offset: Int
    /// Whether its input holds no bare `<`: of `newline_to_br`.
    var takesSafe: Bool
}

/// A part of a template.
indirect enum Node: Sendable {
    case text([UInt8])
    case output(Expression, isSafe: Bool)
    case condition([Branch], otherwise: [Node])
    case loop(Loop)
    case assign(Int, Expression)
    case abort(String)
    case leave, proceed

    struct Branch: Sendable {
        var condition: Expression
        var nodes: [Node]
    }

    struct Loop: Sendable {
        var list: Expression
        var limit: Expression?
        /// Of the element; of a mapping's name and value where there are two.
        var slots: [Int]
        var nodes: [Node]
        var otherwise: [Node]
        /// Where it stands.
        var offset: Int
    }
}
