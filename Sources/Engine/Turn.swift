/// One user's turn: the state as it was, what happens to it, and what that asks of the world. A pure function in
/// the shape of a value: the same calls on the same state decide the same, in any process.
///
/// Its parts: `Turn+Event` (what an event decides), `Turn+Send` (what is judged at the send), `Turn+InApp` (what a
/// session is shown).
package struct Turn {
    package let user: UserID
    package let context: Context
    /// The instant of everything decided here; the engine's thread took it once.
    package let now: Instant
    package var state: UserState
    package var effects = Effects()
    /// The sequence of the next decision; what a turn used up the next turn goes on from.
    package var nextSequence: UInt64

    package init(user: UserID, state: UserState, context: Context, now: Instant, nextSequence: UInt64) {
        self.user = user
        self.state = state
        self.context = context
        self.now = now
        self.nextSequence = nextSequence
    }

    /// Sets attributes, a null removes (campaign.md, `set`).
    package mutating func set(_ changes: Object) {
        let address = state.profile["email"]
        for change in changes.members {
            state.profile[change.name] = change.value
        }
        // A bounce is of the address (10.6): another address has not bounced.
        if state.profile["email"] != address, changes["email_status"] == nil {
            state.profile["email_status"] = nil
        }
    }
}

extension Turn {
    /// Records a decision about a campaign and gives its sequence.
    @discardableResult
    mutating func decide(
        _ code: Decision.Code,
        _ campaign: CampaignID?,
        channel: String? = nil,
        rule: String,
        send: UInt64,
        at: Instant? = nil,
        next: Instant? = nil,
        why: Object = Object()
    ) -> UInt64 {
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
            send: code == .scheduled ? sequence : send
        )
        effects.decisions.append((decision, previous: state.lastDecision))
        state.lastDecision = sequence
        return sequence
    }

    mutating func takeSequence() -> UInt64 {
        defer { nextSequence += 1 }
        return nextSequence
    }

    mutating func addTimer(_ at: Instant, of wait: Wait) {
        effects.timersAdded.append(Timer(at: at, send: wait.send, user: user, campaign: wait.version.number))
    }

    mutating func removeTimer(_ at: Instant, of wait: Wait) {
        effects.timersRemoved.append(Timer(at: at, send: wait.send, user: user, campaign: wait.version.number))
    }

    func campaignID(_ version: CampaignVersion) -> CampaignID? {
        context.campaigns.head(version.number)?.id
    }

    /// The stop that ended it, if one did (3.4).
    func stop(of wait: Wait) -> Instant? {
        context.campaigns.head(wait.version.number)?.stop(endingEpoch: wait.epoch)
    }

    /// 13, Decisions: what ends a queued entry names its channel where the campaign has several.
    func channel(ending entry: QueueEntry) -> String? {
        let messages = context.campaigns.campaign(entry.wait.version)?.messages.count ?? 0
        return messages > 1 ? entry.channel : nil
    }

    /// First of all in every turn: ends the leases that are over, and what waits for a campaign that was stopped
    /// since (3.4), each with the stop's instant. A leased entry is left until its lease ends (13, 9.11).
    package mutating func catchUp() {
        for entry in state.queue {
            if let lease = entry.lease, lease.ends <= now { runOut(entry, at: lease.ends) }
        }
        for wait in state.waits {
            guard let stop = stop(of: wait) else { continue }
            decide(.campaignStopped, campaignID(wait.version), rule: "3.4", send: wait.send, at: stop)
            removeTimer(wait.due, of: wait)
            state.waits.removeAll { $0.send == wait.send }
        }
        for entry in state.queue where !entry.isLeased(at: now) {
            guard let stop = stop(of: entry.wait) else { continue }
            decide(
                .campaignStopped,
                campaignID(entry.wait.version),
                channel: channel(ending: entry),
                rule: "3.4",
                send: entry.wait.send,
                at: stop
            )
            remove(entry)
        }
    }
}
