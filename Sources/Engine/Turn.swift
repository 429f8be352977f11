/// One user's turn: the state as it was, what happens to it, and what that asks of the world. A pure function in
/// the shape of a value: the same calls on the same state decide the same, in any process. `Turn.take` is the only way
/// to one.
///
/// Its parts: `Turn+Event` (what an event decides), `Turn+Schedule` (when a send is due), `Turn+Send` (what is judged
/// at the send), `Turn+Hold` (what waits on), `Turn+Limits` (caps, rates, places), `Turn+Claim` (what is handed over),
/// `Turn+Outcome` (what came of it), `Turn+Receipts` (what was received), `Turn+Conversions`, `Turn+InApp` (what a session is shown),
/// `Turn+Past` (what is remembered).
package struct Turn {
    package let user: UserID
    package let context: Context
    /// The instant of everything decided here; the engine's thread took it once.
    package let now: Instant
    package var state: UserState
    package var effects = Effects()
    /// The sequence of the next decision; what a turn used up the next turn goes on from.
    package var nextSequence: UInt64
    /// Of all campaigns; `effects.tallies` names those that changed.
    package var tallies: [CampaignNumber: Tally]
    /// Whether near misses are among the effects, for who asks.
    let tellsNearMisses: Bool
    /// What filters may still cost in this turn.
    var filterBudget = FilterBudget()
    /// When the chains began whose sends the event under way pushed back (4.9), by campaign.
    var pushedBack: [CampaignNumber: Instant] = [:]
    /// What the engine raised meanwhile, to be handled in that order (10.7).
    var raised: [Event] = []

    private init(
        user: UserID,
        state: consuming UserState,
        context: Context,
        now: Instant,
        nextSequence: UInt64,
        tallies: consuming [CampaignNumber: Tally],
        tellsNearMisses: Bool
    ) {
        self.user = user
        self.state = state
        self.context = context
        self.now = now
        self.nextSequence = nextSequence
        self.tallies = tallies
        self.tellsNearMisses = tellsNearMisses
    }

    /// A whole turn: what is over ends first, then comes `body`, and whatever the engine raised is handled before the
    /// turn is over (10.7), whatever `body` did.
    package static func take(
        user: UserID,
        state: consuming UserState,
        context: Context,
        now: Instant,
        nextSequence: UInt64,
        tallies: consuming [CampaignNumber: Tally],
        tellsNearMisses: Bool = false,
        _ body: (inout Turn) -> Void
    ) -> Turn {
        var turn = Turn(
            user: user,
            state: state,
            context: context,
            now: now,
            nextSequence: nextSequence,
            tallies: tallies,
            tellsNearMisses: tellsNearMisses
        )
        turn.catchUp()
        turn.handleRaised()
        body(&turn)
        turn.handleRaised()
        turn.forgetDeleted()
        return turn
    }
}

extension Turn {
    /// Records a decision about a campaign, of a send or of an event that has none.
    @discardableResult
    mutating func decide(
        _ code: Decision.Code,
        _ campaign: CampaignID?,
        channel: String? = nil,
        rule: String,
        of send: SendName?,
        at: Instant? = nil,
        next: Instant? = nil,
        why: Object = Object(),
        conversion: Int? = nil
    ) -> Judged {
        let sequence = takeSequence()
        let decision = Decision(
            sequence: sequence,
            at: at ?? now,
            user: user,
            campaign: campaign,
            channel: channel,
            code: code,
            rule: rule,
            why: why,
            next: next,
            send: code == .scheduled ? sequence : send?.number ?? 0,
            conversion: conversion
        )
        account(decision, of: send?.version)
        effects.decisions.append((decision, previous: state.lastDecision))
        state.lastDecision = sequence
        return Judged(sequence: sequence)
    }

    /// Counts the messages that the decision ends: one of a channel, else all of the send's that have no end yet. A
    /// single channel that ends before its send does so in the same turn.
    ///
    /// - Parameter version: of the send, whose campaign may have been deleted; nil: the decision is of no send, and
    ///   concerns the newest of the campaign that has the name now.
    private mutating func account(_ decision: Decision, of version: CampaignVersion?) {
        // What goes on is counted when it ends; what names no campaign concerns none.
        guard decision.code.isTerminal, let id = decision.campaign,
            let version = version ?? context.campaigns.head(of: id)?.current
        else { return }
        var count: Int64 = 1
        if decision.channel == nil {
            count = messageCount(version)
            for (earlier, _) in effects.decisions
            where decision.send != 0 && earlier.send == decision.send && earlier.channel != nil
                && earlier.code.isTerminal
            {
                count -= 1
            }
        }
        tallies[version.number, default: Tally()].end(decision.code, count, of: version.version)
        effects.tallies.insert(version.number)
    }

    func messageCount(_ version: CampaignVersion?) -> Int64 {
        Int64(version.flatMap { context.campaigns.definition($0) }?.campaign.messages.count ?? 1)
    }

    /// 1.1.4: an item of that id was handled before.
    package mutating func ignoreDuplicate(_ id: Text) {
        decide(.duplicateEvent, nil, rule: "1.1.4", of: nil, why: ["id": .string(id)])
    }

    mutating func takeSequence() -> UInt64 {
        defer { nextSequence += 1 }
        return nextSequence
    }

    mutating func addTimer(_ at: Instant, of wait: Wait) {
        effects.timersAdded.append(
            Timer(
                at: at,
                send: wait.send,
                user: user,
                campaign: wait.version.number,
                isRateLimited: wait.isRateLimited
            )
        )
    }

    mutating func removeTimer(_ at: Instant, of wait: Wait) {
        effects.timersRemoved.append(Timer(at: at, send: wait.send, user: user, campaign: wait.version.number))
    }

