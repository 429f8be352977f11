import Engine

/// A claimed message as message `Outbox`; its place is the key.
package enum OutboxRecord {
    package static func encode(_ message: OutboxMessage, into writer: inout ProtobufWriter) {
        writer.string(1, message.user)
        writer.unsigned(2, message.version.number)
        writer.unsigned(3, message.version.version)
        writer.fixed(4, message.send)
        writer.string(5, message.channel)
        for address in message.addresses { writer.presentString(6, address) }
        writer.members(7, message.fields)
        writer.instant(8, milliseconds: message.claimedAt.milliseconds)
        writer.string(9, message.campaign)
        writer.string(10, message.key)
        writer.fixed(11, message.number)
        for since in message.addressesSince { writer.presentInstant(12, since) }
        writer.presentInstant(13, message.eventAt)
        for lead in message.leads {
            writer.message(14) {
                $0.string(1, lead.field)
                $0.unsigned(2, lead.bytes)
            }
        }
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> OutboxMessage {
        var reader = ProtobufReader(bytes)
        var message = OutboxMessage(
            number: 0,
            key: "",
            user: "",
            version: CampaignVersion(number: 0, version: 0),
            campaign: "",
            send: 0,
            channel: "",
            addresses: [],
            fields: Object(),
            claimedAt: .zero
        )
        var fields: [Object.Member] = []
        var eventAt: Instant?
        while let field = try reader.field() {
            switch field {
            case .bytes(1): message.user = try reader.text()
            case .varint(2): message.version.number = try reader.uint32()
            case .varint(3): message.version.version = try reader.uint32()
            case .fixed64(4): message.send = try reader.fixed64()
            case .bytes(5): message.channel = try reader.string()
            case .bytes(6): message.addresses.append(try reader.text())
            case .bytes(7): fields.append(try reader.member())
            case .varint(8): message.claimedAt = try reader.instant()
            case .bytes(9): message.campaign = try reader.text()
            case .bytes(10): message.key = try reader.string()
            case .fixed64(11): message.number = try reader.fixed64()
            case .varint(12): message.addressesSince.append(try reader.instant())
            case .varint(13): eventAt = try reader.instant()
            case .bytes(14): message.leads.append(try lead(try reader.message()))
            default: try reader.skip(field)
            }
        }
        message.fields = Object(fields)
        // Older versions did not say; it is the same in every try, too.
        message.eventAt = eventAt ?? message.claimedAt
        return message
    }

    private static func lead(_ reader: ProtobufReader) throws(ProtobufReader.Fault) -> FieldLead {
        var reader = reader
        var lead = FieldLead(field: "", bytes: 0)
        while let field = try reader.field() {
            switch field {
            case .bytes(1): lead.field = try reader.text()
            case .varint(2): lead.bytes = try reader.uint32()
            default: try reader.skip(field)
            }
        }
        return lead
    }
}

/// What is known of a claimed message's tries, as message `OutboxState`, beside it.
package enum OutboxStateRecord {
    package static func encode(_ state: OutboxState, into writer: inout ProtobufWriter) {
        writer.unsigned(1, state.attempts)
        writer.instant(2, milliseconds: state.notBefore.milliseconds)
        writer.string(3, state.reason)
        writer.boolean(4, state.isHandedOver)
        writer.boolean(5, state.isWithdrawn)
        for address in state.deadAddresses { writer.presentString(6, address) }
        for address in state.addresses { writer.presentString(7, address) }
        writer.unsigned(8, state.unknowns)
        if let service = state.doubtedBy { writer.presentString(9, service) }
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> OutboxState {
        var reader = ProtobufReader(bytes)
        var state = OutboxState()
        while let field = try reader.field() {
            switch field {
            case .varint(1): state.attempts = try reader.uint32()
            case .varint(2): state.notBefore = try reader.instant()
            case .bytes(3): state.reason = try reader.string()
            case .varint(4): state.isHandedOver = try reader.boolean()
            case .varint(5): state.isWithdrawn = try reader.boolean()
            case .bytes(6): state.deadAddresses.append(try reader.text())
            case .bytes(7): state.addresses.append(try reader.text())
            case .varint(8): state.unknowns = try reader.uint32()
            case .bytes(9): state.doubtedBy = try reader.string()
            default: try reader.skip(field)
            }
        }
        return state
    }
}
