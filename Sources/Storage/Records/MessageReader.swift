import Engine

/// Reads the fields of a message as its description names them. They stand by rising numbers where this program wrote
/// them, so one walk through the bytes meets each where it is asked for; what it does not know it passes over.
struct MessageReader: FieldVisitor {
    typealias Fault = ProtobufReader.Fault

    private var reader: ProtobufReader
    private var next: ProtobufReader.Field
    private var isOrdered = true
    private var lacksRequired = false

    /// Behind all fields.
    private static let end = ProtobufReader.Field(.max, .varint)

    @inline(__always)
    static func read<Message: StoredMessage>(
        _ bytes: UnsafeRawBufferPointer,
        as blank: @autoclosure () -> Message
    ) throws(Fault) -> Message {
        var message = blank()
        var fields = try MessageReader(bytes)
        try message.describe(to: &fields)
        try fields.passOverRest()
        guard fields.isOrdered else { return try readOrdered(bytes, blank()) }
        if fields.lacksRequired { throw .outOfRange }
        return message
    }

    @inline(__always)
    private init(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
        reader = ProtobufReader(bytes)
        next = try reader.field() ?? Self.end
    }

    // MARK: As a visitor

    @inline(__always)
    mutating func comment(_ text: StaticString) {}

    @inline(__always)
    mutating func field<T: FieldType>(
        _ number: UInt32,
        _ name: StaticString,
        shown: Shown,
        _ value: inout T
    ) throws(Fault) {
        while try isNext(number) {
            if T.comes(as: next.wire) {
                try value.take(next.wire, from: &reader)
            } else {
                try reader.skip(next)
            }
            try advance()
        }
    }

    @inline(__always)
    mutating func field<T: SingleType>(
        _ number: UInt32,
        _ name: StaticString,
        _ value: inout T,
        absent: @autoclosure () -> T,
        isWritten: Bool
    ) throws(Fault) {
        var found: T?
        try field(number, name, shown: .same, &found)
        value = found ?? absent()
    }

    @inline(__always)
    mutating func required<T: SingleType>(
        _ number: UInt32,
        _ name: StaticString,
        shown: Shown,
        _ value: inout T
    ) throws(Fault) {
        var found: T?
        try field(number, name, shown: shown, &found)
        if let found { value = found } else { lacksRequired = true }
    }

    @inline(__always)
    mutating func old<T: SingleType>(
        _ number: UInt32,
        _ name: StaticString,
        _ type: T.Type,
        _ take: (T) -> Void
    ) throws(Fault) {
        var found: T?
        try field(number, name, shown: .same, &found)
        if let found { take(found) }
    }

    // MARK: -

    /// Passes over fields of lower numbers, which nobody asked for.
    @inline(__always)
    private mutating func isNext(_ number: UInt32) throws(Fault) -> Bool {
        while next.number < number { try passOver() }
        return next.number == number
    }

    @inline(__always)
    private mutating func advance() throws(Fault) {
        let last = next.number
        next = try reader.field() ?? Self.end
        if next.number < last { isOrdered = false }
    }

    @inline(never)
    private mutating func passOver() throws(Fault) {
        try reader.skip(next)
        try advance()
    }

    @inline(__always)
    private mutating func passOverRest() throws(Fault) {
        while next.number != Self.end.number { try passOver() }
    }

    /// Protobuf promises no order: another program may have written it.
    @inline(never)
    private static func readOrdered<Message: StoredMessage>(
        _ bytes: UnsafeRawBufferPointer,
        _ blank: Message
    ) throws(Fault) -> Message {
        var reader = ProtobufReader(bytes)
        var fields: [(number: UInt32, place: Int, bytes: UnsafeRawBufferPointer)] = []
        var rest = reader.rest
        while let field = try reader.field() {
            try reader.skip(field)
            let length = rest.count - reader.rest.count
            fields.append((field.number, fields.count, UnsafeRawBufferPointer(rebasing: rest[..<length])))
            rest = reader.rest
        }
        fields.sort { ($0.number, $0.place) < ($1.number, $1.place) }
        let ordered = fields.flatMap(\.bytes)
        return try ordered.withUnsafeBytes { bytes in
            Result { () throws(Fault) in try read(bytes, as: blank) }
        }.get()
    }
}
