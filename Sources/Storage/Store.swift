import Engine

/// What a store promises. Any store can keep it: state per user, an index of what is due, and commits that touch
/// users and the campaigns that they concern.
///
/// One thread writes. Reads marked *beside the writer* may come from any thread and see the last finished commit.
package protocol Store: Sendable {
    /// A name given when the data was made, kept for ever: part of every idempotency key.
    var identity: String { get }

    /// What was found damaged so far. Only what is asked for one by one is told of where it is asked for; lists and
    /// walks pass over it.
    var damage: StoreDamage { get }

    /// The users, in the order asked for.
    func users(_ ids: [UserID]) throws(StoreError) -> [Stored<UserState>]

    /// What was answered to items that carried these ids, in the order asked for.
    func receipts(_ ids: [ItemID]) throws(StoreError) -> [Stored<ItemReceipt>]

    /// The profiles that the push tokens belong to (10.6), in the order asked for.
    func tokenOwners(_ tokens: [Text]) throws(StoreError) -> [Stored<UserID>]

    /// Makes all of it durable, or none: when it returns, the changes survive a crash of the machine.
    func commit(_ changes: Changes) throws(StoreError)

    /// Whether a commit could be made just now; throws why not. Opens the store again where a write had failed.
    func checkWritable() throws(StoreError)

    /// The timers after `after` (nil: from the first) and up to `through`, in order, at most `limit`.
    func timers(after: Timer?, through: Instant, limit: Int) throws(StoreError) -> [Timer]

    /// Beside the writer: a channel's messages that have no outcome yet, in the order in which they were claimed,
    /// those of a higher number than `after`, at most `limit`.
    func outbox(_ channel: String, after: UInt64, limit: Int) throws(StoreError) -> [OutboxEntry]

    /// Beside the writer: the message at a place; nil where it has left.
    func outboxEntry(_ place: OutboxPlace) throws(StoreError) -> OutboxEntry?

    /// How many messages have no outcome yet, by channel.
    func outboxCounts() throws(StoreError) -> [String: Int]

    /// Beside the writer: messages that were given up, in the order in which they were claimed, those of a higher
    /// number than `after`, at most `limit`.
    func deadLetters(after: UInt64, limit: Int) throws(StoreError) -> [DeadLetter]

    /// Beside the writer: the dead letter of that number; nil where there is none any more.
    func deadLetter(_ number: UInt64) throws(StoreError) -> DeadLetter?

    func campaigns() throws(StoreError) -> [CampaignRecord]

    /// What is counted of campaigns over all users.
    func tallies() throws(StoreError) -> [CampaignNumber: Tally]

    /// What holds for all campaigns, as the `triggerd.v1.Workspace` message; nil before it was ever set.
    func workspace() throws(StoreError) -> [UInt8]?

    /// One more than the highest number of any decision, claimed message or dead letter; zero in a new store.
    func nextSequence() throws(StoreError) -> UInt64

    /// Beside the writer: one user as last committed.
    func user(_ id: UserID) throws(StoreError) -> UserState?

    /// Beside the writer: the decision with that sequence and the sequence of the same user's decision before it.
    func decision(_ sequence: UInt64) throws(StoreError) -> StoredDecision?

    /// Beside the writer: decisions of all users before `before` (nil: from the newest), newest first, at most `limit`.
    func decisions(before: UInt64?, limit: Int) throws(StoreError) -> [StoredDecision]

    /// Beside the writer: decisions of all users behind `after`, oldest first, at most `limit`; fewer are all that there
    /// are.
    func decisions(after: UInt64, limit: Int) throws(StoreError) -> [StoredDecision]

    /// Beside the writer: the events received from `since` on, in the order of their receipts, until `body`
    /// gives false.
    func events(since: Instant, _ body: (StoredEvent) throws -> Bool) throws

    /// Drops the oldest events where all of them take more room than they may.
    func trimEvents() throws(StoreError)

    /// Beside the writer: since when a user is forgotten of whom something may still be on disk; nil: none.
    var oldestErasure: Instant? { get }

    /// Beside the writer, and taking its time: takes what is kept of forgotten users from the disk. Gives who that is.
    func erase() throws(StoreError) -> [UserID: Erasure]

    /// Those users need not be remembered any more: their ids leave the disk too.
    func endErasures(_ ended: [UserID: Erasure]) throws(StoreError)

    /// Beside the writer: every record of a family, but for `meta`, in the order of its keys, until `body` gives false. Begins behind the
    /// key `after`, which `body` was given before; nil: with the first.
    func dump(
        _ family: Family,
        after: [UInt8]?,
        _ body: (_ key: UnsafeRawBufferPointer, Record) throws -> Bool
    ) throws

    func close()
}

