import Engine

/// A message that was given up, as message `DeadLetter`; its number is the key.
package enum DeadLetterRecord {
    package static func encode(_ letter: DeadLetter, into writer: inout ProtobufWriter) {
        letter.write(to: &writer)
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> DeadLetter {
        try MessageReader.read(bytes, as: .blank)
    }
}

extension DeadLetter: StoredMessage {
    static var about: MessageComment {
        MessageComment(
            "DeadLetter",
            "Family \"failed\". The instant stands first: the sweep of old ones reads no further."
        )
    }
    static var blank: Self {
        DeadLetter(message: .blank, failedAt: .zero, code: .providerRejected, reason: "", attempts: 0)
    }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "failed_at_ms", &failedAt)
        try each.required(2, "message", shown: .merged, &message)
        try each.required(3, "code", shown: .name("decision"), &code)
        try each.field(4, "reason", &reason)
        try each.field(5, "attempts", &attempts)
        each.comment(
            "Of the message's addresses, those that the provider called dead: sent again, the message goes to them."
        )
        try each.field(6, "dead_addresses", &deadAddresses)
    }
}
