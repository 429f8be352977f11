/// Everything that deciding about one user needs: one value, read and written together.
package struct UserState: Hashable, Sendable {
    /// Attributes, and the fields with a meaning of their own: `email`, `time_zone`, `email_subscription`,
    /// `email_status`, `push_subscription`, `push_tokens`, `language`, `country`.
    package var profile: Object = Object()
    /// Since when the profile has each of its push tokens, in their order; zero where nobody knows. Empty: of none of
    /// them.
    package var pushTokensSince: [Instant] = []
    /// Of each campaign the newest that is certain, and beside it those of sends of which a message is still under way
    /// or in the queue.
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
    /// How often each event happened, and when last (7.3).
    package var counts: [EventCount] = []
    /// Single events and purchases, as long as an applied campaign looks back for them.
    package var happened: [Happened] = []
    package var spent: [Spent] = []
    /// The last 100 engagements, where an applied campaign asks for the best time (3.5).
    package var engagements: [Instant] = []
    /// Where the user was last, where an applied campaign asks for it (1.4).
    package var position: Position?
    /// Receipts that may still convert (8.3).
    package var conversionWindows: [ConversionWindow] = []
    /// Messages that count for frequency caps (10.2), of the last 31 days at least.
    package var counted: [CountedMessage] = []
    /// Campaigns of which this user takes a place (10.4).
    package var places: [Place] = []
    /// How often campaigns started in chains that still go on (1.5).
    package var chains: [Chain] = []
    /// Of campaigns that hear what this user does, but ask for other properties; missed last, it stands last.
    package var nearMisses: [NearMisses] = []
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

    package init(campaign: CampaignNumber, at: Instant, send: UInt64, isCertain: Bool) {
        self.campaign = campaign
        self.at = at
        self.send = send
        self.isCertain = isCertain
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
    /// Of the first send that later triggers pushed back to this one (4.9); of most the same.
    package var firstTrigger: Instant
    package var due: Instant
    /// The due instant before every hold; the receipt of an event that was overdue (13, 10.3).
    package var firstDue: Instant
    /// Whether it stands in its campaign's queue for the rate limit.
    package var isRateLimited = false
    /// Of the event that triggered (1.5).
    package var depth: UInt8 = 0
    package var chain: UInt64 = 0
    /// Of the event that triggered (10.8).
    package var properties: Object

    package init(
        send: UInt64,
        version: CampaignVersion,
        epoch: UInt32,
        trigger: Instant,
        firstTrigger: Instant? = nil,
        due: Instant,
        firstDue: Instant? = nil,
        properties: Object
    ) {
        self.send = send
        self.version = version
        self.epoch = epoch
        self.trigger = trigger
        self.firstTrigger = firstTrigger ?? trigger
        self.due = due
        self.firstDue = firstDue ?? due
        self.properties = properties
    }
}

/// How often an event happened, ever, and when last.
package struct EventCount: Hashable, Sendable {
    package var event: Text
    package var count: Int64
    package var last: Instant

    package init(event: Text, count: Int64, last: Instant) {
        self.event = event
        self.count = count
        self.last = last
    }
}

package struct Happened: Hashable, Sendable {
    package var event: Text
    package var at: Instant

    package init(event: Text, at: Instant) {
        self.event = event
        self.at = at
    }
}

/// Purchases of one currency: each while an applied campaign looks back for it, then all older ones as one.
package struct Spent: Hashable, Sendable {
    package var currency: Text
    /// Price times quantity.
    package var amount: ExactDecimal
    /// Nil: the sum of all that no campaign looks back for.
    package var at: Instant?

    package init(currency: Text, amount: ExactDecimal, at: Instant?) {
        self.currency = currency
        self.amount = amount
        self.at = at
    }
}

package struct Position: Hashable, Sendable {
    package var latitude: Double
    package var longitude: Double
    package var at: Instant

    package init(latitude: Double, longitude: Double, at: Instant) {
        self.latitude = latitude
        self.longitude = longitude
        self.at = at
    }
}

/// [receipt, receipt + deadline), in which events convert (8.3).
package struct ConversionWindow: Hashable, Sendable {
    package var version: CampaignVersion
    package var send: UInt64
    /// Nil: of a control user, who received nothing (8.7).
    package var channel: String?
    package var opened: Instant
    /// The conversions that were credited (8.4), by their places.
    package var credited: [Int]
    /// Whether the message is still under way: what is credited until then is not recorded yet (14, 8.3).
    package var isPending = false
    package var unrecorded: [Credit] = []

    package init(
        version: CampaignVersion,
        send: UInt64,
        channel: String?,
        opened: Instant,
        credited: [Int] = []
    ) {
        self.version = version
        self.send = send
        self.channel = channel
        self.opened = opened
        self.credited = credited
    }
}

/// A conversion that was credited to a message which nobody has accepted yet.
package struct Credit: Hashable, Sendable {
    /// Which of the campaign's conversions, the first being 0.
    package var place: Int
    /// Tells the event from others that converted.
    package var event: UInt64
    /// Of the event that converted, as an explanation has it.
    package var name: String
    package var time: Instant
    package var receivedAt: Instant
    package var depth: UInt8
    package var chain: UInt64
    /// Whether campaigns are told once the message is accepted.
    package var raises: Bool

    package init(
        place: Int,
        event: UInt64,
        name: String,
        time: Instant,
        receivedAt: Instant,
        depth: UInt8,
        chain: UInt64,
        raises: Bool
    ) {
        self.place = place
        self.event = event
        self.name = name
        self.time = time
        self.receivedAt = receivedAt
        self.depth = depth
        self.chain = chain
        self.raises = raises
    }
}

package struct CountedMessage: Hashable, Sendable {
    package var channel: String
    package var send: UInt64
    package var at: Instant

    package init(channel: String, send: UInt64, at: Instant) {
        self.channel = channel
        self.send = send
        self.at = at
    }
}

package struct Place: Hashable, Sendable {
    package var campaign: CampaignNumber
    /// The send that took it.
    package var send: UInt64

    package init(campaign: CampaignNumber, send: UInt64) {
        self.campaign = campaign
        self.send = send
    }
}

package struct Chain: Hashable, Sendable {
    package var id: UInt64
    package var campaign: CampaignNumber
    package var starts: UInt32

    package init(id: UInt64, campaign: CampaignNumber, starts: UInt32) {
        self.id = id
        self.campaign = campaign
        self.starts = starts
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
    /// The client asked for a better moment: not shown before.
    package var heldUntil: Instant?

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
    package var device: Text
    /// The first that happened meanwhile.
    package var exception: LeaseException?

    package init(token: UInt64, ends: Instant, device: Text, exception: LeaseException? = nil) {
        self.token = token
        self.ends = ends
        self.device = device
        self.exception = exception
    }
}

/// An exception of an entry that a client has; it counts at the end of the lease (13, 9.11).
package struct LeaseException: Hashable, Sendable {
    /// Of the event, as an explanation has it.
    package var name: String
    package var time: Instant
    package var depth: UInt8
    package var chain: UInt64
    /// Whether it was the campaign's trigger as well (4.9).
    package var isTrigger: Bool
    /// Whether campaigns are told of it: once per event and campaign (13), and of no trigger.
    package var raises: Bool

    package init(name: String, time: Instant, depth: UInt8, chain: UInt64, isTrigger: Bool, raises: Bool) {
        self.name = name
        self.time = time
        self.depth = depth
        self.chain = chain
        self.isTrigger = isTrigger
        self.raises = raises
    }
}

/// A message that a channel has, with what is given back if it comes to nothing.
package struct Claim: Hashable, Sendable {
    package var send: UInt64
    package var campaign: CampaignNumber
    package var channel: String
    /// The instant of the hand-over, which `delivered` will carry (13, Hand-over).
    package var at: Instant
    /// Which conversions it opens, and what it is a link of.
    package var version: CampaignVersion
    package var depth: UInt8
    package var chain: UInt64
    /// Whether the send took one of the minute's slots.
    package var tookSlot: Bool
    /// Its place in its channel's line.
    package var number: UInt64
    /// The user must not be reached any more: no further try.
    package var isWithdrawn = false
    /// Why; nil in what an older version wrote.
    package var withdrawnFor: Decision.Code?
    /// The user's addresses changed since: its tries go to those of then.
    package var isReaddressed = false

    package init(
        send: UInt64,
        campaign: CampaignNumber,
        channel: String,
        at: Instant,
        version: CampaignVersion? = nil,
        depth: UInt8 = 0,
        chain: UInt64 = 0,
        tookSlot: Bool = false,
        number: UInt64 = 0
    ) {
        self.send = send
        self.campaign = campaign
        self.channel = channel
        self.at = at
        self.version = version ?? CampaignVersion(number: campaign, version: 1)
        self.depth = depth
        self.chain = chain
        self.tookSlot = tookSlot
        self.number = number
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
    /// Whether the send stands in its campaign's queue for the rate limit, so that its head can be found (10.3).
    package var isRateLimited: Bool

    package init(at: Instant, send: UInt64, user: UserID, campaign: CampaignNumber, isRateLimited: Bool = false) {
        self.at = at
        self.send = send
        self.user = user
        self.campaign = campaign
        self.isRateLimited = isRateLimited
    }

    /// The rest is about the send.
    package static func == (left: Self, right: Self) -> Bool {
        left.at == right.at && left.send == right.send && left.user == right.user
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(at)
        hasher.combine(send)
        hasher.combine(user)
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.at, left.send, left.user) < (right.at, right.send, right.user)
    }
}