extension Store {
    package func dump(_ family: Family, _ body: (Record) throws -> Bool) throws {
        try dump(family, after: nil) { try body($1) }
    }
}

/// What one commit changes. A user appears once.
package struct Changes: Sendable {
    package var users: [(id: UserID, state: UserState)] = []
    /// Push tokens and the profiles that they belong to now; nil: to none.
    package var tokenOwners: [(token: Text, owner: UserID?)] = []
    package var deletedUsers: [UserID] = []
    package var timersAdded: [Timer] = []
    /// Those added in the same commit among them: removal comes last.
    package var timersRemoved: [Timer] = []
    package var decisions: [StoredDecision] = []
    package var items: [(id: ItemID, receipt: ItemReceipt)] = []
    package var outboxAdded: [OutboxMessage] = []
    package var outboxStates: [(place: OutboxPlace, state: OutboxState)] = []
    /// Comes after those added and changed. Of messages whose state was written, `outboxStatesRemoved` names it too.
    package var outboxRemoved: [OutboxPlace] = []
    package var outboxStatesRemoved: [OutboxPlace] = []
    package var deadLettersAdded: [DeadLetter] = []
    package var deadLettersRemoved: [UInt64] = []
    package var campaigns: [CampaignRecord] = []
    /// Versions that left. Comes before those added.
    package var campaignsRemoved: [CampaignVersion] = []
    package var tallies: [CampaignNumber: Tally] = [:]
    package var talliesRemoved: [CampaignNumber] = []
    package var workspace: [UInt8]?
    package var events: [StoredEvent] = []
    /// Of deleted users nothing is shown any more that was kept before.
    package var erasures: [(user: UserID, erasure: Erasure)] = []
    /// Of these nothing is on disk any more.
    package var erasuresEnded: [UserID] = []

    package init() {}

    package var isEmpty: Bool {
        users.isEmpty && tokenOwners.isEmpty && deletedUsers.isEmpty && timersAdded.isEmpty && timersRemoved.isEmpty
            && decisions.isEmpty
            && items.isEmpty && outboxAdded.isEmpty && outboxStates.isEmpty && outboxRemoved.isEmpty
            && outboxStatesRemoved.isEmpty && deadLettersAdded.isEmpty && deadLettersRemoved.isEmpty
            && campaigns.isEmpty && campaignsRemoved.isEmpty && tallies.isEmpty && talliesRemoved.isEmpty
            && workspace == nil && events.isEmpty
            && erasures.isEmpty && erasuresEnded.isEmpty
    }
}

/// An idempotency id, unique per user (1.1.4).
package struct ItemID: Hashable, Sendable {
    package var user: UserID
    package var id: Text

    package init(user: UserID, id: Text) {
        self.user = user
        self.id = id
    }

    package func _rawHashValue(seed: Int) -> Int { id._rawHashValue(seed: user._rawHashValue(seed: seed)) }
}

