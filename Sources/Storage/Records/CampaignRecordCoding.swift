import Engine

/// A campaign's version as message `Campaign`; its number and its version are the key.
extension CampaignRecord {
    package func encode(into writer: inout ProtobufWriter) {
        write(to: &writer)
    }

    package static func decode(
        _ bytes: UnsafeRawBufferPointer,
        _ key: CampaignVersion
    ) throws(ProtobufReader.Fault) -> CampaignRecord {
        var record = try MessageReader.read(bytes, as: Self.blank)
        (record.head.number, record.version) = (key.number, key.version)
        return record
    }
}

extension CampaignRecord: StoredMessage {
    static var about: MessageComment {
        MessageComment(
            "Campaign",
            "Family \"campaigns\": one version, with the head as it was when the version was written last."
        )
    }
    static var blank: Self { CampaignRecord(head: .blank, version: 0, definition: []) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "head", shown: .merged, &head)
        each.comment("A triggerd.v1.Campaign.")
        try each.field(2, "definition", &definition.opaque)
    }
}

extension CampaignHead: StoredMessage {
    static var about: MessageComment { MessageComment("CampaignHead") }
    static var blank: Self { CampaignHead(id: "", number: 0, version: 0, launchedAt: .zero, appliedAt: .zero) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "id", shown: .name("campaign"), &id)
        try each.field(2, "version", shown: .name("newest"), &version)
        try each.field(3, "launched_at_ms", &launchedAt)
        try each.field(4, "applied_at_ms", &appliedAt)
        try each.field(5, "is_stopped", &isStopped)
        try each.field(6, "stops_ms", &stops.packed)
        each.comment("Its name is free again. Of the highest number the record stays, so that none is given twice.")
        try each.field(7, "deleted_at_ms", &deletedAt)
    }
}
