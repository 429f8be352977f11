/// How much properties or attributes hold, everything nested counted.
package struct ObjectSize {
    /// Members of objects and elements of lists.
    package private(set) var values = 0
    /// Of names and texts, and 16 for each value.
    package private(set) var bytes = 0
    package private(set) var longestText = 0

    package init(_ objects: Object...) {
        for object in objects { add(object) }
    }

    /// Of one member with its name.
    package init(_ member: Object.Member) {
        add(member)
    }

    private mutating func add(_ object: Object) {
        for member in object.members { add(member) }
    }

    private mutating func add(_ member: Object.Member) {
        bytes += member.name.utf8.count
        add(member.value)
    }

    private mutating func add(_ value: Value) {
        values += 1
        bytes += 16
        switch value {
        case .null, .boolean, .integer, .decimal: break
        case .string(let text):
            let count = text.utf8.count
            bytes += count
            longestText = max(longestText, count)
        case .array(let elements): for element in elements { add(element) }
        case .object(let object): add(object)
        }
    }
}
