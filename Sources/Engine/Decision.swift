/// One thing that was decided about a user, and why (11).
package struct Decision: Hashable, Sendable {
    /// Its place in the order of everything decided; unique in a data folder.
    package var sequence: UInt64
    /// The instant of the decision: the receipt for what an event decides, else the send or session instant (13).
    package var at: Instant
    package var user: UserID
    package var campaign: CampaignID?
    /// Nil where it concerns the whole send.
    package var channel: String?
    package var code: Code
    /// The number in the rules.
    package var rule: String
    /// The values compared, by name.
    package var why: Object
    /// When this may change: the due instant, the end of a hold, the next eligibility.
    package var next: Instant?
    /// The send that it concerns: the sequence of its `scheduled` decision. Zero where nothing began to wait.
    package var send: UInt64
    /// With `converted`: which of the campaign's conversions, the first being 1.
    package var conversion: Int?
    /// Of a near miss: which of its campaign's it is, the first being 1. Zero of all that is kept as a decision.
    package var nearMiss: Int64 = 0

    package init(
        sequence: UInt64,
        at: Instant,
        user: UserID,
        campaign: CampaignID?,
        channel: String? = nil,
        code: Code,
        rule: String,
        why: Object = Object(),
        next: Instant? = nil,
        send: UInt64 = 0,
        conversion: Int? = nil,
        nearMiss: Int64 = 0
    ) {
        self.sequence = sequence
        self.at = at
        self.user = user
        self.campaign = campaign
        self.channel = channel
        self.code = code
        self.rule = rule
        self.why = why
        self.next = next
        self.send = send
        self.conversion = conversion
        self.nearMiss = nearMiss
    }

    package enum Code: String, Hashable, Sendable, CaseIterable {
        case delivered
        case converted
        case scheduled
        case queuedInApp = "queued_in_app"
        case deferredWindow = "deferred_window"
        case deferredQuietHours = "deferred_quiet_hours"
        case deferredRateLimit = "deferred_rate_limit"
        case deferredProvider = "deferred_provider"
        case redriven
        case rescheduledByTrigger = "rescheduled_by_trigger"
        case cancelledByException = "cancelled_by_exception"
        case beforeStart = "before_start"
        case afterEnd = "after_end"
        case eventBeforeLaunch = "event_before_launch"
        case campaignNotLive = "campaign_not_live"
        case campaignStopped = "campaign_stopped"
        case outsideWindowAtTrigger = "outside_window_at_trigger"
        case outsideWindowAtSend = "outside_window_at_send"
        case notInSegmentAtTrigger = "not_in_segment_at_trigger"
        case notInSegmentAtSend = "not_in_segment_at_send"
        case propertyFilterMismatch = "property_filter_mismatch"
        case alreadyReceived = "already_received"
        case reEligibilityPending = "reeligibility_pending"
        case delayInvalid = "delay_invalid"
        case templateAborted = "template_aborted"
        case templateError = "template_error"
        case quietHoursAborted = "quiet_hours_aborted"
        case frequencyCapped = "frequency_capped"
        case rateLimitExpired = "rate_limit_expired"
        case volumeCapReached = "volume_cap_reached"
        case controlGroup = "control_group"
        case globalControl = "global_control"
        case unsubscribed
        case notOptedIn = "not_opted_in"
        case noPushToken = "no_push_token"
        case noEmail = "no_email"
        case noAddress = "no_address"
        case hardBounced = "hard_bounced"
        case spamMarked = "spam_marked"
        case providerRejected = "provider_rejected"
        case providerGaveUp = "provider_gave_up"
        case duplicateEvent = "duplicate_event"
        case eventTooOld = "event_too_old"
        case inAppExpired = "iam_expired"
        case noSession = "no_session"
        case alreadyQueued = "already_queued"
        case inAppLowerPriority = "iam_lower_priority"
        case inAppMinimumInterval = "iam_min_interval"
        case inAppHeld = "iam_held"
        case chainTooDeep = "chain_too_deep"
        case tooManyWaiting = "too_many_waiting"
        case campaignDeleted = "campaign_deleted"

        /// Its place among all codes.
        var index: Int { Self.indices[self] ?? 0 }
        private static let indices = Dictionary(
            uniqueKeysWithValues: allCases.enumerated().map { ($0.element, $0.offset) }
        )

        /// Whether nothing more happens to what it concerns.
        package var isTerminal: Bool {
            switch self {
            case .scheduled, .queuedInApp, .deferredWindow, .deferredQuietHours, .deferredRateLimit, .deferredProvider,
                .redriven, .inAppLowerPriority, .inAppMinimumInterval, .inAppHeld, .noSession, .converted:
                false
            default: true
            }
        }
    }
}
