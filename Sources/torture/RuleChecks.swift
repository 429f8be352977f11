import Engine
import Host
import Storage

/// The rules of sends, judged by what was committed alone.
struct RuleChecks {
    struct Message: Hashable {
        var send: UInt64
        var channel: String
    }

    private struct Send {
        var user: UserID
        var campaign: CampaignID?
        var version: CampaignVersion?
        /// Not before, as the last decision about it said.
        var due: Instant
        var claimedAt: Instant?
        /// The commit in which it began to wait.
        var begunIn: Int
        var isReceived = false
    }

    private var sends: [UInt64: Send] = [:]
    private var campaigns: [CampaignVersion: Campaign] = [:]
    private var workspace = Workspace()
    private var ended: Set<Message> = []
    private var slots: [CampaignNumber: [Int64: Set<UInt64>]] = [:]
    /// Of each user, the sends that may count as received, in order.
    private var received: [UserID: [UInt64]] = [:]
    private(set) var deleted: Set<UserID> = []
    private var zones: [UserID: String] = [:]
    private var commits = 0
    /// When something was recorded last, of which a start finds the instant.
    private var newest = Instant(milliseconds: .min)
    /// What users did, each with its commit.
    private var events: [UserID: [(commit: Int, event: StoredEvent)]] = [:]
    /// Delivered, by channels that count for caps.
    private var delivered: [UserID: [(channel: String, at: Instant, version: CampaignVersion?)]] = [:]

    mutating func check(_ commit: Commit, _ weather: Weather) throws {
        commits += 1
        // 13: receipts never decrease, but where a start found the clock further behind than time goes on from.
        try torture.check(
            commit.now >= newest || newest - commit.now > HostLimits.longestSetBack,
            "received at \(commit.now), after something at \(newest)"
        )
        let isKnown =
            !commit.changes.events.isEmpty || commit.changes.decisions.contains { $0.decision.at == commit.now }
        if isKnown { newest = commit.now }
        for user in commit.changes.deletedUsers {
            deleted.insert(user)
            sends = sends.filter { $0.value.user != user }
            (received[user], events[user], delivered[user], zones[user]) = (nil, nil, nil, nil)
        }
        let redriven = Set(
            commit.changes.decisions.map(\.decision).filter { $0.code == .redriven }
                .map { Message(send: $0.send, channel: $0.channel ?? "") }
        )
        ended.subtract(redriven)
        for stored in commit.changes.decisions where !commit.changes.deletedUsers.contains(stored.decision.user) {
            try take(stored.decision, commit)
        }
        for message in commit.changes.outboxAdded
        where !redriven.contains(Message(send: message.send, channel: message.channel)) {
            try claimed(message, commit)
        }
        for record in commit.changes.campaigns where !record.definition.isEmpty {
            campaigns[CampaignVersion(number: record.head.number, version: record.version)] = try Campaign(
                packed: record.definition
            )
        }
        if let packed = commit.changes.workspace { workspace = try Workspace(packed: packed) }
        for event in commit.changes.events where !event.isHistory {
            events[event.user, default: []].append((commits, event))
        }
        for (user, state) in commit.changes.users { zones[user] = state.profile["time_zone"]?.string }
    }

