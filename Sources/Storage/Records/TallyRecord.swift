import Engine

/// A campaign's tally as message `Tally`; its number is the key.
package enum TallyRecord {
    package static func encode(_ tally: Tally, into writer: inout ProtobufWriter) {
        writer.instant(1, milliseconds: tally.minute)
        writer.instant(2, milliseconds: tally.slots)
        writer.instant(3, milliseconds: tally.places)
        writer.instant(4, milliseconds: tally.matched)
        for code in Decision.Code.allCases where tally[code] != 0 {
            writer.message(5) { writer in
                writer.unsigned(1, code.number)
                writer.instant(2, milliseconds: tally[code])
            }
        }
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> Tally {
        var reader = ProtobufReader(bytes)
        var tally = Tally()
        while let field = try reader.field() {
            switch field {
            case .varint(1): tally.minute = try reader.int64()
            case .varint(2): tally.slots = try reader.int64()
            case .varint(3): tally.places = try reader.int64()
            case .varint(4): tally.matched = try reader.int64()
            case .bytes(5):
                var part = try reader.message()
                var code: Decision.Code?
                var count: Int64 = 0
                while let field = try part.field() {
                    switch field {
                    case .varint(1): code = Decision.Code(number: try part.uint32())
                    case .varint(2): count = try part.int64()
                    default: try part.skip(field)
                    }
                }
                if let code { tally[code] = count }
            default: try reader.skip(field)
            }
        }
        return tally
    }
}