/// What an item that carried an id was, and what was answered to it.
package struct ItemReceipt: Hashable, Sendable {
    /// Two halves of a hash of the item's content: another content under the same id is refused.
    package var content: (UInt64, UInt64) { (contentHigh, contentLow) }
    package var contentHigh: UInt64
    package var contentLow: UInt64
    package var receivedAt: Instant
    /// The decisions of the answer: those of this user among `firstDecision ..< firstDecision + decisionCount`.
    package var firstDecision: UInt64
    package var decisionCount: UInt32

    package init(
        content: (UInt64, UInt64),
        receivedAt: Instant,
        firstDecision: UInt64,
        decisionCount: UInt32
    ) {
        (contentHigh, contentLow) = content
        self.receivedAt = receivedAt
        self.firstDecision = firstDecision
        self.decisionCount = decisionCount
    }
}

/// What came in, kept for a while so that a campaign can be tried on it.
package struct StoredEvent: Hashable, Sendable {
    package var receivedAt: Instant
    /// Tells those of one instant apart, in the order in which they were taken.
    package var sequence: UInt64
    package var user: UserID
    /// Nil: when it was received.
    package var time: Instant?
    package var set: Object
    /// Empty where it only set attributes.
    package var type: String
    package var subject: Text
    package var properties: Object
    /// It triggered nothing (14).
    package var isHistory: Bool

    package init(
        receivedAt: Instant,
        sequence: UInt64,
        user: UserID,
        time: Instant?,
        set: Object,
        type: String,
        subject: Text,
        properties: Object,
        isHistory: Bool = false
    ) {
        self.receivedAt = receivedAt
        self.sequence = sequence
        self.user = user
        self.time = time
        self.set = set
        self.type = type
        self.subject = subject
        self.properties = properties
        self.isHistory = isHistory
    }
}

/// A decision, and the sequence of the decision before it about the same user (zero: none).
package struct StoredDecision: Hashable, Sendable {
    package var decision: Decision
    package var previous: UInt64

    package init(decision: Decision, previous: UInt64) {
        self.decision = decision
        self.previous = previous
    }
}

/// Where a message stands: a channel's line is worked off in the order of these numbers.
package struct OutboxPlace: Hashable, Sendable {
    package var channel: String
    package var number: UInt64

    package init(channel: String, number: UInt64) {
        self.channel = channel
        self.number = number
    }
}

/// A message that was claimed: everything that handing it over again needs.
package struct OutboxMessage: Hashable, Sendable {
    /// Its place in its channel's line; unique in a data folder.
    package var number: UInt64
    /// The stable idempotency key.
    package var key: String
    package var user: UserID
    package var version: CampaignVersion
    package var campaign: CampaignID
    package var send: UInt64
    package var channel: String
    package var addresses: [Text]
    /// Since when the user has each of them, zero where nobody knows. Empty: since the claim at the latest.
    package var addressesSince: [Instant] = []
    /// Rendered.
    package var fields: Object
    package var claimedAt: Instant
    /// When what triggered it happened.
    package var eventAt: Instant
    /// Of fields that are URLs and that a template made a part of: what of them the campaign wrote itself.
    package var leads: [FieldLead]

    package var place: OutboxPlace { OutboxPlace(channel: channel, number: number) }

    /// As many as there are addresses.
    package var addressesSinceAtLatest: [Instant] {
        addressesSince.count == addresses.count ? addressesSince : addresses.map { _ in claimedAt }
    }

    /// Every further try goes there.
    package mutating func readdress(_ addresses: [Text]) {
        self.addresses = addresses
        addressesSince = []
    }

    package init(
        number: UInt64,
        key: String,
        user: UserID,
        version: CampaignVersion,
        campaign: CampaignID,
        send: UInt64,
        channel: String,
        addresses: [Text],
        fields: Object,
        claimedAt: Instant,
        eventAt: Instant? = nil,
        leads: [FieldLead] = []
    ) {
        self.number = number
        self.key = key
        self.user = user
        self.version = version
        self.campaign = campaign
        self.send = send
        self.channel = channel
        self.addresses = addresses
        self.fields = fields
        self.claimedAt = claimedAt
        self.eventAt = eventAt ?? claimedAt
        self.leads = leads
    }
}