    private mutating func take(_ decision: Decision, _ commit: Commit) throws {
        let isMoved = !commit.changes.tokenOwners.isEmpty
        try torture.check(
            commit.causes.contains(decision.user) || isMoved,
            "\(decision.code.rawValue) was decided of \(decision.user), to whom nothing happened"
        )
        guard decision.send != 0 else { return }
        if decision.code == .scheduled {
            sends[decision.send] = Send(
                user: decision.user,
                campaign: decision.campaign,
                due: decision.next ?? commit.now,
                begunIn: commits
            )
            return
        }
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
                delivered[decision.user, default: []].append((channel, decision.at, send.version))
            }
        case .controlGroup: received[decision.user, default: []].append(decision.send)
        default: break
        }
        if decision.code.isTerminal, decision.code != .rescheduledByTrigger || decision.channel == nil {
            let message = Message(send: decision.send, channel: decision.channel ?? "")
            try torture.check(ended.insert(message).inserted, "a message ends twice: \(decision)")
        }
    }

    private mutating func claimed(_ message: OutboxMessage, _ commit: Commit) throws {
        guard !commit.changes.deletedUsers.contains(message.user) else { return }
        guard let send = sends[message.send], let campaign = campaigns[message.version] else {
            throw Violation("\(message.key) is claimed of a send that never began to wait")
        }
        let at = message.claimedAt
        try torture.check(at == commit.now, "\(message.key) is claimed at \(at) in a step at \(commit.now)")
        try torture.check(
            !ended.contains(Message(send: message.send, channel: "")),
            "\(message.key) is claimed after its send ended"
        )
        if campaign.debouncesAtMost == nil {
            try torture.check(at >= send.due, "\(message.key) is claimed at \(at), due is \(send.due)")
            if case .length(let delay) = campaign.delay {
                let due = message.eventAt + delay
                try torture.check(at >= due, "\(message.key) is claimed \(due - at) before its delay is over")
            }
        }
        try checkClocks(message, campaign, commit)
        try checkEligibility(message, campaign)
        try checkExceptions(message, campaign, send)
        try checkCaps(message, campaign)
        try takeSlot(message, campaign)
        hasClaimed.insert(Message(send: message.send, channel: message.channel))
        sends[message.send]?.claimedAt = at
        if received[message.user]?.contains(message.send) != true {
            received[message.user, default: []].append(message.send)
        }
        sends[message.send]?.version = message.version
    }

    // MARK: Clocks

    private func checkClocks(_ message: OutboxMessage, _ campaign: Campaign, _ commit: Commit) throws {
        let setsZone = commit.changes.events.contains { $0.user == message.user && $0.set["time_zone"] != nil }
        guard !setsZone else { return }  // Which of two zones counts depends on the order within the step.
        let own = zones[message.user]
        func time(_ choice: ZoneChoice) -> ClockTime {
            let zone = choice == .user ? own.flatMap { Zones.zone($0) } : nil
            return (zone ?? Zones.zone(workspace.timeZone) ?? .utc).wall(message.claimedAt).timeOfDay
        }
        if let window = campaign.window {
            let time = time(window.zone)
            try torture.check(
                window.hours.contains(time),
                "\(message.key) is claimed at \(time), outside \(window.hours)"
            )
        }
        let quiet: QuietHours? =
            switch campaign.quietHours {
            case .workspace: workspace.quietHours
            case .none: nil
            case .own(let own): own
            }
        if let quiet {
            let time = time(.user)
            try torture.check(!quiet.hours.contains(time), "\(message.key) is claimed at \(time), in \(quiet.hours)")
        }
    }

    // MARK: Eligibility and limits

    /// Against what was received, and what is under way: it has reserved its receipt.
    private func checkEligibility(_ message: OutboxMessage, _ campaign: Campaign) throws {
        for other in received[message.user] ?? [] where other != message.send {
            guard let earlier = sends[other], earlier.isReceived || isUnderWay(other),
                earlier.version?.number == message.version.number,
                let received = earlier.claimedAt
            else { continue }
            switch campaign.reEligibility {
            case .once: throw Violation("\(message.key) is claimed, and \(other) was received at \(received)")
            case .after(let wait):
                try torture.check(
                    wait == .zero || message.claimedAt >= received + wait,
                    "\(message.key) is claimed at \(message.claimedAt), \(other) was received at \(received)"
                )
            }
        }
    }

    private func isUnderWay(_ send: UInt64) -> Bool {
        ["email", "push"].map { Message(send: send, channel: $0) }
            .contains { hasClaimed.contains($0) && !ended.contains($0) }
    }

    /// Of what is plain to see: a named event without conditions, recorded while the send waited.
    private func checkExceptions(_ message: OutboxMessage, _ campaign: Campaign, _ send: Send) throws {
        for exception in campaign.exceptions
        where exception.type == Event.customEvent && exception.where == nil && exception.same == nil {
            let name = exception.configuration["event"]?.text
            for (commit, event) in events[message.user] ?? [] {
                let happened = min(event.time ?? event.receivedAt, event.receivedAt)
                try torture.check(
                    event.type != Event.customEvent || event.subject != name || commit <= send.begunIn
                        || commit >= commits || happened < message.eventAt,
                    "\(message.key) is claimed, and \(event) was an exception"
                )
            }
        }
    }

    /// Messages that were certainly received: one under way may still be given back.
    private func checkCaps(_ message: OutboxMessage, _ campaign: Campaign) throws {
        guard !campaign.isExemptFromFrequencyCaps else { return }
        for cap in workspace.frequencyCaps where cap.channel == nil || cap.channel == message.channel {
            guard case .rolling(let length) = cap.per else { continue }
            let count = (delivered[message.user] ?? []).count { other in
                (cap.channel == nil || cap.channel == other.channel) && other.at <= message.claimedAt
                    && message.claimedAt - other.at < length
                    && other.version.flatMap { campaigns[$0] }?.isExemptFromFrequencyCaps == false
            }
            try torture.check(count < Int(cap.atMost), "\(message.key) is claimed after \(count) of \(cap.description)")
        }
    }

    private mutating func takeSlot(_ message: OutboxMessage, _ campaign: Campaign) throws {
        guard let limit = campaign.rateLimit else { return }
        let minute = Tally.minute(of: message.claimedAt)
        let number = message.version.number
        // What failed within the minute gave its slot back.
        let used = (slots[number]?[minute] ?? []).filter { send in
            send != message.send && (isUnderWay(send) || sends[send]?.isReceived == true)
        }
        try torture.check(
            used.count < Int(limit),
            "\(message.key) is sent in a minute in which \(used.count) of \(limit) were"
        )
        slots[number, default: [:]][minute, default: []].insert(message.send)
    }

    private var hasClaimed: Set<Message> = []

    // MARK: The end

    func isOver(_ store: DiskStore) throws {
        var seen = 0
        for user in ["a", "b", "c"].map({ Text($0) }) {
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
