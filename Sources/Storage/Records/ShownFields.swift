import Engine

/// Shows every field of a message, under its name for people.
struct ShownFields: FieldVisitor {
    typealias Fault = Never

    private var members: [Object.Member] = []

    static func of(_ message: some StoredMessage) -> Object {
        var fields = message
        var shown = ShownFields()
        fields.describe(to: &shown)
        return Object(shown.members)
    }

    mutating func comment(_ text: StaticString) {}

    mutating func field<T: FieldType>(_ number: UInt32, _ name: StaticString, shown: Shown, _ value: inout T) {
        add(name, shown, value.json)
    }

    mutating func field<T: SingleType>(
        _ number: UInt32,
        _ name: StaticString,
        _ value: inout T,
        absent: @autoclosure () -> T,
        isWritten: Bool
    ) {
        add(name, .same, value.json)
    }

    mutating func required<T: SingleType>(_ number: UInt32, _ name: StaticString, shown: Shown, _ value: inout T) {
        add(name, shown, value.json)
    }

    mutating func old<T: SingleType>(_ number: UInt32, _ name: StaticString, _ type: T.Type, _ take: (T) -> Void) {}

    private mutating func add(_ name: StaticString, _ shown: Shown, _ json: Value?) {
        // What is absent is not shown.
        guard let json else { return }
        switch shown {
        case .same: members.append(Object.Member(Self.name(name), json))
        case .name(let other): members.append(Object.Member("\(other)", json))
        case .merged:
            guard case .object(let object) = json else { preconditionFailure("\(name) is no message: \(json)") }
            members += object.members
        }
    }

    static func name(_ name: StaticString) -> String {
        var name = "\(name)"
        if name.hasPrefix("is_") { name.removeFirst(3) }
        if name.hasSuffix("_ms") { name.removeLast(3) }
        return name
    }
}
