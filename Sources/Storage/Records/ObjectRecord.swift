import Engine

// Values and objects, as messages `Value`, `Member`, `Array` and `Object`.

extension ProtobufWriter {
    /// A repeated `Member`.
    package mutating func members(_ field: UInt32, _ object: Object) {
        for member in object.members {
            message(field) { writer in
                writer.string(1, member.name)
                writer.kind(member.value)
            }
        }
    }

    package mutating func value(_ field: UInt32, _ value: Value) {
        message(field) { $0.kind(value) }
    }

    /// The oneof that `Value` and `Member` share; nothing for null.
    private mutating func kind(_ value: Value) {
        switch value {
        case .null: break
        case .boolean(let flag): presentUnsigned(2, flag ? 1 : 0)
        case .integer(let number): presentSigned(3, number)
        case .decimal(let number): presentFixed(4, number.bitPattern)
        case .string(let text): presentString(5, text)
        case .array(let elements):
            message(6) { writer in
                for element in elements { writer.value(1, element) }
            }
        case .object(let object): message(7) { $0.members(1, object) }
        }
    }
}

extension ProtobufReader {
    /// One `Member` that stands here.
    package mutating func member(depth: Int = 0) throws(Fault) -> Object.Member {
        var reader = try message()
        var name: Text = ""
        var value = Value.null
        while let field = try reader.field() {
            if field == Field(1, .bytes) {
                name = try reader.text()
            } else {
                try reader.kind(field, into: &value, depth)
            }
        }
        return Object.Member(name, value)
    }

    /// One `Value` that stands here.
    package mutating func value(depth: Int = 0) throws(Fault) -> Value {
        var reader = try message()
        var value = Value.null
        while let field = try reader.field() { try reader.kind(field, into: &value, depth) }
        return value
    }

    private mutating func kind(_ field: Field, into value: inout Value, _ depth: Int) throws(Fault) {
        switch (field.number, field.wire) {
        case (2, .varint): value = .boolean(try boolean())
        case (3, .varint): value = .integer(try signed())
        case (4, .fixed64): value = .decimal(Double(bitPattern: try fixed64()))
        case (5, .bytes): value = .string(try text())
        case (6, .bytes):
            guard depth < Self.deepest else { throw .tooDeep }
            var reader = try message()
            var elements: [Value] = []
            while let field = try reader.field() {
                if field == Field(1, .bytes) {
                    elements.append(try reader.value(depth: depth + 1))
                } else {
                    try reader.skip(field)
                }
            }
            value = .array(elements)
        case (7, .bytes):
            guard depth < Self.deepest else { throw .tooDeep }
            var reader = try message()
            var members: [Object.Member] = []
            while let field = try reader.field() {
                if field == Field(1, .bytes) {
                    members.append(try reader.member(depth: depth + 1))
                } else {
                    try reader.skip(field)
                }
            }
            value = .object(Object(members))
        default: try skip(field)
        }
    }
}
