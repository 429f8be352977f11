import Engine

/// A campaign's version as message `Campaign`; its number and its version are the key.
extension CampaignRecord {
    package func encode(into writer: inout ProtobufWriter) {
        writer.message(1) { writer in
            writer.string(1, head.id)
            writer.unsigned(2, head.version)
            writer.instant(3, milliseconds: head.launchedAt.milliseconds)
            writer.instant(4, milliseconds: head.appliedAt.milliseconds)
            writer.boolean(5, head.isStopped)
            if !head.stops.isEmpty {
                writer.message(6) { writer in
                    for stop in head.stops { writer.varint(UInt64(bitPattern: stop.milliseconds)) }
                }
            }
        }
        definition.withUnsafeBytes { if !$0.isEmpty { writer.presentBytes(2, $0) } }
    }

    package static func decode(
        _ bytes: UnsafeRawBufferPointer,
        _ key: CampaignVersion
    ) throws(ProtobufReader.Fault) -> CampaignRecord {
        var reader = ProtobufReader(bytes)
        var head = CampaignHead(id: "", number: key.number, version: 0, launchedAt: .zero, appliedAt: .zero)
        var definition: [UInt8] = []
        while let field = try reader.field() {
            switch field {
            case .bytes(1):
                var part = try reader.message()
                try part.head(into: &head)
            case .bytes(2): definition = Array(try reader.bytes())
            default: try reader.skip(field)
            }
        }
        return CampaignRecord(head: head, version: key.version, definition: definition)
    }
}

extension ProtobufReader {
    fileprivate mutating func head(into head: inout CampaignHead) throws(Fault) {
        while let field = try field() {
            switch field {
            case .bytes(1): head.id = try text()
            case .varint(2): head.version = try uint32()
            case .varint(3): head.launchedAt = try instant()
            case .varint(4): head.appliedAt = try instant()
            case .varint(5): head.isStopped = try boolean()
            case .bytes(6):
                var packed = try message()
                while !packed.isAtEnd { head.stops.append(try packed.instant()) }
            case .varint(6): head.stops.append(try instant())
            default: try skip(field)
            }
        }
    }
}
