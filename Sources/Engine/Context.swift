/// What deciding needs beside the user's state, all of it values. What it calls stands here and nowhere else, and keeps
/// to one contract: bounded in time and memory whatever it is given, no I/O, nothing remembered that could be seen, the
/// same answer for the same question in any process, and callable from any thread. What breaks it (a plug-in that ends
/// the process, a template that fails) is caught by who handed it in.
package final class Context: Sendable {
    package let campaigns: CampaignTable
    /// By name; a message to a channel that is not here cannot be sent.
    package let channels: [String: ChannelRules]
    package let workspace: Workspace
    package let limits: Limits
    /// The data folder's name, the first part of every idempotency key.
    package let identity: String
    /// Who listens for an event and is meant by it, campaigns in order of creation.
    package let match: @Sendable (Event) -> [Match]
    package let render: @Sendable (Rendering) -> Rendered
    /// Nil for a name that no zone has (3.3.2).
    package let zone: @Sendable (String) -> Zone?
    /// Whether every provider accepts and every display is acknowledged at once, as in a scenario.
    package let acceptsAtOnce: Bool

    package init(
        campaigns: CampaignTable = CampaignTable(),
        channels: [String: ChannelRules] = [:],
        workspace: Workspace = Workspace(),
        limits: Limits = Limits(),
        identity: String,
        acceptsAtOnce: Bool = false,
        zone: @escaping @Sendable (String) -> Zone? = { _ in nil },
        match: @escaping @Sendable (Event) -> [Match] = { _ in [] },
        render: @escaping @Sendable (Rendering) -> Rendered
    ) {
        self.campaigns = campaigns
        self.channels = channels
        self.workspace = workspace
        self.acceptsAtOnce = acceptsAtOnce
        self.zone = zone
        self.limits = limits
        self.identity = identity
        self.match = match
        self.render = render
    }

    /// The same, but by these campaigns: their heads changed, and nothing else.
    package func with(_ campaigns: CampaignTable) -> Context {
        Context(
            campaigns: campaigns,
            channels: channels,
            workspace: workspace,
            limits: limits,
            identity: identity,
            acceptsAtOnce: acceptsAtOnce,
            zone: zone,
            match: match,
            render: render
        )
    }
}

/// What the rules need to know of a channel.
package struct ChannelRules: Hashable, Sendable {
    /// Whether its messages wait for the user's next session (9).
    package var queues: Bool
    /// The profile's fields that make a user reachable (10.6); nil: none is needed.
    package var addressField: String?
    package var statusField: String?
    package var consentField: String?

    package init(
        queues: Bool,
        addressField: String? = nil,
        statusField: String? = nil,
        consentField: String? = nil
    ) {
        self.queues = queues
        self.addressField = addressField
        self.statusField = statusField
        self.consentField = consentField
    }
}

/// The engine's limits and lengths.
package struct Limits: Sendable {
    /// 9.4: between two in-app messages to one user.
    package var inAppInterval = Length.seconds(30)
    /// 9.11: how long a client has a message before it is queued again.
    package var lease = Length.seconds(30)
    /// 4.13: how far back a late trigger looks for exceptions.
    package var exceptionMemory = Length.days(7)
    /// 13, 5.1.4: how long after its first due instant windows and quiet hours may hold a send.
    package var longestHold = Length.days(7)
    /// 10.3: how long a rate limit may.
    package var longestRateLimit = Length.days(3)
    /// 3.1: how far ahead a property's date may lie.
    package var longestUntil = Length.days(731)
    /// 1.5: an event of this depth starts nothing, nor does a campaign start more often in one chain.
    package var chain = 16
    /// 3.5.1
    package var engagements = 100
    /// 3.5.2: with fewer, the fallback counts.
    package var fewestEngagements = 5
    /// How long after its end a conversion window waits for events that arrive late.
    package var lateConversions = Length.days(30)
    /// How far back single events are kept once a campaign looks back for them at all: a campaign that is applied later
    /// may look further than those before (7.3), and a month is what most ask for.
    package var reach = Length.days(31)
    /// Single events of one name kept for one user: with more the oldest of that name are forgotten, so that a record
    /// stays small and no name pushes out another's (14, 7.3).
    package var happened = 4_096
    /// Single purchases of one currency kept for one user: with more the oldest count for totals without `in_last` alone.
    package var spent = 4_096
    /// Names of events that are counted for one user, however many a client makes up.
    package var eventNames = 4_096
    /// Messages of one user that have no end yet, and what the properties of their triggers hold, in bytes: a record is
    /// read and written whole whenever anything happens to its user.
    package var waiting = 4_096
    package var waitingBytes = 8 << 20
    /// Receipts of one user that may still convert: with more the oldest no longer do.
    package var conversionWindows = 4_096
    /// Times that one exception of one campaign is remembered for one user: with more in 7 days the oldest are
    /// forgotten, so that a record stays small whatever a client sends.
    package var seenExceptions = 256
    /// 14, 10.2: how far back messages are counted for caps that may be applied later.
    package var countedForCaps = Length.days(31)
    /// Of those, the newest of one user: a cap that allows as many caps nothing.
    package var counted = 4_096

    /// Near misses that are remembered of one user and campaign,
    package var nearMisses = 3
    /// of so many campaigns, those that were missed last: a user's record is written whenever something happens,
    package var nearMissCampaigns = 128
    /// and so many in all, each with about so many bytes of what was found.
    package var nearMissesInAll = 128
    package var bytesOfNearMiss = 256

    package init() {}
}

