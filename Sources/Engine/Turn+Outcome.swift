/// What a channel said of a message that it was handed, once nothing more comes of it.
package enum DeliveryOutcome: Hashable, Sendable {
    case accepted(id: String)
    /// For good.
    case refused(reason: String)
    /// Not accepted within 72 h.
    case gaveUp(reason: String)
    /// It may have been accepted, and is never sent again.
    case unknown(reason: String)
    /// It was not tried any more, as the user must not be reached.
    case withdrawn

    /// How it ends where nobody received the message for certain; nil where somebody did, or nobody should.
    package var failure: (code: Decision.Code, reason: String)? {
        switch self {
        case .accepted, .withdrawn: nil
        case .refused(let reason): (.providerRejected, reason)
        case .gaveUp(let reason), .unknown(let reason): (.providerGaveUp, reason)
        }
    }
}

/// A try that ended without an outcome.
package struct FailedTry: Hashable, Sendable {
    package var reason: String
    /// 1 for the first.
    package var attempt: UInt32
    package var next: Instant

    package init(reason: String, attempt: UInt32, next: Instant) {
        self.reason = reason
        self.attempt = attempt
        self.next = next
    }
}

/// What becomes of a message that was handed over (13, Hand-over).
extension Turn {
    /// Records what became of a claimed message. An outcome that comes twice, or of a message that was forgotten with
    /// its user, changes nothing; gives whether this one did.
    @discardableResult
    package mutating func settle(
        send: UInt64,
        channel: String,
        _ outcome: DeliveryOutcome,
        deadAddresses: [Text] = []
    ) -> Bool {
        let isKnown = state.claims.contains { $0.send == send && $0.channel == channel }
        conclude(send: send, channel: channel, outcome, deadAddresses)
        retire(deadAddresses, of: channel)
        return isKnown
    }

    /// A try came to nothing; the message is tried again.
    package mutating func putOff(send: UInt64, channel: String, _ failed: FailedTry, deadAddresses: [Text] = []) {
        guard let claim = state.claims.first(where: { $0.send == send && $0.channel == channel }) else { return }
        var why: Object = ["reason": .string(failed.reason), "attempt": .integer(Int64(failed.attempt))]
        why.name(deadAddresses)
        decide(
            .deferredProvider,
            context.campaigns.head(claim.campaign)?.id,
            channel: channel,
            rule: "13",
            of: SendName(send, claim.version),
            next: failed.next,
            why: why
        )
        retire(deadAddresses, of: channel)
    }

    mutating func accept(_ channel: String, _ wait: Wait) {
        conclude(send: wait.send, channel: channel, .accepted(id: ""), [])
    }

    private static let whileAgo = Length.seconds(1)

    private mutating func conclude(
        send: UInt64,
        channel: String,
        _ outcome: DeliveryOutcome,
        _ deadAddresses: [Text]
    ) {
        // It is told twice, or was forgotten with its user.
        guard let index = state.claims.firstIndex(where: { $0.send == send && $0.channel == channel }) else { return }
        let claim = state.claims.remove(at: index)
        let id = context.campaigns.head(claim.campaign)?.id
        if let (code, reason) = outcome.failure {
            var why: Object = ["reason": .string(reason)]
            why.name(deadAddresses)
            decide(code, id, channel: channel, rule: "13", of: SendName(send, claim.version), why: why)
            return giveBack(claim)
        }
        guard case .accepted(let provider) = outcome else {
            // Where that is over by now, it was so when the message was withdrawn.
            let (code, why) = fault(of: claim) ?? (claim.withdrawnFor ?? .unsubscribed, ["since": "withdrawn"])
            decide(code, id, channel: channel, rule: "10.6", of: SendName(send, claim.version), why: why)
            return giveBack(claim)
        }
        var why: Object = provider.isEmpty ? [:] : ["provider_id": .string(provider)]
        why.name(deadAddresses)
        // 13: at the instant of the hand-over. Where that was a while ago, when it was accepted is told, too.
        if now - claim.at >= Self.whileAgo { why["accepted_at"] = .string(now.description) }
        decide(.delivered, id, channel: channel, rule: "6.3", of: SendName(send, claim.version), at: claim.at, why: why)
        guard !context.campaigns.isDeleted(claim.campaign) else { return }  // Nobody asks any more (14).
        receive(claim.campaign, send, at: claim.at)
        confirmWindow(of: claim)
        raise(
            Event.campaignInteraction,
            id,
            action: Event.handOver(of: channel),
            at: claim.at,
            depth: claim.depth,
            chain: claim.chain
        )
    }

