import Engine

/// What a field may hold: how it is written, read, shown, and declared in the schema.
protocol FieldType {
    static var declaration: FieldDeclaration { get }

    static func comes(as wire: ProtobufReader.Wire) -> Bool

    /// Nothing where it is what an absent field reads as.
    mutating func write(_ number: UInt32, to writer: inout ProtobufWriter)

    /// Reads what stands here: once for each time that the field occurs.
    mutating func take(
        _ wire: ProtobufReader.Wire,
        from reader: inout ProtobufReader
    ) throws(ProtobufReader.Fault)

    /// Nil where there is nothing to show.
    var json: Value? { get }
}

/// A type of which a field may hold one, none or many.
protocol SingleType: FieldType {
    static var typeName: String { get }
    static var wire: ProtobufReader.Wire { get }

    /// As proto3 has it: zero, empty or false.
    var isLeftOut: Bool { get }
    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter)
    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> Self
    static func append(
        to list: inout [Self],
        from reader: inout ProtobufReader
    ) throws(ProtobufReader.Fault)

    var shown: Value { get }
    var shownInList: Value { get }
}

struct FieldDeclaration {
    enum Label {
        case plain, optional, repeated, packed
    }

    var label = Label.plain
    var type: String
    var wire: ProtobufReader.Wire
    var message: (any StoredMessage.Type)?
}

extension SingleType {
    static var declaration: FieldDeclaration {
        FieldDeclaration(type: typeName, wire: wire, message: Self.self as? any StoredMessage.Type)
    }

    @inline(__always)
    static func comes(as wire: ProtobufReader.Wire) -> Bool { wire == Self.wire }

    @inline(__always)
    mutating func write(_ number: UInt32, to writer: inout ProtobufWriter) {
        if !isLeftOut { writePresent(number, to: &writer) }
    }

    @inline(__always)
    mutating func take(
        _ wire: ProtobufReader.Wire,
        from reader: inout ProtobufReader
    ) throws(ProtobufReader.Fault) {
        self = try Self.read(from: &reader)
    }

    @inline(__always)
    static func append(
        to list: inout [Self],
        from reader: inout ProtobufReader
    ) throws(ProtobufReader.Fault) {
        list.append(try read(from: &reader))
    }

    var json: Value? { shown }
    var shownInList: Value { shown }
}

/// One that may be absent: written even where it is zero.
extension Optional: FieldType where Wrapped: SingleType {
    static var declaration: FieldDeclaration {
        var declaration = Wrapped.declaration
        // Of a message proto3 tells anyway whether it is there.
        if Wrapped.wire != .bytes || declaration.type == "string" { declaration.label = .optional }
        return declaration
    }

    @inline(__always)
    static func comes(as wire: ProtobufReader.Wire) -> Bool { wire == Wrapped.wire }

    @inline(__always)
    mutating func write(_ number: UInt32, to writer: inout ProtobufWriter) {
        self?.writePresent(number, to: &writer)
    }

    @inline(__always)
    mutating func take(
        _ wire: ProtobufReader.Wire,
        from reader: inout ProtobufReader
    ) throws(ProtobufReader.Fault) {
        self = try Wrapped.read(from: &reader)
    }

    var json: Value? { self?.shown }
}

extension Array: FieldType where Element: SingleType {
    static var declaration: FieldDeclaration {
        var declaration = Element.declaration
        declaration.label = .repeated
        return declaration
    }

    @inline(__always)
    static func comes(as wire: ProtobufReader.Wire) -> Bool { wire == Element.wire }

    @inline(__always)
    mutating func write(_ number: UInt32, to writer: inout ProtobufWriter) {
        for var element in self { element.writePresent(number, to: &writer) }
    }

    @inline(__always)
    mutating func take(
        _ wire: ProtobufReader.Wire,
        from reader: inout ProtobufReader
    ) throws(ProtobufReader.Fault) {
        try Element.append(to: &self, from: &reader)
    }

    var json: Value? { .array(map(\.shownInList)) }
}

/// A repeated `Member`.
extension Object: FieldType {
    static var declaration: FieldDeclaration { FieldDeclaration(label: .repeated, type: "Member", wire: .bytes) }

    @inline(__always)
    static func comes(as wire: ProtobufReader.Wire) -> Bool { wire == .bytes }

    @inline(__always)
    mutating func write(_ number: UInt32, to writer: inout ProtobufWriter) {
        writer.members(number, self)
    }

    @inline(__always)
    mutating func take(
        _ wire: ProtobufReader.Wire,
        from reader: inout ProtobufReader
    ) throws(ProtobufReader.Fault) {
        append(try reader.member())
    }

    var json: Value? { .object(self) }
}

extension StoredMessage {
    static var typeName: String { about.name }
    static var wire: ProtobufReader.Wire { .bytes }
    var isLeftOut: Bool { false }

    @inline(__always)
    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) {
        writer.message(number) { describe(to: &$0) }
    }

    @inline(__always)
    func write(to writer: inout ProtobufWriter) {
        var fields = self
        fields.describe(to: &writer)
    }

    @inline(__always)
    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> Self {
        try MessageReader.read(try reader.bytes(), as: blank)
    }

    var shown: Value { .object(ShownFields.of(self)) }
}