/// A message to render: which, over which properties and profile.
package struct Rendering: Sendable {
    package var version: CampaignVersion
    package var campaign: CampaignID
    /// Its place among the campaign's messages.
    package var message: Int
    package var user: UserID
    package var properties: Object
    package var profile: Object
    package var now: Instant
}

package enum Rendered: Sendable {
    case fields(Object, leads: [FieldLead] = [])
    /// The template said so, with its reason.
    case aborted(String)
    case failed(String)
}

/// How many bytes at the beginning of a rendered field its campaign wrote itself; what follows, a template made.
package struct FieldLead: Hashable, Sendable {
    package var field: Text
    package var bytes: UInt32

    package init(field: Text, bytes: UInt32) {
        self.field = field
        self.bytes = bytes
    }
}

/// That an event is an occurrence which a campaign listens for.
package struct Match: Hashable, Sendable {
    package enum Role: Hashable, Sendable {
        /// Whether `where` holds too.
        case trigger(whereHolds: Bool)
        /// Its place among the campaign's exceptions; `where` holds.
        case exception(Int)
        /// Its place among the campaign's conversions; `where` holds.
        case conversion(Int)
    }

    package var version: CampaignVersion
    package var role: Role

    package init(_ version: CampaignVersion, _ role: Role) {
        self.version = version
        self.role = role
    }
}

/// What a turn asks of the world, to be recorded before anybody is told.
package struct Effects: Sendable {
    package var decisions: [(decision: Decision, previous: UInt64)] = []
    /// Where they are told; each with how many decisions there were before it. They are not recorded among them.
    package var nearMisses: [(decision: Decision, place: Int)] = []
    package var timersAdded: [Timer] = []
    package var timersRemoved: [Timer] = []
    package var handOvers: [HandOver] = []
    /// Claimed messages that must not be tried any more.
    package var withdrawn: [(channel: String, number: UInt64)] = []
    /// Claimed messages of which every further try goes to other addresses.
    package var readdressed: [(channel: String, number: UInt64, addresses: [Text])] = []
    /// Push tokens that the profile has now and had not before, and the other way round (10.6).
    package var tokensGained: [Text] = []
    package var tokensLost: [Text] = []
    /// The campaigns whose tally changed.
    package var tallies: Set<CampaignNumber> = []
    /// Campaigns of which a slot of this minute came back: the head of their queue is to be judged now (14, 10.3).
    package var slotsFreed: Set<CampaignNumber> = []
    /// What the user's session is to show.
    package var presented: Presented?

    package init() {}

    /// Everything that was decided, near misses where they are told, in order.
    package var told: [Decision] {
        nearMisses.isEmpty
            ? decisions.map(\.decision)
            : decisions.map(\.decision).merged(with: nearMisses)
    }
}

/// A message that was claimed and now goes to its channel.
package struct HandOver: Sendable {
    package var key: String
    package var version: CampaignVersion
    package var campaign: CampaignID
    package var send: UInt64
    package var channel: String
    package var addresses: [Text]
    /// Of each of them, as far as that is kept.
    package var addressesSince: [Instant]
    package var fields: Object
    /// Of fields that are URLs.
    package var leads: [FieldLead]
    /// When what triggered it happened.
    package var eventAt: Instant
    package var at: Instant
    /// Its place in its channel's line.
    package var number: UInt64
}

/// An in-app message, leased to one client.
package struct Presented: Hashable, Sendable {
    package var token: UInt64
    package var campaign: CampaignID
    package var channel: String
    package var fields: Object
    package var ends: Instant
}