/// What is known of a message that was tried, or is not to be tried any more. Without one, no try has ended yet.
package struct OutboxState: Hashable, Sendable {
    /// Tries that ended without an outcome.
    package var attempts: UInt32 = 0
    /// When it may be tried next.
    package var notBefore: Instant = .zero
    /// Why the last try came to nothing.
    package var reason: String = ""
    /// The channel was about to be told: after a crash nobody knows whether the provider has it. Kept for channels
    /// that never send again then.
    package var isHandedOver: Bool = false
    /// The user must not be reached any more: no further try.
    package var isWithdrawn: Bool = false
    /// Of the message's addresses, those that the provider called dead.
    package var deadAddresses: [Text] = []
    /// The user's addresses changed since the message was claimed: every further try goes to these.
    package var addresses: [Text] = []
    /// Tries of which nobody knows whether the provider took the message.
    package var unknowns: UInt32 = 0
    /// The provider (empty: the channel has one) that called an address of its dead and was not believed.
    package var doubtedBy: Text?

    package init() {}
}

package struct OutboxEntry: Hashable, Sendable {
    package var message: OutboxMessage
    package var state: OutboxState?

    package init(message: OutboxMessage, state: OutboxState? = nil) {
        self.message = message
        self.state = state
    }
}

/// A message that no provider took, kept with its payload until it is sent after all, or too old.
package struct DeadLetter: Hashable, Sendable {
    package var message: OutboxMessage
    package var failedAt: Instant
    /// `provider_rejected` or `provider_gave_up`.
    package var code: Decision.Code
    package var reason: String
    package var attempts: UInt32
    /// Of the message's addresses, those that the provider called dead.
    package var deadAddresses: [Text]

    package init(
        message: OutboxMessage,
        failedAt: Instant,
        code: Decision.Code,
        reason: String,
        attempts: UInt32,
        deadAddresses: [Text] = []
    ) {
        self.message = message
        self.failedAt = failedAt
        self.code = code
        self.reason = reason
        self.attempts = attempts
        self.deadAddresses = deadAddresses
    }
}

/// A campaign's head with one of its versions. Keyed by number and version; the head of the newest version counts.
package struct CampaignRecord: Hashable, Sendable {
    package var head: CampaignHead
    /// Which version `definition` is; `head.version` where it is the newest.
    package var version: UInt32
    /// The campaign as the `triggerd.v1.Campaign` message; the store does not look inside.
    package var definition: [UInt8]

    package init(head: CampaignHead, version: UInt32, definition: [UInt8]) {
        self.head = head
        self.version = version
        self.definition = definition
    }
}

/// A record with its key.
package enum Record: Sendable {
    case user(UserID, UserState)
    case timer(Timer)
    case decision(StoredDecision)
    case item(ItemID, ItemReceipt)
    case outbox(OutboxEntry)
    case failed(DeadLetter)
    case campaign(CampaignRecord)
    case tally(CampaignNumber, Tally)
    case event(StoredEvent)
    case token(Text, UserID)
}

/// Why a store could not do what it promises.
package enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It cannot be written just now (a full disk, a folder made read-only): nothing was changed, try again later.
    case unavailable(String)
    /// A record does not read as what it should be.
    case corrupt(String)
    /// The folder was made by a newer version of the program.
    case newer(folder: UInt32, program: UInt32)
    /// Files of the folder are not what was once on disk: opening them would lose what was answered.
    case damaged(String, cure: String)
    /// Another process has the folder open.
    case locked(pid: Int32?)

    /// Trying again does not help.
    package var isDamage: Bool {
        switch self {
        case .corrupt, .damaged: true
        case .unavailable, .newer, .locked: false
        }
    }

    package var description: String {
        switch self {
        case .unavailable(let why): why
        case .corrupt(let what): "damaged record: \(what): restore the data folder from a copy"
        case .damaged(let what, let cure): "damage: \(what): \(cure)"
        case .newer(let folder, let program):
            "the data is of format \(folder), this program reads up to format \(program): install a newer triggerd"
        case .locked(let pid?): "the data folder is in use by process \(pid)"
        case .locked(nil): "the data folder is in use by another process"
        }
    }
}
