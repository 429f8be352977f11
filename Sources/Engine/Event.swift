/// What happened to one user, as triggers, exceptions and conversions see it.
package struct Event: Sendable {
    /// `custom_event`, `purchase`, `session_start` ...
    package var type: String
    /// What the type is about: the name of a custom event, the product of a purchase, the attribute that changed,
    /// the campaign or the card; else empty.
    package var subject: Text
    package var user: UserID
    /// When it happened; never later than its receipt (1.1.5).
    package var time: Instant
    package var receivedAt: Instant
    /// The event's properties, its own fields (`product_id`, `price` ...) among them (13).
    package var properties: Object
    /// What changed, where something did: a position, an attribute.
    package var before: Value?
    package var after: Value?
    /// It counts, and triggers, cancels and converts nothing (14).
    package var isHistory = false
    /// Zero where it comes from outside, else one more than what caused it (1.5).
    package var depth: UInt8 = 0
    /// Tells the chain of what it causes from others; zero: its own.
    package var chain: UInt64 = 0

    package init(
        type: String,
        subject: Text = "",
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
    /// The profile's field whose values belong to one profile at a time (10.6).
    package static let pushTokens: Text = "push_tokens"

    package static let sessionStart = "session_start"
    package static let purchase = "purchase"
    package static let customEvent = "custom_event"
    package static let location = "location"
    package static let emailAdded = "email_added"
    package static let attributeChanged = "attribute_changed"
    package static let conversion = "conversion"
    package static let exception = "exception"
    package static let campaignInteraction = "campaign_interaction"
    package static let cardInteraction = "card_interaction"

    /// The interactions that only clients can know of (1.4, 13).
    package static let reportedInteractions = [
        "push_opened", "email_opened", "email_clicked", "in_app_clicked", "in_app_dismissed",
    ]
    /// The interaction that handing a message over is (1.4).
    package static func handOver(of channel: String) -> String { "\(channel)_received" }
    package static let inAppViewed = "in_app_viewed"
    package static let controlEnrolled = "control_enrolled"

    /// The name under which it is counted (7.3); nil: it is not.
    var countedName: Text? {
        switch type {
        case Self.customEvent: subject
        case Self.sessionStart, Self.purchase: Text(type)
        default: nil
        }
    }

    /// 3.5
    var isEngagement: Bool {
        switch type {
        case Self.sessionStart: true
        case Self.campaignInteraction:
            properties["action"] == "push_opened" || properties["action"] == "email_clicked"
        default: false
        }
    }
}
