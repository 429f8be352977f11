import Engine

/// A claimed message as message `Outbox`; its place is the key.
package enum OutboxRecord {
    package static func encode(_ message: OutboxMessage, into writer: inout ProtobufWriter) {
        message.write(to: &writer)
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> OutboxMessage {
        try MessageReader.read(bytes, as: .blank)
    }
}

/// What is known of a claimed message's tries, as message `OutboxState`, beside it.
package enum OutboxStateRecord {
    package static func encode(_ state: OutboxState, into writer: inout ProtobufWriter) {
        state.write(to: &writer)
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> OutboxState {
        try MessageReader.read(bytes, as: .blank)
    }
}

extension OutboxMessage: StoredMessage {
    static var about: MessageComment { MessageComment("Outbox", "Family \"outbox\".") }
    static var blank: Self {
        OutboxMessage(
            number: 0,
            key: "",
            user: "",
            version: .zero,
            campaign: "",
            send: 0,
            channel: "",
            addresses: [],
            fields: Object(),
            claimedAt: .zero
        )
    }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "user", &user)
        try each.field(2, "campaign", shown: .name("campaign_number"), &version.number)
        try each.field(3, "version", &version.version)
        try each.field(4, "send", &send)
        try each.field(5, "channel", &channel)
        try each.field(6, "addresses", &addresses)
        try each.field(7, "fields", &fields)
        try each.field(8, "claimed_at_ms", &claimedAt)
        try each.field(9, "campaign_id", shown: .name("campaign"), &campaign)
        try each.field(10, "key", &key)
        try each.field(11, "number", &number)
        each.comment(
            "Since when the user has each of the addresses, 0 where nobody knows. None: since the claim at the latest."
        )
        try each.field(12, "addresses_since_ms", &addressesSince)
        each.comment("When what triggered it happened; older versions did not say: `claimed_at_ms`.")
        try each.field(13, "event_at_ms", &eventAt, absent: claimedAt, isWritten: true)
        each.comment("Of fields that are URLs and that a template made a part of.")
        try each.field(14, "leads", &leads)
    }
}

extension FieldLead: StoredMessage {
    static var about: MessageComment {
        MessageComment("Lead", "How many bytes at the beginning of a field its campaign wrote itself.")
    }
    static var blank: Self { FieldLead(field: "", bytes: 0) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "field", &field)
        try each.field(2, "bytes", &bytes)
    }
}

extension OutboxState: StoredMessage {
    static var about: MessageComment {
        MessageComment(
            "OutboxState",
            "Family \"outbox\", beside a message of which a try has ended, or is not to be made."
        )
    }
    static var blank: Self { OutboxState() }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "attempts", &attempts)
        try each.field(2, "not_before_ms", &notBefore)
        try each.field(3, "reason", &reason)
        try each.field(4, "is_handed_over", &isHandedOver)
        try each.field(5, "is_withdrawn", &isWithdrawn)
        try each.field(6, "dead_addresses", &deadAddresses)
        each.comment("The user's addresses changed since the message was claimed: every further try goes to these.")
        try each.field(7, "addresses", shown: .name("addresses_now"), &addresses)
        each.comment("Tries of which nobody knows whether the provider took the message.")
        try each.field(8, "unknowns", &unknowns)
        each.comment(
            """
            The provider (empty: the channel has one) that called an address of its dead and was not believed: nothing \
            that it says of addresses is, before it accepts a message.
            """
        )
        try each.field(9, "doubted_by", &doubtedBy)
    }
}
