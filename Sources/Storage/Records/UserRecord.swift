import Engine

/// A user's state as message `User`: read and written for every event, so both are straight walks.
package enum UserRecord {
    package static func encode(_ state: consuming UserState, into writer: inout ProtobufWriter) {
        state.describe(to: &writer)
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> UserState {
        try MessageReader.read(bytes, as: UserState())
    }
}

extension UserState: StoredMessage {
    static var about: MessageComment {
        MessageComment("User", "Family \"users\": everything that deciding about one user needs.")
    }
    static var blank: Self { UserState() }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "profile", &profile)
        try each.field(2, "receipts", &receipts)
        try each.field(3, "waits", &waits)
        try each.field(4, "queue", &queue)
        try each.field(5, "claims", &claims)
        try each.field(6, "seen_exceptions", &seenExceptions)
        try each.field(7, "last_session_ms", &lastSession)
        try each.field(8, "last_shown_ms", &lastShown)
        try each.field(9, "last_decision", &lastDecision)
        each.comment("How often each event happened, ever.")
        try each.field(10, "counts", &counts)
        each.comment("Single events and purchases, while an applied campaign looks back for them.")
        try each.field(11, "happened", &happened)
        try each.field(12, "spent", &spent)
        each.comment("The last 100 of what best times are made of, the oldest first.")
        try each.field(13, "engagements_ms", &engagements)
        try each.field(14, "position", &position)
        try each.field(15, "conversion_windows", &conversionWindows)
        each.comment("What counts for frequency caps.")
        try each.field(16, "counted", &counted)
        try each.field(17, "places", &places)
        try each.field(18, "chains", &chains)
        each.comment("The campaign that was missed last stands last.")
        try each.field(19, "near_misses", &nearMisses)
        each.comment(
            "Since when the profile has each of its push tokens, in their order; 0 where nobody knows. None: of none of them."
        )
        try each.field(20, "push_tokens_since_ms", &pushTokensSince)
    }
}

extension Wait: StoredMessage {
    static var about: MessageComment { MessageComment("Wait") }
    static var blank: Self {
        Wait(send: 0, version: .zero, epoch: 0, trigger: .zero, due: .zero, properties: Object())
    }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "send", &send)
        try each.field(2, "campaign", &version.number)
        try each.field(3, "version", &version.version)
        try each.field(4, "epoch", &epoch)
        try each.field(5, "trigger_ms", &trigger)
        try each.field(6, "due_ms", &due)
        try each.field(7, "properties", &properties)
        each.comment("The due instant before every hold; absent: `due_ms`.")
        try each.field(8, "first_due_ms", &firstDue, absent: due)
        try each.field(9, "is_rate_limited", &isRateLimited)
        try each.field(10, "depth", &depth)
        try each.field(11, "chain", &chain)
        each.comment("Of the first send that later triggers pushed back to this one; absent: `trigger_ms`.")
        try each.field(12, "first_trigger_ms", &firstTrigger, absent: trigger)
    }
}

extension QueueEntry: StoredMessage {
    static var about: MessageComment { MessageComment("QueueEntry") }
    static var blank: Self {
        QueueEntry(wait: .blank, channel: "", sequence: 0, available: .zero, expires: .zero)
    }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "wait", shown: .merged, &wait)
        try each.field(2, "channel", &channel)
        try each.field(3, "sequence", &sequence)
        try each.field(4, "available_ms", &available)
        try each.field(5, "expires_ms", &expires)
        try each.field(6, "lease", &lease)
        try each.field(7, "held_until_ms", &heldUntil)
    }
}

extension Lease: StoredMessage {
    static var about: MessageComment { MessageComment("Lease") }
    static var blank: Self { Lease(token: 0, ends: .zero, device: "") }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "token", &token)
        try each.field(2, "ends_ms", &ends)
        try each.field(3, "device", &device)
        try each.old(4, "is_excepted", Bool.self) { isExcepted in
            guard isExcepted else { return }  // It goes on without one.
            // It did not say what it was.
            exception = .blank
            exception?.time = ends
            exception?.raises = true
        }
        try each.field(5, "exception", &exception)
    }
}

extension LeaseException: StoredMessage {
    static var about: MessageComment {
        MessageComment("LeaseException", "An exception that happened while the message was leased.")
    }
    static var blank: Self {
        LeaseException(name: "", time: .zero, depth: 0, chain: 0, isTrigger: false, raises: false)
    }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "name", &name)
        try each.field(2, "time_ms", &time)
        try each.field(3, "depth", &depth)
        try each.field(4, "chain", &chain)
        try each.field(5, "is_trigger", &isTrigger)
        try each.field(6, "raises", &raises)
    }
}

extension Claim: StoredMessage {
    static var about: MessageComment { MessageComment("Claim") }
    static var blank: Self { Claim(send: 0, campaign: 0, channel: "", at: .zero, version: .zero) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "send", &send)
        try each.field(2, "campaign", &campaign)
        version.number = campaign
        try each.field(3, "channel", &channel)
        try each.field(4, "at_ms", &at)
        try each.field(5, "version", &version.version)
        try each.field(6, "depth", &depth)
        try each.field(7, "chain", &chain)
        try each.field(8, "took_slot", &tookSlot)
        each.comment("Its place in its channel's line.")
        try each.field(9, "number", &number)
        each.comment("The user must not be reached any more.")
        try each.field(10, "is_withdrawn", &isWithdrawn)
        each.comment("The user's addresses changed since.")
        try each.field(11, "is_readdressed", &isReaddressed)
        each.comment("Why the user must not be reached any more.")
        try each.field(12, "withdrawn_for", &withdrawnFor)
    }
}

extension SeenException: StoredMessage {
    static var about: MessageComment { MessageComment("SeenException") }
    static var blank: Self { SeenException(campaign: 0, occurrence: 0, time: .zero, same: nil) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "campaign", &campaign)
        try each.field(2, "occurrence", &occurrence)
        try each.field(3, "time_ms", shown: .name("at"), &time)
        try each.field(4, "same", &same)
    }
}

extension Instant {
    static let zero = Instant(milliseconds: 0)
}

extension CampaignVersion {
    static let zero = CampaignVersion(number: 0, version: 0)
}
