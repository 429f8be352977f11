import Engine

/// What came in as message `Event`; the instant of its receipt and its sequence are the key.
package enum EventRecord {
    package static func encode(_ event: StoredEvent, into writer: inout ProtobufWriter) {
        event.write(to: &writer)
    }

    package static func decode(
        _ bytes: UnsafeRawBufferPointer,
        receivedAt: Instant,
        sequence: UInt64
    ) throws(ProtobufReader.Fault) -> StoredEvent {
        var event = try MessageReader.read(bytes, as: StoredEvent.blank)
        (event.receivedAt, event.sequence) = (receivedAt, sequence)
        return event
    }
}

extension StoredEvent: StoredMessage {
    static var about: MessageComment {
        MessageComment(
            "Event",
            "Family \"events\": what came in. The instant stands first: the sweep of old events reads no further."
        )
    }
    static var blank: Self {
        StoredEvent(
            receivedAt: .zero,
            sequence: 0,
            user: "",
            time: nil,
            set: Object(),
            type: "",
            subject: "",
            properties: Object()
        )
    }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "received_at_ms", &receivedAt)
        try each.field(2, "user", &user)
        try each.field(3, "time_ms", shown: .name("at"), &time)
        try each.field(4, "set", &set)
        try each.field(5, "type", &type)
        try each.field(6, "subject", &subject)
        try each.field(7, "properties", &properties)
        try each.field(8, "is_history", &isHistory)
    }
}
