import Engine

/// That a user was forgotten, as message `Erasure`; the id is the key.
package enum ErasureRecord {
    package static func encode(_ erasure: Erasure, into writer: inout ProtobufWriter) {
        writer.instant(1, milliseconds: erasure.at.milliseconds)
        writer.unsigned(2, erasure.eventsBefore)
        writer.unsigned(3, erasure.numbersBefore)
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> Erasure {
        var reader = ProtobufReader(bytes)
        var erasure = Erasure(at: .zero, eventsBefore: 0, numbersBefore: 0)
        while let field = try reader.field() {
            switch field {
            case .varint(1): erasure.at = try reader.instant()
            case .varint(2): erasure.eventsBefore = try reader.varint()
            case .varint(3): erasure.numbersBefore = try reader.varint()
            default: try reader.skip(field)
            }
        }
        return erasure
    }
}
