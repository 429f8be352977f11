/// `same: PATH` of an exception: it counts only if what stands there is the trigger event's too (4.14).
extension PropertyPath {
    /// What stands there in an event; nil where there is nothing that could tie. Behind `[]` it is every element.
    func correlate(_ properties: Object) -> Value? {
        let found = values(in: properties)
        return steps.contains(.elements) && !found.isEmpty ? .array(found) : found.first
    }

    /// Whether two of these tie; of several elements some pair must.
    func ties(_ left: Value, _ right: Value?) -> Bool {
        guard let right else { return false }
        guard steps.contains(.elements), case .array(let lefts) = left, case .array(let rights) = right else {
            return left.ties(right)
        }
        return lefts.contains { left in rights.contains { left.ties($0) } }
    }
}

extension Value {
    /// 14: the integer 5 and the text "5" tie, since one client sends an id as a number and another as text.
    fileprivate func ties(_ other: Value) -> Bool {
        switch (self, other) {
        case (.integer(let number), .string(let text)), (.string(let text), .integer(let number)):
            text.string == String(number)
        default: equals(other)
        }
    }
}