    /// 6.4: triggered but not received has no effect: receipt, cap, slot and place are given back.
    private mutating func giveBack(_ claim: Claim) {
        dropWindow(of: claim)
        state.counted.removeAll { $0.send == claim.send && $0.channel == claim.channel }
        // Asked first: a receipt that a newer one replaces is forgotten once nothing of its send is under way.
        let isReceived = isReceived(claim.campaign, claim.send)
        giveReceiptBack(of: claim.campaign, claim.send)
        guard !isReceived, !state.claims.contains(where: { $0.send == claim.send })
        else { return }  // Another channel of the send delivered, or still may: the send keeps what it took.
        var tally = tallies[claim.campaign] ?? Tally()
        if claim.tookSlot, tally.giveSlotBack(of: claim.at), Tally.minute(of: now) == Tally.minute(of: claim.at) {
            effects.slotsFreed.insert(claim.campaign)
        }
        if !state.queue.contains(where: { $0.wait.send == claim.send }),
            let place = state.places.firstIndex(where: { $0.campaign == claim.campaign && $0.send == claim.send })
        {
            if let other = otherSend(of: claim) {
                state.places[place].send = other
            } else {
                state.places.remove(at: place)
                tally.places -= 1
            }
        }
        guard tally != tallies[claim.campaign] ?? Tally() else { return }  // It took nothing.
        tallies[claim.campaign] = tally
        effects.tallies.insert(claim.campaign)
    }

    /// Another send of the campaign that the user has or may yet have: it found a place taken and took none.
    private func otherSend(of claim: Claim) -> UInt64? {
        let received = state.receipts.first { $0.campaign == claim.campaign && $0.send != claim.send }?.send
        return received
            ?? state.claims.first { $0.campaign == claim.campaign && $0.send != claim.send }?.send
            ?? state.queue.first { $0.wait.version.number == claim.campaign && $0.wait.send != claim.send }?.wait.send
    }

    /// Of the addresses that a channel called dead, those that are not the user's anew since: the channel judged by what
    /// the message knew, and a provider's word from before the user had the address again says nothing of it.
    ///
    /// - Parameter judged: since when the user had each of them, as the channel was told.
    package func believedDead(_ addresses: [Text], of channel: String, judged: [Text: Instant]) -> [Text] {
        guard !addresses.isEmpty, let rules = context.channels[channel] else { return addresses }
        let all = zip(rules.addresses(in: state.profile), rules.addressesSince(in: state))
        let since = Dictionary(all) { max($0, $1) }
        return addresses.filter { address in
            guard let known = since[address], let told = judged[address] else { return true }
            return known <= told
        }
    }

    private static let hardBounced: Value = "hard_bounced"

    /// 13, Hand-over: an address that the channel calls dead becomes `hard_bounced`, a token is removed.
    private mutating func retire(_ addresses: [Text], of channel: String) {
        guard !addresses.isEmpty, let rules = context.channels[channel], let field = rules.addressField else { return }
        let before = state.profile
        switch state.profile[field] {
        case .array(let elements)?:
            let left = elements.filter { !addresses.contains($0.text ?? "") }
            guard left.count < elements.count else { return }  // They left the profile before.
            state.profile[field] = .array(left)
        case .string(let address)? where addresses.contains(address):
            if let status = rules.statusField {
                state.profile[status] = Self.hardBounced
            } else {
                state.profile[field] = nil
            }
        default: return
        }
        addressesChanged(from: before)
    }

