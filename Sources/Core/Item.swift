import Engine

/// One thing that a client tells of one user, validated.
package struct Item: Sendable {
    package var user: UserID
    /// The idempotency id, unique per user (1.1.4).
    package var id: Text?
    /// Nil: when it is received.
    package var time: Instant?
    /// What the client's clock, by which `time` is, said when it sent the item; nil: nobody doubts it.
    package var sentAt: Instant?
    /// It counts, and triggers, cancels and converts nothing (14).
    package var isHistory = false
    /// Set on the profile first.
    package var set: Object
    /// Nil where it only sets.
    package var occurred: Occurred?
    /// The client whose session starts.
    package var device: Text

    /// What happened, without the instants that only the engine's thread can give.
    package struct Occurred: Sendable {
        package var type: String
        package var subject: Text
        package var properties: Object

        package init(type: String, subject: Text, properties: Object) {
            (self.type, self.subject, self.properties) = (type, subject, properties)
        }
    }

    package init(
        user: UserID,
        id: Text?,
        time: Instant?,
        sentAt: Instant? = nil,
        isHistory: Bool = false,
        set: Object,
        occurred: Occurred?,
        device: Text
    ) {
        (self.user, self.id, self.time, self.sentAt) = (user, id, time, sentAt)
        (self.isHistory, self.set, self.occurred, self.device) = (isHistory, set, occurred, device)
    }

    /// Tells this content from another under the same id; the order of members does not count. When it was sent does
    /// not either: what is sent again is the same item.
    package var content: (UInt64, UInt64) {
        var hash = StableHash()
        hash.combine(word: UInt64(bitPattern: time?.milliseconds ?? 0))
        // 1970-01-01T00:00:00Z is not the absence of an instant.
        if time?.milliseconds == 0 { hash.combine(word: 1) }
        if isHistory { hash.combine("history") }
        hash.combine(set)
        if let occurred {
            hash.combine(occurred.type)
            hash.combine(occurred.subject)
            hash.combine(occurred.properties)
        }
        return hash.lanes
    }
}

extension Item {
    /// As it came in at `receipt`: where the client's clock is off by more than 5 s, its time is moved by as much (14).
    package func corrected(receivedAt receipt: Instant) -> Item {
        guard let sentAt, let time else { return self }
        var item = self
        item.sentAt = nil
        let error = receipt - sentAt
        if error > ItemLimits.clockError || error < Length(milliseconds: -ItemLimits.clockError.milliseconds) {
            item.time = min(max(time + error, Instant.allowed.lowerBound), receipt)
        }
        return item
    }

    /// When it happened, which is never later than its receipt (1.1.5).
    package func happened(receivedAt receipt: Instant) -> Instant {
        min(corrected(receivedAt: receipt).time ?? receipt, receipt)
    }

    /// About what it takes in memory, in bytes.
    package var memory: Int {
        let size = ObjectSize(set, occurred?.properties ?? Object())
        return 256 + user.utf8.count + size.bytes + 96 * size.values
    }
}
