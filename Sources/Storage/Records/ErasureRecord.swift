import Engine

/// That a user was forgotten, as message `Erasure`; the id is the key.
package enum ErasureRecord {
    package static func encode(_ erasure: Erasure, into writer: inout ProtobufWriter) {
        erasure.write(to: &writer)
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> Erasure {
        try MessageReader.read(bytes, as: .blank)
    }
}

extension Erasure: StoredMessage {
    static var about: MessageComment {
        MessageComment(
            "Erasure",
            "Under \"erased\" and the user's id in the default family, until nothing of the user is left on disk."
        )
    }
    static var blank: Self { Erasure(at: .zero, eventsBefore: 0, numbersBefore: 0) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "at_ms", &at)
        try each.field(2, "events_before", &eventsBefore.counter)
        try each.field(3, "numbers_before", &numbersBefore.counter)
    }
}
