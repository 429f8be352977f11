import Engine
import Storage

/// The rules of sends, judged by what was committed alone. What follows from each claim is looked at in
/// `RuleChecks+Claims`.
struct RuleChecks {
    struct Message: Hashable {
        var send: UInt64
        var channel: String
    }

    struct Send {
        var user: UserID
        var campaign: CampaignID?
        /// Of the campaign when it began to wait.
        var begunUnder: CampaignVersion?
        var version: CampaignVersion?
        /// As it was first.
        var firstDue: Instant?
        /// Not before, as the last decision about it said.
        var due: Instant
        var claimedAt: Instant?
        /// The commit in which it began to wait.
        var begunIn: Int
        /// The user's zone then; nil where the same commit may have changed it.
        var zone: String??
        var isReceived = false
        /// Whether a channel delivered it that has a place in a rate limit.
        var isSent = false
    }

    var sends: [UInt64: Send] = [:]
    var campaigns: [CampaignVersion: Campaign] = [:]
    private var newest: [CampaignID: CampaignVersion] = [:]
    /// Of which users forget what they had.
    private var gone: Set<CampaignNumber> = []
    var workspace = Workspace()
    var ended: Set<Message> = []
    var hasClaimed: Set<Message> = []
    var slots: [CampaignNumber: [Int64: Set<UInt64>]] = [:]
    /// Sends of which an operator sent something after all: that took no slot, and other channels of it may have one.
    var isAgain: Set<UInt64> = []
    var isDelivered: Set<Message> = []
    /// Of each user, the sends that may count as received, in order.
    var received: [UserID: [UInt64]] = [:]
    /// Campaigns of which a user has had something in the in-app queue.
    var queued: [UserID: Set<CampaignNumber>] = [:]
    private(set) var deleted: Set<UserID> = []
    var zones: [UserID: String] = [:]
    private(set) var commits = 0
    /// What users did while every plug-in was there, each with its commit.
    var events: [UserID: [(commit: Int, event: StoredEvent)]] = [:]
    /// Delivered, by channels that count for caps.
    var delivered: [UserID: [(channel: String, at: Instant, version: CampaignVersion?)]] = [:]

    mutating func check(_ commit: Commit) throws {
        commits += 1
        let changes = commit.changes
        for user in changes.deletedUsers {
            deleted.insert(user)
            sends = sends.filter { $0.value.user != user }
            (received[user], events[user], delivered[user], zones[user]) = (nil, nil, nil, nil)
        }
        let redriven = Set(
            changes.decisions.map(\.decision).filter { $0.code == .redriven }
                .map { Message(send: $0.send, channel: $0.channel ?? "") }
        )
        ended.subtract(redriven)
        isAgain.formUnion(redriven.map(\.send))
        for stored in changes.decisions where !changes.deletedUsers.contains(stored.decision.user) {
            try take(stored.decision, commit)
        }
        for message in changes.outboxAdded where !changes.deletedUsers.contains(message.user) {
            try claimed(message, commit, isAgain: redriven.contains(Message(message)))
        }
        gone.formUnion(changes.campaigns.filter { $0.head.deletedAt != nil }.map(\.head.number))
        if deleted.isEmpty {
            for (number, tally) in changes.tallies where !gone.contains(number) { try checkSlots(number, tally) }
        }
        for record in changes.campaigns where !record.definition.isEmpty {
            let version = CampaignVersion(number: record.head.number, version: record.version)
            campaigns[version] = try Campaign(packed: record.definition)
            newest[record.head.id] = record.head.current
        }
        if let packed = changes.workspace { workspace = try Workspace(packed: packed) }
        if commit.isServed {
            for event in changes.events where !event.isHistory {
                events[event.user, default: []].append((commits, event))
            }
        }
        for (_, state) in changes.users { try checkCounted(state) }
        for (user, state) in changes.users { zones[user] = state.profile["time_zone"]?.string }
    }