    /// What was claimed and is not under way goes to the addresses of now; it ends where the user may not be reached any
    /// more. Tokens that came or went are told.
    ///
    /// - Parameter time: when it happened, where that was not now.
    mutating func addressesChanged(from before: Object, at time: Instant? = nil) {
        let (had, has) = (before[Event.pushTokens]?.texts ?? [], state.profile[Event.pushTokens]?.texts ?? [])
        if had != has {
            keepSince(had, has, at: min(time ?? now, now))
            let (earlier, present) = (Set(had), Set(has))
            effects.tokensGained += has.filter { !earlier.contains($0) }
            effects.tokensLost += had.filter { !present.contains($0) }
        }
        for index in state.claims.indices where !state.claims[index].isWithdrawn {
            let claim = state.claims[index]
            guard claim.number != 0, let rules = context.channels[claim.channel] else { continue }
            if let (code, _) = fault(of: claim) {
                state.claims[index].isWithdrawn = true
                state.claims[index].withdrawnFor = code
                effects.withdrawn.append((claim.channel, claim.number))
            } else if rules.addresses(in: before) != rules.addresses(in: state.profile) {
                state.claims[index].isReaddressed = true
                effects.readdressed.append((claim.channel, claim.number, rules.addresses(in: state.profile)))
            }
        }
    }

    /// A token that stays is of the profile for as long as before, however often it is set again.
    private mutating func keepSince(_ had: [Text], _ has: [Text], at time: Instant) {
        let isKnown = state.pushTokensSince.count == had.count
        let since = isKnown ? state.pushTokensSince : had.map { _ in Instant(milliseconds: 0) }
        let known = Dictionary(zip(had, since)) { first, _ in first }
        state.pushTokensSince = has.map { known[$0] ?? time }
    }

    /// Where a claimed message goes by now, where that has changed since.
    package func newAddresses(send: UInt64, channel: String) -> [Text]? {
        guard state.claims.contains(where: { $0.send == send && $0.channel == channel && $0.isReaddressed }) else {
            return nil
        }
        return context.channels[channel]?.addresses(in: state.profile)
    }

    package func isWithdrawn(send: UInt64, channel: String) -> Bool {
        state.claims.contains { $0.send == send && $0.channel == channel && $0.isWithdrawn }
    }

    private func fault(of claim: Claim) -> (Decision.Code, Object)? {
        let requiresOptIn = context.campaigns.campaign(claim.version)?.requiresOptIn ?? false
        return context.channels[claim.channel]?.fault(of: state.profile, requiresOptIn: requiresOptIn)
    }
}

// MARK: Dead letters

/// A message that was given up, to be sent after all.
package struct Redrive: Sendable {
    package var key: String
    package var version: CampaignVersion
    package var campaign: CampaignID
    package var send: UInt64
    package var channel: String
    package var fields: Object
    package var leads: [FieldLead]
    package var eventAt: Instant
    /// How it ended before.
    package var code: Decision.Code
    package var addresses: [Text]
    /// Of these, those that the channel called dead.
    package var deadAddresses: [Text]

    package init(
        key: String,
        version: CampaignVersion,
        campaign: CampaignID,
        send: UInt64,
        channel: String,
        fields: Object,
        leads: [FieldLead] = [],
        eventAt: Instant = Instant(milliseconds: 0),
        code: Decision.Code,
        addresses: [Text] = [],
        deadAddresses: [Text] = []
    ) {
        self.key = key
        self.version = version
        self.campaign = campaign
        self.send = send
        self.channel = channel
        self.fields = fields
        self.leads = leads
        self.eventAt = eventAt
        self.code = code
        self.addresses = addresses
        self.deadAddresses = deadAddresses
    }
}

