import Engine

/// A claimed message as message `Outbox`; its stable key is the key.
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
    }

    package static func decode(
        _ bytes: UnsafeRawBufferPointer,
        key: String
    ) throws(ProtobufReader.Fault) -> OutboxMessage {
        var reader = ProtobufReader(bytes)
        var message = OutboxMessage(
            key: key,
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
        while let field = try reader.field() {
            switch field {
            case .bytes(1): message.user = try reader.string()
            case .varint(2): message.version.number = try reader.uint32()
            case .varint(3): message.version.version = try reader.uint32()
            case .fixed64(4): message.send = try reader.fixed64()
            case .bytes(5): message.channel = try reader.string()
            case .bytes(6): message.addresses.append(try reader.string())
            case .bytes(7): fields.append(try reader.member())
            case .varint(8): message.claimedAt = try reader.instant()
            case .bytes(9): message.campaign = try reader.string()
            default: try reader.skip(field)
            }
        }
        message.fields = Object(fields)
        return message
    }
}
