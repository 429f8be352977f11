package typealias UserID = String
package typealias CampaignID = String

/// What happened to one user, as triggers, exceptions and conversions see it.
package struct Event: Sendable {
    /// `custom_event`, `purchase`, `session_start` ...
    package var type: String
    /// What the type is about: the name of a custom event, the product of a purchase; else empty.
    package var subject: String
    package var user: UserID
    /// When it happened; never later than its receipt (1.1.5).
    package var time: Instant
    package var receivedAt: Instant
    /// The event's properties, its own fields (`product_id`, `price` ...) among them (13).
    package var properties: Object
    /// What changed, where something did: a position, an attribute.
    package var before: Value?
    package var after: Value?

    package init(
        type: String,
        subject: String = "",
        user: UserID,
        time: Instant,
        receivedAt: Instant,
        properties: Object = Object(),
        before: Value? = nil,
        after: Value? = nil
    ) {
        self.type = type
        self.subject = subject
        self.user = user
        self.time = min(time, receivedAt)  // 1.1.5
        self.receivedAt = receivedAt
        self.properties = properties
        self.before = before
        self.after = after
    }
}

extension Event {
    package static let sessionStart = "session_start"
    package static let purchase = "purchase"
    package static let customEvent = "custom_event"
}
