/// `same: PATH` of an exception: it counts only if what stands there is the trigger event's too (4.14).
extension PropertyPath {
    /// What stands there in an event; nil where there is nothing that could tie. Behind `[]` it is every element.
    func correlate(_ properties: Object) -> Value? {
        let found = values(in: properties)
        return steps.contains(.elements) && !found.isEmpty ? .array(found) : found.first
    }
}

/// What stands at a path, to be asked whether it ties with what stands there elsewhere; of several elements some pair
/// must. Asking costs what the other holds, whatever this one does.
struct Tie {
    private let path: PropertyPath
    private let keys: Set<Value>

    init(_ value: Value, at path: PropertyPath) {
        self.path = path
        keys = Set(Self.each(value, path).map(\.tieKey))
    }

    func holds(_ other: Value?) -> Bool {
        guard let other else { return false }
        return Self.each(other, path).contains { keys.contains($0.tieKey) }
    }

    private static func each(_ value: Value, _ path: PropertyPath) -> [Value] {
        if path.steps.contains(.elements), case .array(let elements) = value { elements } else { [value] }
    }
}

extension Value {
    /// 14: the integer 5 and the text "5" tie, since one client sends an id as a number and another as text; so does a
    /// client whose every number is a decimal, 5.0.
    fileprivate var tieKey: Value {
        if case .integer(let number) = wholeNumbers { .string(Text(String(number))) } else { wholeNumbers }
    }

    /// With integers for decimals that equal one, so that values that are equal are the same.
    private var wholeNumbers: Value {
        switch self {
        case .decimal(let decimal): Int64(exactly: decimal).map(Value.integer) ?? self
        case .array(let elements): .array(elements.map(\.wholeNumbers))
        case .object(let object): .object(Object(object.members.map { Member($0.name, $0.value.wholeNumbers) }))
        case .null, .boolean, .integer, .string: self
        }
    }

    private typealias Member = Object.Member
}
