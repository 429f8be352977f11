import Engine

/// Near misses as message `NearMisses`.
extension ProtobufWriter {
    mutating func nearMisses(_ field: UInt32, _ misses: NearMisses) {
        message(field) { writer in
            writer.unsigned(1, misses.campaign)
            writer.instant(2, milliseconds: misses.count)
            for miss in misses.newest {
                writer.message(3) { writer in
                    writer.instant(1, milliseconds: miss.at.milliseconds)
                    writer.unsigned(2, miss.version)
                    writer.members(3, miss.found)
                }
            }
        }
    }
}

extension ProtobufReader {
    mutating func nearMisses() throws(Fault) -> NearMisses {
        var reader = try message()
        var misses = NearMisses(campaign: 0)
        while let field = try reader.field() {
            switch field {
            case .varint(1): misses.campaign = try reader.uint32()
            case .varint(2): misses.count = try reader.int64()
            case .bytes(3): misses.newest.append(try reader.nearMiss())
            default: try reader.skip(field)
            }
        }
        return misses
    }

    private mutating func nearMiss() throws(Fault) -> NearMiss {
        var reader = try message()
        var miss = NearMiss(at: .zero, version: 0, found: Object())
        var found: [Object.Member] = []
        while let field = try reader.field() {
            switch field {
            case .varint(1): miss.at = try reader.instant()
            case .varint(2): miss.version = try reader.uint32()
            case .bytes(3): found.append(try reader.member())
            default: try reader.skip(field)
            }
        }
        miss.found = Object(found)
        return miss
    }
}
