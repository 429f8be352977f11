import Engine

/// What came in as message `Event`; the instant of its receipt and its sequence are the key.
package enum EventRecord {
    package static func encode(_ event: StoredEvent, into writer: inout ProtobufWriter) {
        writer.instant(1, milliseconds: event.receivedAt.milliseconds)  // first: the sweep reads no further
        writer.string(2, event.user)
        if let time = event.time { writer.presentInstant(3, time) }
        writer.members(4, event.set)
        writer.string(5, event.type)
        writer.string(6, event.subject)
        writer.members(7, event.properties)
        writer.boolean(8, event.isHistory)
    }

    package static func decode(
        _ bytes: UnsafeRawBufferPointer,
        receivedAt: Instant,
        sequence: UInt64
    ) throws(ProtobufReader.Fault) -> StoredEvent {
        var reader = ProtobufReader(bytes)
        var event = StoredEvent(
            receivedAt: receivedAt,
            sequence: sequence,
            user: "",
            time: nil,
            set: Object(),
            type: "",
            subject: "",
            properties: Object()
        )
        var set: [Object.Member] = []
        var properties: [Object.Member] = []
        while let field = try reader.field() {
            switch field {
            case .bytes(2): event.user = try reader.text()
            case .varint(3): event.time = try reader.instant()
            case .bytes(4): set.append(try reader.member())
            case .bytes(5): event.type = try reader.string()
            case .bytes(6): event.subject = try reader.text()
            case .bytes(7): properties.append(try reader.member())
            case .varint(8): event.isHistory = try reader.boolean()
            default: try reader.skip(field)
            }
        }
        event.set = Object(set)
        event.properties = Object(properties)
        return event
    }
}
