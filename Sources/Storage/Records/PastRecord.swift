import Engine

// What is remembered of what a user did and received: fields of message `User`.

extension EventCount: StoredMessage {
    static var about: MessageComment { MessageComment("EventCount") }
    static var blank: Self { EventCount(event: "", count: 0, last: .zero) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "event", &event)
        try each.field(2, "count", &count)
        try each.field(3, "last_ms", &last)
    }
}

extension Happened: StoredMessage {
    static var about: MessageComment { MessageComment("Happened") }
    static var blank: Self { Happened(event: "", at: .zero) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "event", &event)
        try each.field(2, "at_ms", &at)
    }
}

extension Spent: StoredMessage {
    static var about: MessageComment { MessageComment("Spent") }
    static var blank: Self { Spent(currency: "", amount: .zero, at: nil) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "currency", &currency)
        try each.old(2, "millionths", Int64.self) { amount = ExactDecimal("\($0)e-6") ?? .zero }
        each.comment("Absent: the sum of all that no campaign looks back for.")
        try each.field(3, "at_ms", &at)
        each.comment("All digits, like `-12.5`.")
        try each.field(4, "amount", &amount)
    }
}

extension Position: StoredMessage {
    static var about: MessageComment { MessageComment("Position") }
    static var blank: Self { Position(latitude: 0, longitude: 0, at: .zero) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "latitude", &latitude)
        try each.field(2, "longitude", &longitude)
        try each.field(3, "at_ms", &at)
    }
}

extension ConversionWindow: StoredMessage {
    static var about: MessageComment { MessageComment("ConversionWindow") }
    static var blank: Self { ConversionWindow(version: .zero, send: 0, channel: nil, opened: .zero) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "campaign", &version.number)
        try each.field(2, "version", &version.version)
        try each.field(3, "send", &send)
        each.comment("Absent: of a control user.")
        try each.field(4, "channel", &channel)
        try each.field(5, "opened_ms", &opened)
        each.comment("The places of the conversions that were credited.")
        try each.field(6, "credited", &credited)
        each.comment(
            "Whether the message is still under way; until it is accepted nothing that was credited is recorded."
        )
        try each.field(7, "is_pending", &isPending)
        try each.field(8, "unrecorded", &unrecorded)
    }
}

extension Credit: StoredMessage {
    static var about: MessageComment { MessageComment("Credit") }
    static var blank: Self {
        Credit(place: 0, event: 0, name: "", time: .zero, receivedAt: .zero, depth: 0, chain: 0, raises: false)
    }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        each.comment("The place of the conversion.")
        try each.field(1, "place", &place)
        each.comment("Tells the event from others that converted.")
        try each.field(2, "event", &event)
        try each.field(3, "name", &name)
        try each.field(4, "time_ms", &time)
        try each.field(5, "received_ms", &receivedAt)
        try each.field(6, "depth", &depth)
        try each.field(7, "chain", &chain)
        each.comment("Whether campaigns are told once the message is accepted.")
        try each.field(8, "raises", &raises)
    }
}

extension CountedMessage: StoredMessage {
    static var about: MessageComment { MessageComment("CountedMessage") }
    static var blank: Self { CountedMessage(channel: "", send: 0, at: .zero) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "channel", &channel)
        try each.field(2, "send", &send)
        try each.field(3, "at_ms", &at)
    }
}

extension Place: StoredMessage {
    static var about: MessageComment { MessageComment("Place") }
    static var blank: Self { Place(campaign: 0, send: 0) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "campaign", &campaign)
        try each.field(2, "send", &send)
    }
}

extension Chain: StoredMessage {
    static var about: MessageComment { MessageComment("Chain") }
    static var blank: Self { Chain(id: 0, campaign: 0, starts: 0) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "id", &id)
        try each.field(2, "campaign", &campaign)
        try each.field(3, "starts", &starts)
    }
}

extension NearMisses: StoredMessage {
    static var about: MessageComment {
        MessageComment("NearMisses", "Events that a campaign hears, but for its `where`.")
    }
    static var blank: Self { NearMisses(campaign: 0) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "campaign", &campaign)
        try each.field(2, "count", &count)
        each.comment("The oldest first.")
        try each.field(3, "newest", &newest)
    }
}

extension NearMiss: StoredMessage {
    static var about: MessageComment { MessageComment("NearMiss") }
    static var blank: Self { NearMiss(at: .zero, version: 0, found: Object()) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "at_ms", &at)
        each.comment("Of the campaign.")
        try each.field(2, "version", &version)
        each.comment("What the event had of what was asked for, cut short.")
        try each.field(3, "found", &found)
    }
}
