import Engine

/// A campaign's tally as message `Tally`; its number is the key.
package enum TallyRecord {
    package static func encode(_ tally: Tally, into writer: inout ProtobufWriter) {
        tally.write(to: &writer)
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> Tally {
        try MessageReader.read(bytes, as: .blank)
    }
}

extension Tally: StoredMessage {
    static var about: MessageComment {
        MessageComment("Tally", "Family \"tallies\": what is counted of a campaign over all users.")
    }
    /// Of before versions were counted.
    static var blank: Self { Tally(matched: 0, ended: [], versions: nil) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        each.comment("Minutes since 1970, of which `slots` tells.")
        try each.field(1, "minute", &minute.asMinute)
        try each.field(2, "slots", &slots)
        each.comment("Users who take a place.")
        try each.field(3, "places", &places)
        each.comment("Messages of triggers that matched.")
        try each.field(4, "matched", &matched)
        try each.field(5, "ended", &ends)
        each.comment("Whether `versions` tells of everything that waits.")
        try each.field(6, "is_counted", &isCounted)
        try each.field(7, "versions", &versions)
    }

    /// How messages ended, a message of the schema for each code that any did.
    struct Ends: FieldType {
        var tally: Tally

        static var declaration: FieldDeclaration { [End].declaration }

        static func comes(as wire: ProtobufReader.Wire) -> Bool { wire == .bytes }

        mutating func write(_ number: UInt32, to writer: inout ProtobufWriter) {
            for code in Decision.Code.allCases where tally[code] != 0 {
                var end = End(code: .init(code), count: tally[code])
                end.writePresent(number, to: &writer)
            }
        }

        mutating func take(
            _ wire: ProtobufReader.Wire,
            from reader: inout ProtobufReader
        ) throws(ProtobufReader.Fault) {
            let end = try End.read(from: &reader)
            // A code of a newer program is passed over.
            if let code = end.code.code { tally[code] = end.count }
        }

        var json: Value? {
            let codes = Decision.Code.allCases.filter { tally[$0] != 0 }
            return codes.map { End(code: .init($0), count: tally[$0]) }.json
        }
    }

    struct End: StoredMessage {
        var code: CodeNumber
        var count: Int64

        static var about: MessageComment { MessageComment("End") }
        static var blank: Self { End(code: CodeNumber(), count: 0) }

        mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
            try each.field(1, "code", shown: .name("decision"), &code)
            try each.field(2, "count", &count)
        }
    }

    private var ends: Ends {
        get { Ends(tally: self) }
        set { self = newValue.tally }
    }
}

extension Tally.Version: StoredMessage {
    static var about: MessageComment {
        MessageComment(
            "VersionTally",
            "A version that messages wait for, or that may still convert. Without either it leaves."
        )
    }
    static var blank: Self { Tally.Version(0) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "version", &version)
        each.comment("Messages without an end.")
        try each.field(2, "waiting", &waiting)
        try each.field(3, "converts_until_ms", &convertsUntil)
    }
}