extension Turn {
    /// Claims a dead letter anew, under its key and to the addresses of now. What was called dead with it counts as an
    /// address again: whoever sends it again knows better. Gives why the user cannot be reached, where nothing is done.
    package mutating func redrive(_ letter: Redrive) -> (Decision.Code, Object)? {
        guard let rules = context.channels[letter.channel] else { return (.noAddress, ["channel": "not loaded"]) }
        guard let letter = letter.ofLivingVersion(context.campaigns) else { return (.campaignDeleted, [:]) }
        let definition = context.campaigns.definition(letter.version)
        let requiresOptIn = definition?.campaign.requiresOptIn ?? false
        let before = state.profile
        revive(letter, rules)
        if let fault = rules.fault(of: state.profile, requiresOptIn: requiresOptIn) {
            state.profile = before
            return fault
        }
        if state.profile != before { addressesChanged(from: before) }
        let number = takeSequence()
        decide(
            .redriven,
            letter.campaign,
            channel: letter.channel,
            rule: "13",
            of: SendName(letter.send, letter.version)
        )
        // It has no end any more.
        tallies[letter.version.number, default: Tally()].reopen(letter.code, of: letter.version.version)
        effects.tallies.insert(letter.version.number)
        // An operator's word goes before the limit, and counts all the same.
        if needsPlace(letter.version) {
            tallies[letter.version.number, default: Tally()].places += 1
            state.places.append(Place(campaign: letter.version.number, send: letter.send))
        }
        reserveReceipt(of: letter.version.number, letter.send)
        openWindow(letter.version, letter.send, channel: letter.channel, isPending: true)
        if let definition { countForCaps(letter.channel, definition, send: letter.send) }
        state.claims.append(
            Claim(
                send: letter.send,
                campaign: letter.version.number,
                channel: letter.channel,
                at: now,
                version: letter.version,
                number: number
            )
        )
        effects.handOvers.append(
            HandOver(
                key: letter.key,
                version: letter.version,
                campaign: letter.campaign,
                send: letter.send,
                channel: letter.channel,
                addresses: rules.addresses(in: state.profile),
                addressesSince: rules.addressesSince(in: state),
                fields: letter.fields,
                leads: letter.leads,
                eventAt: letter.eventAt,
                at: now,
                number: number
            )
        )
        return nil
    }

    /// Undoes `retire`, where the addresses are still the user's. A token that was taken away stays away: its app
    /// registers it again.
    private mutating func revive(_ letter: Redrive, _ rules: ChannelRules) {
        let dead = letter.deadAddresses
        guard !dead.isEmpty, let field = rules.addressField, let status = rules.statusField else { return }
        switch state.profile[field] {
        case .string(let address)? where dead.contains(address) && state.profile[status] == Self.hardBounced:
            state.profile[status] = nil
        case .array(let elements)? where elements.allSatisfy { letter.addresses.contains($0.text ?? "") }:
            // In the order of before.
            let back = letter.addresses.filter { address in
                dead.contains(address) || elements.contains { $0.text == address }
            }
            state.profile[field] = .array(back.map { .string($0) })
        default: return  // The user has another address by now, or none.
        }
    }
}

extension Redrive {
    /// Of its campaign's newest version where its own has left; nil where the campaign was deleted.
    fileprivate func ofLivingVersion(_ campaigns: CampaignTable) -> Redrive? {
        guard let head = campaigns.head(version.number), head.deletedAt == nil else { return nil }
        var letter = self
        if campaigns.definition(version) == nil { letter.version = head.current }
        return letter
    }
}

extension Object {
    fileprivate mutating func name(_ deadAddresses: [Text]) {
        if !deadAddresses.isEmpty { self["dead_addresses"] = .array(deadAddresses.map { .string($0) }) }
    }
}
