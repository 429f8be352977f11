/// One version of a campaign: what it waits for, how long, what cancels it, and what it says. The fields are those
/// of a campaign file.
package struct Campaign: Hashable, Sendable {
    package var id: CampaignID
    /// Where it is nil, the instant at which it was applied first (1.1.2).
    package var launchedAt: Instant?
    package var trigger: Occurrence
    /// Zero: at once (3.1).
    package var delay: Length
    /// Any one cancels (4.3).
    package var exceptions: [Occurrence]
    package var reEligibility: ReEligibility
    /// At least one, each to a channel of its own.
    package var messages: [Message]

    package init(
        id: CampaignID,
        launchedAt: Instant? = nil,
        trigger: Occurrence,
        delay: Length = .zero,
        exceptions: [Occurrence] = [],
        reEligibility: ReEligibility = .once,
        messages: [Message]
    ) {
        self.id = id
        self.launchedAt = launchedAt
        self.trigger = trigger
        self.delay = delay
        self.exceptions = exceptions
        self.reEligibility = reEligibility
        self.messages = messages
    }
}

/// Something that can trigger or except: the plug-in that knows it, that plug-in's own keys, and the two that the
/// host evaluates for every plug-in.
package struct Occurrence: Hashable, Sendable {
    package var type: String
    package var configuration: Object
    package var `where`: Filter?
    /// 4.14: an exception counts only if this property equals the trigger event's.
    package var same: String?

    package init(type: String, configuration: Object = Object(), where: Filter? = nil, same: String? = nil) {
        self.type = type
        self.configuration = configuration
        self.where = `where`
        self.same = same
    }
}

/// When a user who has received a campaign may receive it again (6).
package enum ReEligibility: Hashable, Sendable {
    /// One receipt for ever (6.1).
    case once
    /// Again at exactly receipt + this (6.5); zero never blocks.
    case after(Length)

    package static let longest = Length.days(720)  // 6.2
}

package struct Message: Hashable, Sendable {
    package enum Priority: UInt8, Hashable, Sendable, CaseIterable {
        case low, medium, high
    }

    package var channel: String
    /// The channel's own fields, templates unrendered.
    package var fields: Object
    /// 9.3; of a channel that waits for the next session.
    package var priority: Priority
    /// 9.5: counted from the instant at which the message could be shown.
    package var expiresAfter: Length?

    package init(
        channel: String,
        fields: Object = Object(),
        priority: Priority = .medium,
        expiresAfter: Length? = nil
    ) {
        self.channel = channel
        self.fields = fields
        self.priority = priority
        self.expiresAfter = expiresAfter
    }
}
