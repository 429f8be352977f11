/// A message of the store, described once: what writes it, reads it, shows it and declares it in
/// `proto/triggerd/storage/v1/storage.proto` are visitors of its fields (docs/storage.md, "How a field is added").
protocol StoredMessage: SingleType {
    static var about: MessageComment { get }

    /// What a message without fields reads as.
    static var blank: Self { get }

    /// Hands each field to the visitor, by rising numbers. A visitor that reads sets the fields; no other changes them.
    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault)
}

/// A message's name in the schema, and what is said above it there.
struct MessageComment {
    let name: String
    let text: String

    init(_ name: String, _ text: String = "") {
        (self.name, self.text) = (name, text)
    }
}

protocol FieldVisitor: ~Copyable {
    associatedtype Fault: Error

    /// What the schema says about the next field.
    mutating func comment(_ text: StaticString)

    mutating func field<T: FieldType>(
        _ number: UInt32,
        _ name: StaticString,
        shown: Shown,
        _ value: inout T
    ) throws(Fault)

    /// One that reads as `absent` where it is not there; `isWritten`: whether it is to be.
    mutating func field<T: SingleType>(
        _ number: UInt32,
        _ name: StaticString,
        _ value: inout T,
        absent: @autoclosure () -> T,
        isWritten: Bool
    ) throws(Fault)

    /// A message without it is damaged.
    mutating func required<T: SingleType>(
        _ number: UInt32,
        _ name: StaticString,
        shown: Shown,
        _ value: inout T
    ) throws(Fault)

    /// One of older folders, which is read and no longer written.
    mutating func old<T: SingleType>(
        _ number: UInt32,
        _ name: StaticString,
        _ type: T.Type,
        _ take: (T) -> Void
    ) throws(Fault)
}

/// What a field is called where people read it, in a dump.
enum Shown {
    /// As in the schema, without what tells its type: `is_certain` is `certain`, and `due_ms` is `due`.
    case same
    case name(StaticString)
    /// Its fields stand among those of the message that it is a field of.
    case merged
}

extension FieldVisitor where Self: ~Copyable {
    @inline(__always)
    mutating func field<T: FieldType>(_ number: UInt32, _ name: StaticString, _ value: inout T) throws(Fault) {
        try field(number, name, shown: .same, &value)
    }

    @inline(__always)
    mutating func field<T: SingleType & Equatable>(
        _ number: UInt32,
        _ name: StaticString,
        _ value: inout T,
        absent: @autoclosure () -> T
    ) throws(Fault) {
        try field(number, name, &value, absent: absent(), isWritten: value != absent())
    }
}
