import Engine
import Storage

/// Walks what a commit changes as keys and values, the same way for writing it and for taking it back.
struct Operations: ~Copyable {
    private var key = ProtobufWriter(capacity: 512)
    private var value = ProtobufWriter()

    /// Calls `body` with each key and its new value, nil where it goes; both are good within `body`. In
    /// the order in which every store takes them: a timer added and removed in one commit is gone.
    mutating func each<Fault: Error>(
        of changes: Changes,
        _ body: (Family, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) throws(Fault) -> Void
    ) throws(Fault) {
        for id in changes.deletedUsers {
            key.clear()
            key.userKey(id)
            try body(.users, key.bytes, nil)
        }
        for (id, state) in changes.users {
            begin()
            key.userKey(id)
            UserRecord.encode(state, into: &value)
            try body(.users, key.bytes, value.bytes)
        }
        for (token, owner) in changes.tokenOwners {
            begin()
            key.tokenKey(token)
            if let owner { value.utf8(owner) }
            try body(.tokens, key.bytes, owner == nil ? nil : value.bytes)
        }
        for timer in changes.timersAdded {
            begin()
            key.timerKey(timer)
            TimerRecord.encode(timer, into: &value)
            try body(.timers, key.bytes, value.bytes)
        }
        for timer in changes.timersRemoved {
            key.clear()
            key.timerKey(timer)
            try body(.timers, key.bytes, nil)
        }
        for stored in changes.decisions {
            begin()
            key.bigEndian(stored.decision.sequence)
            DecisionRecord.encode(stored, into: &value)
            try body(.decisions, key.bytes, value.bytes)
        }
        for (id, receipt) in changes.items {
            begin()
            key.itemKey(id)
            ItemRecord.encode(receipt, into: &value)
            try body(.items, key.bytes, value.bytes)
        }
        try eachOfOutbox(changes, body)
        for version in changes.campaignsRemoved {
            key.clear()
            key.campaignKey(version)
            try body(.campaigns, key.bytes, nil)
        }
        for number in changes.talliesRemoved {
            key.clear()
            key.tallyKey(number)
            try body(.tallies, key.bytes, nil)
        }
        for record in changes.campaigns {
            begin()
            key.campaignKey(CampaignVersion(number: record.head.number, version: record.version))
            record.encode(into: &value)
            try body(.campaigns, key.bytes, value.bytes)
        }
        for (number, tally) in changes.tallies {
            begin()
            key.tallyKey(number)
            TallyRecord.encode(tally, into: &value)
            try body(.tallies, key.bytes, value.bytes)
        }
        for event in changes.events {
            begin()
            key.eventKey(event.receivedAt, event.sequence)
            EventRecord.encode(event, into: &value)
            try body(.events, key.bytes, value.bytes)
        }
        for (user, erasure) in changes.erasures {
            begin()
            key.erasureKey(user)
            ErasureRecord.encode(erasure, into: &value)
            try body(.meta, key.bytes, value.bytes)
        }
        for user in changes.erasuresEnded {
            key.clear()
            key.erasureKey(user)
            try body(.meta, key.bytes, nil)
        }
        if let workspace = changes.workspace {
            begin()
            key.utf8(Self.workspaceKey)
            workspace.withUnsafeBytes { value.append($0) }
            try body(.meta, key.bytes, value.bytes)
        }
    }

    private mutating func eachOfOutbox<Fault: Error>(
        _ changes: Changes,
        _ body: (Family, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) throws(Fault) -> Void
    ) throws(Fault) {
        for message in changes.outboxAdded {
            begin()
            key.outboxKey(message.place, .message)
            OutboxRecord.encode(message, into: &value)
            try body(.outbox, key.bytes, value.bytes)
        }
        for (place, state) in changes.outboxStates {
            begin()
            key.outboxKey(place, .state)
            OutboxStateRecord.encode(state, into: &value)
            try body(.outbox, key.bytes, value.bytes)
        }
        for place in changes.outboxRemoved {
            key.clear()
            key.outboxKey(place, .message)
            try body(.outbox, key.bytes, nil)
        }
        for place in changes.outboxStatesRemoved {
            key.clear()
            key.outboxKey(place, .state)
            try body(.outbox, key.bytes, nil)
        }
        for letter in changes.deadLettersAdded {
            begin()
            key.bigEndian(letter.message.number)
            DeadLetterRecord.encode(letter, into: &value)
            try body(.failed, key.bytes, value.bytes)
        }
        for number in changes.deadLettersRemoved {
            key.clear()
            key.bigEndian(number)
            try body(.failed, key.bytes, nil)
        }
    }

    /// In the family of what the folder says of itself.
    static let workspaceKey = "workspace"

    private mutating func begin() {
        key.clear()
        value.clear()
    }
}
