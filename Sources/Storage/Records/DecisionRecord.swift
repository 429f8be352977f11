import Engine

/// A decision as message `Decision`; its sequence is the key.
package enum DecisionRecord {
    package static func encode(_ stored: StoredDecision, into writer: inout ProtobufWriter) {
        stored.write(to: &writer)
    }

    package static func decode(
        _ bytes: UnsafeRawBufferPointer,
        sequence: UInt64
    ) throws(ProtobufReader.Fault) -> StoredDecision {
        var stored = try MessageReader.read(bytes, as: StoredDecision.blank)
        stored.decision.sequence = sequence
        return stored
    }
}

extension StoredDecision: StoredMessage {
    static var about: MessageComment {
        MessageComment(
            "Decision",
            "Family \"decisions\". The instant stands first: the sweep of old decisions reads no further."
        )
    }
    static var blank: Self {
        StoredDecision(
            decision: Decision(sequence: 0, at: .zero, user: "", campaign: nil, code: .delivered, rule: ""),
            previous: 0
        )
    }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "at_ms", &decision.at)
        try each.field(2, "user", &decision.user)
        try each.field(3, "campaign", &decision.campaign)
        try each.field(4, "channel", &decision.channel)
        try each.required(5, "code", shown: .name("decision"), &decision.code)
        try each.field(6, "rule", &decision.rule)
        try each.field(7, "why", &decision.why)
        try each.field(8, "next_ms", &decision.next)
        try each.field(9, "send", &decision.send)
        each.comment("The sequence of the same user's decision before this one; 0: none.")
        try each.field(10, "previous", &previous)
        each.comment("With CONVERTED: which of the campaign's conversions, the first being 1.")
        try each.field(11, "conversion", &decision.conversion.number)
    }
}

extension Int? {
    /// Itself, where an `Int` alone would be a place.
    fileprivate var number: UInt32? {
        get { map { UInt32($0) } }
        set { self = newValue.map { Int($0) } }
    }
}
