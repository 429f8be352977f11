/// One version of a campaign: what it waits for, how long, what cancels it, and what it says. The fields are those
/// of a campaign file.
package struct Campaign: Hashable, Sendable {
    package var id: CampaignID
    /// Where it is nil, the instant at which it was applied first (1.1.2).
    package var launchedAt: Instant?
    package var trigger: Occurrence
    /// To whom (7); nil: everybody.
    package var audience: Filter?
    /// Whether the audience is judged again at the send (7.1.6).
    package var rechecksAudience = false
    package var delay = Delay.none
    /// A debounce (4.9) is due at the latest so long after the first trigger of its chain (14).
    package var debouncesAtMost: Length?
    /// Any one cancels (4.3).
    package var exceptions: [Occurrence] = []
    package var duration: CampaignDuration?
    package var window: Window?
    package var reEligibility = ReEligibility.once
    package var quietHours = QuietHoursChoice.workspace
    /// The first is the primary one (8.6).
    package var conversions: [Conversion] = []
    /// An event older than this at its receipt is ignored (3.2.3).
    package var maxEventAge: Length?
    /// Sends in a clock minute (10.3).
    package var rateLimit: Int64?
    /// Users in all (10.4).
    package var maxRecipients: Int64?
    package var isExemptFromFrequencyCaps = false
    /// Only users who opted in, not all that did not opt out (10.6).
    package var requiresOptIn = false
    package var controlGroup: ControlGroup?
    /// On the profile at the send instant (10.8).
    package var abortIf: Filter?
    /// At least one, each to a channel of its own.
    package var messages: [Message]

    package init(
        id: CampaignID,
        launchedAt: Instant? = nil,
        trigger: Occurrence,
        delay: Delay = .none,
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

/// Something that can trigger, except or convert: the plug-in that knows it, that plug-in's own keys, and the two
/// that the host evaluates for every plug-in.
package struct Occurrence: Hashable, Sendable {
    package var type: String
    package var configuration: Object
    package var `where`: Filter?
    /// 4.14: an exception counts only if this property equals the trigger event's.
    package var same: PropertyPath?

    package init(type: String, configuration: Object = Object(), where: Filter? = nil, same: PropertyPath? = nil) {
        self.type = type
        self.configuration = configuration
        self.where = `where`
        self.same = same
    }
}

/// Whose clock a wall-clock rule reads (3.3.1).
package enum ZoneChoice: String, Hashable, Sendable, CaseIterable {
    case user, company
}

/// From the trigger to the due instant (3.1).
package enum Delay: Hashable, Sendable {
    /// Zero is no delay.
    case length(Length)
    /// The first such day after the trigger's, at that time.
    case next(Weekday, at: TimeOfDay, ZoneChoice)
    /// So many calendar days after the trigger's, at that time.
    case days(Int64, at: TimeOfDay, ZoneChoice)
    /// The date that an event property holds, or so long after it; before it where the length is below zero (14).
    case until(PropertyPath, shift: Length)

    package enum TimeOfDay: Hashable, Sendable {
        case clock(ClockTime)
        /// The hour at which the user engages most; the fallback where too little is known (3.5).
        case best(fallback: ClockTime)
    }

    package static let none = Delay.length(.zero)
    /// 3.5.2
    package static let fallback = ClockTime(milliseconds: 17 * 3_600_000)
}

/// [start, end), each on its own clock (5.1).
package struct CampaignDuration: Hashable, Sendable {
    package var start: WallTime?
    package var end: WallTime?
    /// Of the instants without an offset; nil: UTC (13).
    package var zone: ZoneChoice?

    package init(start: WallTime? = nil, end: WallTime? = nil, zone: ZoneChoice? = nil) {
        self.start = start
        self.end = end
        self.zone = zone
    }
}

/// The times of day at which a campaign may send (5.2).
package struct Window: Hashable, Sendable {
    package enum Anchor: String, Hashable, Sendable, CaseIterable {
        case triggerAndDelivery = "trigger_and_delivery"
        case delivery
    }

    package var hours: ClockRange
    package var isNextAvailable: Bool
    package var anchor: Anchor
    package var zone: ZoneChoice

    package init(
        hours: ClockRange,
        isNextAvailable: Bool = false,
        anchor: Anchor = .triggerAndDelivery,
        zone: ZoneChoice = .user
    ) {
        self.hours = hours
        self.isNextAvailable = isNextAvailable
        self.anchor = anchor
        self.zone = zone
    }
}

/// When nothing is sent, on the user's clock (10.1).
package struct QuietHours: Hashable, Sendable {
    package enum Mode: String, Hashable, Sendable, CaseIterable {
        /// Held to the end.
        case `defer`
        case abort
    }

    package var hours: ClockRange
    package var mode: Mode

    package init(hours: ClockRange, mode: Mode = .defer) {
        self.hours = hours
        self.mode = mode
    }
}

package enum QuietHoursChoice: Hashable, Sendable {
    case workspace
    case none
    case own(QuietHours)
}

/// What counts as a success after a receipt (8).
package struct Conversion: Hashable, Sendable {
    package var occurrence: Occurrence
    /// Counted from the receipt (8.3).
    package var within: Length

    package init(_ occurrence: Occurrence, within: Length = Self.defaultDeadline) {
        self.occurrence = occurrence
        self.within = within
    }

    /// 8.2
    package static let defaultDeadline = Length.days(3)
}

/// Who is held out on purpose (10.5).
package enum ControlGroup: Hashable, Sendable {
    /// By the user's random bucket.
    case percent(Double)
    case users([UserID])

    /// `salt` tells one group's buckets from another's.
    package func contains(_ user: UserID, salt: String) -> Bool {
        switch self {
        case .users(let users): return users.contains(user)
        case .percent(let percent):
            var hash = StableHash()
            hash.combine(salt)
            hash.combine(user)
            return Double(hash.value % 10_000) < percent * 100
        }
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

/// What campaign files say: campaigns, and what holds for all of them where a file says so.
package struct CampaignSet: Sendable {
    package var campaigns: [Campaign]
    /// Nil: as it is.
    package var workspace: Workspace?
    /// Where those that were read from files stand.
    package var places: [CampaignID: CampaignPlaces] = [:]

    package init(campaigns: [Campaign] = [], workspace: Workspace? = nil) {
        self.campaigns = campaigns
        self.workspace = workspace
    }

    package var isEmpty: Bool { campaigns.isEmpty && workspace == nil }

    /// Gives false where both have a workspace: only one can hold.
    package mutating func add(_ other: CampaignSet) -> Bool {
        campaigns += other.campaigns
        places.merge(other.places) { first, _ in first }
        guard workspace == nil || other.workspace == nil else { return false }
        workspace = workspace ?? other.workspace
        return true
    }
}

/// What holds for all campaigns.
package struct Workspace: Hashable, Sendable {
    /// The "company" zone, and that of a user who has none.
    package var timeZone = "UTC"
    package var frequencyCaps: [FrequencyCap] = []
    /// The global one (10.5).
    package var controlGroup: ControlGroup?
    package var quietHours: QuietHours?

    package init() {}
}

/// So many messages at most in a time (10.2).
package struct FrequencyCap: Hashable, Sendable {
    package enum Period: Hashable, Sendable {
        /// (t - length, t]
        case rolling(Length)
        /// Today and the days before it, on the user's calendar.
        case days(Int64)

        /// Reads minutes and hours, which roll, and days and weeks, which are calendar days (13); nil for others.
        package init?(_ text: String) {
            guard let length = Length(text), length != .zero, let unit = text.last else { return nil }
            switch unit {
            case "m", "h": self = .rolling(length)
            case "d", "w": self = .days(length.milliseconds / Length.day.milliseconds)
            default: return nil
            }
        }

        package var description: String {
            switch self {
            case .days(let days): "\(days)d"
            case .rolling(let length):
                length.milliseconds % 3_600_000 == 0
                    ? "\(length.milliseconds / 3_600_000)h" : "\(length.milliseconds / 60_000)m"
            }
        }
    }

    package var atMost: Int64
    /// Nil: any.
    package var channel: String?
    package var per: Period

    package init(atMost: Int64, channel: String? = nil, per: Period) {
        self.atMost = atMost
        self.channel = channel
        self.per = per
    }

    /// Longer ago than this nothing counts, on any clock.
    package var reach: Length {
        switch per {
        case .rolling(let length): length
        case .days(let days): .days(days + 2)
        }
    }
}