    func campaignID(_ version: CampaignVersion) -> CampaignID? {
        context.campaigns.head(version.number)?.id
    }

    /// The stop that ended it, if one did (3.4), else the deletion of its campaign (14).
    func end(of wait: Wait) -> (code: Decision.Code, rule: String, at: Instant)? {
        guard let head = context.campaigns.head(wait.version.number) else { return nil }
        if let stop = head.stop(endingEpoch: wait.epoch) { return (.campaignStopped, "3.4", stop) }
        return head.deletedAt.map { (.campaignDeleted, "14", $0) }
    }

    /// 13, Decisions: what ends a queued entry names its channel where the campaign has several.
    func channel(ending entry: QueueEntry) -> String? {
        let messages = context.campaigns.campaign(entry.wait.version)?.messages.count ?? 0
        return messages > 1 ? entry.channel : nil
    }

    /// What the engine itself tells campaigns of (1.4, 8.10), a link further down the chain (1.5).
    mutating func raise(
        _ type: String,
        _ campaign: CampaignID?,
        action: String? = nil,
        at time: Instant,
        depth: UInt8,
        chain: UInt64
    ) {
        // Nobody listens, or the campaign was deleted: no other names it.
        guard context.campaigns.reads.raised, let campaign, context.campaigns.number(of: campaign) != nil else {
            return
        }
        var event = Event(
            type: type,
            subject: campaign,
            user: user,
            time: time,
            receivedAt: now,
            properties: action.map { ["action": .string($0)] } ?? Object()
        )
        event.depth = depth == .max ? .max : depth + 1
        event.chain = chain
        raised.append(event)
    }

    /// The zone that a rule reads (3.3.1), as the profile has it now (3.3.4).
    func zone(_ choice: ZoneChoice) -> Zone {
        if choice == .user, let name = state.profile["time_zone"]?.string, let zone = context.zone(name) { return zone }
        return context.zone(context.workspace.timeZone) ?? .utc
    }

    /// Ends the leases that are over, and what waits for a campaign that was stopped or deleted since (3.4, 14), each with
    /// the instant of that. A leased entry is left until its lease ends (13, 9.11). What waited for a version that nobody
    /// can serve goes on by the newest.
    private mutating func catchUp() {
        for entry in state.queue {
            if let lease = entry.lease, lease.ends <= now { runOut(entry, at: lease.ends) }
        }
        for wait in state.waits {
            guard let end = end(of: wait) else { continue }
            decide(end.code, campaignID(wait.version), rule: end.rule, of: wait.name, at: end.at)
            removeTimer(wait.due, of: wait)
            state.waits.removeAll { $0.send == wait.send }
        }
        for entry in state.queue where !entry.isLeased(at: now) {
            guard let end = end(of: entry.wait) else { continue }
            decide(
                end.code,
                campaignID(entry.wait.version),
                channel: channel(ending: entry),
                rule: end.rule,
                of: entry.wait.name,
                at: end.at
            )
            remove(entry)
        }
        goOnByNewestVersions()
    }

    /// 14: a campaign that was held and is served again takes over what waits for versions that nobody can serve.
    private mutating func goOnByNewestVersions() {
        for index in state.waits.indices {
            let old = state.waits[index].version
            guard let new = context.campaigns.successor(of: old) else { continue }
            state.waits[index].version = new
            let (count, newCount) = (messageCount(old), messageCount(new))
            tallies[old.number, default: Tally()].move(count, from: old.version, newCount, to: new.version)
            effects.tallies.insert(old.number)
        }
        for index in state.queue.indices {
            let old = state.queue[index].wait.version
            // Where the newest has no message for its channel, it waits until the campaign is stopped or deleted.
            guard let new = context.campaigns.successor(of: old),
                context.campaigns.campaign(new)?.messages.contains(where: { $0.channel == state.queue[index].channel })
                    == true
            else { continue }
            state.queue[index].wait.version = new
            tallies[old.number, default: Tally()].move(1, from: old.version, 1, to: new.version)
            effects.tallies.insert(old.number)
        }
    }

    /// What is remembered of campaigns that were deleted is of no use. What is under way still ends.
    private mutating func forgetDeleted() {
        let campaigns = context.campaigns
        guard campaigns.hasDeleted else { return }  // Mostly.
        state.receipts.removeAll { campaigns.isDeleted($0.campaign) }
        state.seenExceptions.removeAll { campaigns.isDeleted($0.campaign) }
        state.conversionWindows.removeAll { campaigns.isDeleted($0.version.number) }
        state.places.removeAll { campaigns.isDeleted($0.campaign) }
        state.chains.removeAll { campaigns.isDeleted($0.campaign) }
        state.nearMisses.removeAll { campaigns.isDeleted($0.campaign) }
    }
}

/// A send by the sequence of its `scheduled` decision, and whose messages it counts among.
struct SendName: Hashable {
    var number: UInt64
    var version: CampaignVersion

    init(_ number: UInt64, _ version: CampaignVersion) {
        self.number = number
        self.version = version
    }
}

extension Wait {
    var name: SendName { SendName(send, version) }
}

/// That something was decided: whoever has to end in a decision gives one. Only `decide` makes one, and `Turn.handedOver`
/// of a message whose decision is its outcome.
struct Judged {
    /// Of the decision.
    let sequence: UInt64

    fileprivate init(sequence: UInt64) {
        self.sequence = sequence
    }
}

extension Turn {
    /// A claim stands: its outcome is its decision (13, Hand-over).
    func handedOver(_ claim: Claim) -> Judged { Judged(sequence: claim.send) }
}
