/// Everything that deciding about one user needs: one value, read and written together.
package struct UserState: Hashable, Sendable {
    /// Attributes, and the fields with a meaning of their own: `email`, `time_zone`, `email_subscription`,
    /// `email_status`, `push_subscription`, `push_tokens`, `language`, `country`.
    package var profile: Object = Object()
    /// At most one a campaign.
    package var receipts: [Receipt] = []
    /// In the order in which they began to wait.
    package var waits: [Wait] = []
    /// The in-app queue, in the order in which entries were made.
    package var queue: [QueueEntry] = []
    /// Messages that were handed over and whose outcome is not known yet.
    package var claims: [Claim] = []
    /// Exceptions of the last 7 days, for a trigger that arrives after them (4.13).
    package var seenExceptions: [SeenException] = []
    package var lastSession: Instant?
    /// 9.4: when an in-app message was last acknowledged.
    package var lastShown: Instant?
    /// The newest decision about this user, from which each names the one before; zero where there is none.
    package var lastDecision: UInt64 = 0

    package init() {}
}

/// That a user received a campaign (6.3).
package struct Receipt: Hashable, Sendable {
    package var campaign: CampaignNumber
    package var at: Instant
    /// The send that it is of.
    package var send: UInt64
    /// Whether a channel of that send has delivered; until then it is only reserved (13, Hand-over).
    package var isCertain: Bool
    /// What stands again if the reservation comes to nothing.
    package var previous: Instant?

    package init(
        campaign: CampaignNumber,
        at: Instant,
        send: UInt64,
        isCertain: Bool,
        previous: Instant? = nil
    ) {
        self.campaign = campaign
        self.at = at
        self.send = send
        self.isCertain = isCertain
        self.previous = previous
    }
}

/// A send that waits for its due instant.
package struct Wait: Hashable, Sendable {
    /// The sequence of its `scheduled` decision: its name, and its place among timers (10.7).
    package var send: UInt64
    /// The version it was made under, which it keeps (3.4).
    package var version: CampaignVersion
    package var epoch: UInt32
    package var trigger: Instant
    package var due: Instant
    /// Of the event that triggered (10.8).
    package var properties: Object

    package init(
        send: UInt64,
        version: CampaignVersion,
        epoch: UInt32,
        trigger: Instant,
        due: Instant,
        properties: Object
    ) {
        self.send = send
        self.version = version
        self.epoch = epoch
        self.trigger = trigger
        self.due = due
        self.properties = properties
    }
}

/// An in-app message that waits for a session (9).
package struct QueueEntry: Hashable, Sendable {
    package var wait: Wait
    package var channel: String
    /// The sequence of its `queued_in_app` decision: the later of two was created later (9.3).
    package var sequence: UInt64
    package var available: Instant
    /// `never` where it does not expire (9.5).
    package var expires: Instant
    package var lease: Lease?

    package init(
        wait: Wait,
        channel: String,
        sequence: UInt64,
        available: Instant,
        expires: Instant,
        lease: Lease? = nil
    ) {
        self.wait = wait
        self.channel = channel
        self.sequence = sequence
        self.available = available
        self.expires = expires
        self.lease = lease
    }
}

/// That one client has an entry to show (9.11).
package struct Lease: Hashable, Sendable {
    /// What acknowledges it; unique in a data folder.
    package var token: UInt64
    package var ends: Instant
    /// The client that has it, where it said so.
    package var device: String
    /// An exception that happened meanwhile; it counts at the end of the lease (13, 9.11).
    package var isExcepted: Bool

    package init(token: UInt64, ends: Instant, device: String, isExcepted: Bool = false) {
        self.token = token
        self.ends = ends
        self.device = device
        self.isExcepted = isExcepted
    }
}

/// A message that a channel has, with what is given back if it comes to nothing.
package struct Claim: Hashable, Sendable {
    package var send: UInt64
    package var campaign: CampaignNumber
    package var channel: String
    /// The instant of the hand-over, which `delivered` will carry (13, Hand-over).
    package var at: Instant

    package init(send: UInt64, campaign: CampaignNumber, channel: String, at: Instant) {
        self.send = send
        self.campaign = campaign
        self.channel = channel
        self.at = at
    }
}

/// That an exception of a campaign happened, whether or not anything waited (4.13).
package struct SeenException: Hashable, Sendable {
    package var campaign: CampaignNumber
    /// Which of the campaign's exceptions, told apart over its versions.
    package var occurrence: UInt64
    package var time: Instant
    /// The property that `same` names, where it names one.
    package var same: Value?

    package init(campaign: CampaignNumber, occurrence: UInt64, time: Instant, same: Value?) {
        self.campaign = campaign
        self.occurrence = occurrence
        self.time = time
        self.same = same
    }
}

/// Something that happens to a user at an instant if nothing comes first: a send is due, an in-app entry expires
/// or is no longer leased. A timer that finds nothing to do is a stale one.
package struct Timer: Hashable, Comparable, Sendable {
    package var at: Instant
    /// Of the send (10.7: timers of one instant go in the order in which their sends began to wait).
    package var send: UInt64
    package var user: UserID
    /// So that a campaign's timers can be found when it is stopped.
    package var campaign: CampaignNumber

    package init(at: Instant, send: UInt64, user: UserID, campaign: CampaignNumber) {
        self.at = at
        self.send = send
        self.user = user
        self.campaign = campaign
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.at, left.send, left.user) < (right.at, right.send, right.user)
    }
}
