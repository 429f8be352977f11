import Engine

/// What expressions give.
extension Renderer {
    mutating func evaluate(_ expression: Expression) throws(RenderFault) -> Value {
        switch expression {
        case .literal(let value): return value
        case .path(let path): return try value(at: path)
        case .loop(let field, let level): return loopValue(field, level: level)
        case .filtered(let inner, let calls):
            var value = try evaluate(inner)
            for call in calls {
                try budget.take(steps: 1)
                value = try apply(call, to: value)
            }
            return value
        case .not(let inner): return .boolean(!(try evaluate(inner).isTruthy))
        case .all(let parts):
            for part in parts {
                try budget.take(steps: 1)
                if !(try evaluate(part).isTruthy) { return false }
            }
            return true
        case .any(let parts):
            for part in parts {
                try budget.take(steps: 1)
                if try evaluate(part).isTruthy { return true }
            }
            return false
        case .isBlank(let inner):
            let value = try evaluate(inner)
            guard case .string(let text) = value else { return .boolean(!value.isTruthy) }
            try budget.take(workOn: text.utf8.count)
            return .boolean(text.utf8.allSatisfy(\.isSpace))
        case .compare(let comparison, let left, let right):
            return .boolean(try holds(comparison, try evaluate(left), try evaluate(right)))
        }
    }

    // MARK: Paths

    private mutating func value(at path: Path) throws(RenderFault) -> Value {
        var steps = path.steps[...]
        var value: Value
        switch path.root {
        case .campaign: return .string(scope.campaign)
        case .slot(let index): value = slot(index)
        case .event, .user:
            let isUser = path.root == .user
            guard let first = steps.popFirst() else { return .object(isUser ? scope.userObject : scope.event) }
            let name: Text
            switch first {
            case .name(let fixed, _): name = fixed
            case .computed(let expression): name = try evaluate(expression).text ?? ""
            }
            if isUser, name == "id" {
                value = .string(scope.user)
            } else {
                value = try member(name, of: isUser ? scope.profile : scope.event)
            }
        }
        for step in steps {
            if case .null = value { return .null }
            switch step {
            case .name(let name, let index): value = try self.step(name, index, into: value)
            case .computed(let expression):
                switch try evaluate(expression) {
                case .string(let name): value = try self.step(name, Int(name.string), into: value)
                case .integer(let index): value = try self.step("\(index)", Int(index), into: value)
                default: return .null
                }
            }
        }
        return value
    }

    private mutating func member(_ name: Text, of object: Object) throws(RenderFault) -> Value {
        if object.members.count >= 64 { try budget.take(steps: object.members.count / 64) }
        return object[name] ?? .null
    }

    /// What is not there is nil.
    private mutating func step(_ name: Text, _ index: Int?, into value: Value) throws(RenderFault) -> Value {
        switch value {
        case .object(let object): return try member(name, of: object)
        case .array(let elements):
            if let index {
                let place = index < 0 ? elements.count + index : index
                return elements.indices.contains(place) ? elements[place] : .null
            }
            switch name {
            case "first": return elements.first ?? .null
            case "last": return elements.last ?? .null
            case "size", "length", "count": return .integer(Int64(elements.count))
            default: return .null
            }
        case .string(let text) where name == "size" || name == "length" || name == "count":
            try budget.take(workOn: text.utf8.count, .telling)
            return .integer(Int64(text.string.count))
        default: return .null
        }
    }

    // MARK: Comparisons

    private mutating func holds(
        _ comparison: Expression.Comparison,
        _ left: Value,
        _ right: Value
    ) throws(RenderFault) -> Bool {
        switch comparison {
        case .equal: return try equal(left, right)
        case .unequal: return !(try equal(left, right))
        case .less: return try order(left, right).map { $0 < 0 } ?? false
        case .lessOrEqual: return try order(left, right).map { $0 <= 0 } ?? false
        case .greater: return try order(left, right).map { $0 > 0 } ?? false
        case .greaterOrEqual: return try order(left, right).map { $0 >= 0 } ?? false
        case .contains: return try contains(left, right)
        }
    }

    /// Numbers by what they are worth, texts in the order of their bytes; nil for anything else.
    private mutating func order(_ left: Value, _ right: Value) throws(RenderFault) -> Int? {
        guard case .string(let first) = left, case .string(let second) = right else { return left.compare(right) }
        try budget.take(workOn: min(first.utf8.count, second.utf8.count))
        return first < second ? -1 : first == second ? 0 : 1
    }

    private mutating func equal(_ left: Value, _ right: Value) throws(RenderFault) -> Bool {
        switch (left, right) {
        case (.string(let first), .string(let second)):
            try budget.take(workOn: min(first.utf8.count, second.utf8.count))
            return first == second
        case (.array(let first), .array(let second)):
            guard first.count == second.count else { return false }
            try budget.take(workOn: first.count, .telling)
            for (one, other) in zip(first, second) where !(try equal(one, other)) { return false }
            return true
        case (.object(let first), .object(let second)):
            guard first.members.count == second.members.count else { return false }
            for one in first.members {
                try budget.take(steps: 1)
                if !(try equal(one.value, try member(one.name, of: second))) { return false }
            }
            return true
        default: return left.equals(right)
        }
    }

    private mutating func contains(_ whole: Value, _ part: Value) throws(RenderFault) -> Bool {
        switch (whole, part) {
        case (.string(let text), .string(let sought)):
            try budget.take(workOn: text.utf8.count + sought.utf8.count, .seeking)
            return sought.isEmpty || !ByteSearch(Array(sought.utf8)).places(in: Array(text.utf8), most: 1).isEmpty
        case (.array(let elements), _):
            try budget.take(workOn: elements.count, .telling)
            for element in elements where try equal(element, part) { return true }
            return false
        case (.object(let object), .string(let name)): return try member(name, of: object) != .null
        default: return false
        }
    }
}

extension Value {
    /// Nil, false, and texts, lists and mappings with nothing in them are false.
    var isTruthy: Bool {
        switch self {
        case .null: false
        case .boolean(let value): value
        case .integer, .decimal: true
        case .string(let text): !text.isEmpty
        case .array(let elements): !elements.isEmpty
        case .object(let object): !object.isEmpty
        }
    }

    /// As a fault shows it.
    var shown: String {
        switch self {
        case .null: "nil"
        case .string(let text): "\"\(text.string.prefix(40))\(text.utf8.count > 160 ? "..." : "")\""
        case .array: "a list"
        case .object: "a mapping"
        case .boolean, .integer, .decimal: description
        }
    }
}
