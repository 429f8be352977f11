import Engine

/// A campaign's tally as message `Tally`; its number is the key.
package enum TallyRecord {
    package static func encode(_ tally: Tally, into writer: inout ProtobufWriter) {
        writer.instant(1, milliseconds: tally.minute)
        writer.instant(2, milliseconds: tally.slots)
        writer.instant(3, milliseconds: tally.places)
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> Tally {
        var reader = ProtobufReader(bytes)
        var tally = Tally()
        while let field = try reader.field() {
            switch field {
            case .varint(1): tally.minute = try reader.int64()
            case .varint(2): tally.slots = try reader.int64()
            case .varint(3): tally.places = try reader.int64()
            default: try reader.skip(field)
            }
        }
        return tally
    }
}