    private mutating func take(_ decision: Decision, _ commit: Commit) throws {
        let isMoved = !commit.changes.tokenOwners.isEmpty
        try torture.check(
            commit.causes.contains(decision.user) || isMoved,
            "\(decision.code.rawValue) was decided of \(decision.user), to whom nothing happened"
        )
        try checkDead(decision, commit)
        guard decision.send != 0 else { return }
        guard decision.code != .scheduled else { return begin(decision, commit) }
        guard let send = sends[decision.send] else {
            // What was told before its user was deleted may still come back.
            try torture.check(deleted.contains(decision.user), "\(decision) is of a send that never began to wait")
            return
        }
        try torture.check(
            send.user == decision.user && send.campaign == decision.campaign,
            "\(decision) is of a send of \(send.user), \(send.campaign?.string ?? "-")"
        )
        switch decision.code {
        case .deferredWindow, .deferredQuietHours: sends[decision.send]?.due = decision.next ?? send.due
        case .delivered:
            sends[decision.send]?.isReceived = true
            if let channel = decision.channel, channel != "in_app" {
                sends[decision.send]?.isSent = true
                isDelivered.insert(Message(send: decision.send, channel: channel))
                delivered[decision.user, default: []].append((channel, decision.at, send.version))
            }
        case .queuedInApp:
            if let version = send.begunUnder { queued[decision.user, default: []].insert(version.number) }
        case .controlGroup: received[decision.user, default: []].append(decision.send)
        default: break
        }
        if decision.code.isTerminal, decision.code != .rescheduledByTrigger || decision.channel == nil {
            let message = Message(send: decision.send, channel: decision.channel ?? "")
            try torture.check(ended.insert(message).inserted, "a message ends twice: \(decision)")
        }
    }

    private mutating func begin(_ decision: Decision, _ commit: Commit) {
        sends[decision.send] = Send(
            user: decision.user,
            campaign: decision.campaign,
            begunUnder: decision.campaign.flatMap { newest[$0] },
            firstDue: decision.next,
            due: decision.next ?? commit.now,
            begunIn: commits,
            zone: commit.setsZone(of: decision.user) ? nil : .some(zones[decision.user])
        )
    }

    /// Of a message that was redriven only what is not of its send.
    private mutating func claimed(_ message: OutboxMessage, _ commit: Commit, isAgain: Bool) throws {
        guard !isAgain else { return }
        guard let send = sends[message.send], let campaign = campaigns[message.version] else {
            throw Violation("\(message.key) is claimed of a send that never began to wait")
        }
        try torture.check(
            message.claimedAt == commit.now,
            "\(message.key) is claimed at \(message.claimedAt) in a step at \(commit.now)"
        )
        try torture.check(
            !ended.contains(Message(send: message.send, channel: "")),
            "\(message.key) is claimed after its send ended"
        )
        try checkClaim(message, campaign, send, commit)
        hasClaimed.insert(Message(message))
        sends[message.send]?.claimedAt = message.claimedAt
        sends[message.send]?.version = message.version
        if received[message.user]?.contains(message.send) != true {
            received[message.user, default: []].append(message.send)
        }
    }

    func isUnderWay(_ send: UInt64) -> Bool {
        ["email", "push", "webhook"].map { Message(send: send, channel: $0) }
            .contains { hasClaimed.contains($0) && !ended.contains($0) }
    }

    // MARK: The end

    /// Every user's decisions are a chain, and no others are there.
    func isOver(_ store: DiskStore) throws {
        var seen = 0
        for user in Story.everybody {
            guard let state = store.user(user) else { continue }
            var next = state.lastDecision
            while next != 0 {
                guard let stored = store.decision(next) else {
                    try torture.check(deleted.contains(user), "the decision \(next) of \(user) is gone")
                    break
                }
                try torture.check(stored.decision.user == user, "\(stored) stands in the chain of \(user)")
                try torture.check(stored.previous < next, "the chain of \(user) goes in a circle")
                seen += 1
                next = stored.previous
            }
        }
        let all = store.decisions(before: nil, limit: .max).count
        try torture.check(!deleted.isEmpty || seen == all, "\(all) decisions, of which chains name \(seen)")
    }
}

extension RuleChecks.Message {
    init(_ message: OutboxMessage) {
        self.init(send: message.send, channel: message.channel)
    }
}
