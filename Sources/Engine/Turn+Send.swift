/// What is judged at the send instant (10.7, "At due"), and what becomes of a message that was handed over.
extension Turn {
    /// A timer of this user has run out. One that finds nothing to do is stale, and only goes.
    package mutating func handle(_ timer: Timer) {
        effects.timersRemoved.append(timer)
        catchUp()
        if let wait = state.waits.first(where: { $0.send == timer.send && $0.due == timer.at }) {
            state.waits.removeAll { $0.send == wait.send }
            judge(wait)
            if let session = state.lastSession, session == now { display(session: session, device: "") }
        }
        for entry in state.queue where entry.wait.send == timer.send {
            runOut(entry, at: timer.at)
        }
    }

    /// Steps 11 to 19 for a send that is due and no longer among the waits.
    mutating func judge(_ wait: Wait) {
        guard let campaign = context.campaigns.campaign(wait.version), let id = campaignID(wait.version) else { return }
        if let stop = stop(of: wait) {
            decide(.campaignStopped, id, rule: "3.4", send: wait.send, at: stop)
            return
        }
        guard eligible(campaign, wait.version, at: now, send: wait.send, rule: "6.7") else { return }  // 11

        let reachable = campaign.messages.indices.filter { reaches(campaign.messages[$0], id, campaign, wait) }  // 12
        let queued = reachable.filter { context.channels[campaign.messages[$0].channel]?.queues ?? false }
        let atOnce = reachable.filter { !queued.contains($0) }
        if let rendered = render(atOnce, campaign, id, wait, othersGoOn: !queued.isEmpty) {  // 18
            for (index, fields) in rendered { claim(campaign.messages[index], fields, id, wait) }  // 19
        }
        for index in queued { enqueue(campaign.messages[index], id, wait) }
    }

    /// 6: whether the user may receive the campaign again at `instant`; records why not.
    mutating func eligible(
        _ campaign: Campaign,
        _ version: CampaignVersion,
        at instant: Instant,
        send: UInt64,
        rule: String
    ) -> Bool {
        guard let receipt = state.receipts.first(where: { $0.campaign == version.number }),
            receipt.send != send || send == 0
        else { return true }
        switch campaign.reEligibility {
        case .once:
            decide(
                .alreadyReceived,
                campaign.id,
                rule: send == 0 ? "6.1" : rule,
                send: send,
                why: ["received_at": .string(receipt.at.description)]
            )
            return false
        case .after(let wait):
            let next = receipt.at + wait
            if wait == .zero || instant >= next { return true }  // 6.5
            decide(
                .reEligibilityPending,
                campaign.id,
                rule: rule == "6.7" ? "6.6" : rule,
                send: send,
                next: next,
                why: [
                    "received_at": .string(receipt.at.description), "after": .string(wait.description),
                    "eligible_at": .string(next.description),
                ]
            )
            return false
        }
    }

    /// 10.6 per channel: the address, then its state, then consent (13).
    private mutating func reaches(_ message: Message, _ id: CampaignID, _ campaign: Campaign, _ wait: Wait) -> Bool {
        guard let rules = context.channels[message.channel] else { return false }
        func text(_ field: String?) -> String? { field.flatMap { state.profile[$0]?.string } }

        if let field = rules.addressField, addresses(rules).isEmpty {
            let code: Decision.Code =
                switch field {
                case "email": .noEmail
                case "push_tokens": .noPushToken
                default: .noAddress
                }
            decide(code, id, channel: message.channel, rule: "10.6", send: wait.send, why: [field: .null])
            return false
        }
        if let status = text(rules.statusField), status == "hard_bounced" || status == "spam" {
            decide(
                status == "spam" ? .spamMarked : .hardBounced,
                id,
                channel: message.channel,
                rule: "10.6",
                send: wait.send,
                why: [rules.statusField ?? "": .string(status)]
            )
            return false
        }
        if let consent = text(rules.consentField), consent == "unsubscribed" {
            decide(
                .unsubscribed,
                id,
                channel: message.channel,
                rule: "10.6",
                send: wait.send,
                why: [rules.consentField ?? "": .string(consent)]
            )
            return false
        }
        if rules.queues, state.queue.contains(where: { $0.wait.version.number == wait.version.number }) {  // 9.6
            decide(
                .alreadyQueued,
                id,
                channel: campaign.messages.count > 1 ? message.channel : nil,
                rule: "9.6",
                send: wait.send
            )
            return false
        }
        return true
    }

    private func addresses(_ rules: ChannelRules) -> [String] {
        rules.addressField.flatMap { state.profile[$0]?.strings }?.filter { !$0.isEmpty } ?? []
    }

    /// All of them rendered, or nil: one template that aborts or fails ends what would be handed over at once (10.8).
    private mutating func render(
        _ messages: [Int],
        _ campaign: Campaign,
        _ id: CampaignID,
        _ wait: Wait,
        othersGoOn: Bool
    ) -> [(Int, Object)]? {
        var done: [(Int, Object)] = []
        for index in messages {
            let rendered = context.render(rendering(index, id, wait))
            let (code, reason): (Decision.Code, String)
            switch rendered {
            case .fields(let fields):
                done.append((index, fields))
                continue
            case .aborted(let text): (code, reason) = (.templateAborted, text)
            case .failed(let text): (code, reason) = (.templateError, text)
            }
            // 13, Decisions: a channel stands here only where in-app goes on.
            let ended = othersGoOn ? messages.map { Optional(campaign.messages[$0].channel) } : [nil]
            for channel in ended {
                decide(code, id, channel: channel, rule: "10.8", send: wait.send, why: ["reason": .string(reason)])
            }
            return nil
        }
        return done
    }

    func rendering(_ message: Int, _ id: CampaignID, _ wait: Wait) -> Rendering {
        Rendering(
            version: wait.version,
            campaign: id,
            message: message,
            user: user,
            properties: wait.properties,
            profile: state.profile,
            now: now
        )
    }

    /// Reserves the receipt; nothing cancels the message from then on (13, Hand-over).
    private mutating func claim(_ message: Message, _ fields: Object, _ id: CampaignID, _ wait: Wait) {
        guard let rules = context.channels[message.channel] else { return }
        receive(wait, isCertain: false)
        state.claims.append(
            Claim(send: wait.send, campaign: wait.version.number, channel: message.channel, at: now)
        )
        effects.handOvers.append(
            HandOver(
                key: key(wait.send, message.channel),
                version: wait.version,
                campaign: id,
                send: wait.send,
                channel: message.channel,
                addresses: addresses(rules),
                fields: fields,
                at: now
            )
        )
    }

    /// The stable idempotency key: a send names its campaign, version, user and trigger event (12, row 23).
    private func key(_ send: UInt64, _ channel: String) -> String {
        "\(context.identity)-\(send)-\(channel)"
    }

    /// 6.3. Only the first delivery of a send sets its receipt (9.12).
    mutating func receive(_ wait: Wait, isCertain: Bool) {
        let number = wait.version.number
        guard let index = state.receipts.firstIndex(where: { $0.campaign == number }) else {
            state.receipts.append(Receipt(campaign: number, at: now, send: wait.send, isCertain: isCertain))
            return
        }
        if state.receipts[index].send == wait.send {
            state.receipts[index].isCertain = state.receipts[index].isCertain || isCertain
        } else {
            let before = state.receipts[index].at
            state.receipts[index] = Receipt(
                campaign: number,
                at: now,
                send: wait.send,
                isCertain: isCertain,
                previous: before
            )
        }
    }
}

/// What a channel said of a message that it was handed.
package enum DeliveryOutcome: Hashable, Sendable {
    case accepted(id: String)
    case refused(reason: String)
    case addressDead(address: String, reason: String)
    /// Not accepted within 72 h.
    case gaveUp(reason: String)
}

extension Turn {
    /// Records what became of a claimed message. An outcome that comes twice changes nothing.
    package mutating func settle(send: UInt64, channel: String, _ outcome: DeliveryOutcome) {
        effects.settled.append(key(send, channel))
        guard let index = state.claims.firstIndex(where: { $0.send == send && $0.channel == channel }) else { return }
        let claim = state.claims.remove(at: index)
        let id = context.campaigns.head(claim.campaign)?.id
        switch outcome {
        case .accepted(let provider):
            // 13: at the instant of the hand-over.
            decide(
                .delivered,
                id,
                channel: channel,
                rule: "6.3",
                send: send,
                at: claim.at,
                why: provider.isEmpty ? [:] : ["provider_id": .string(provider)]
            )
            if let receipt = state.receipts.firstIndex(where: { $0.campaign == claim.campaign && $0.send == send }) {
                state.receipts[receipt].isCertain = true
            }
        case .refused(let reason):
            decide(.providerRejected, id, channel: channel, rule: "13", send: send, why: ["reason": .string(reason)])
            giveBack(claim)
        case .addressDead(let address, let reason):
            decide(
                .providerRejected,
                id,
                channel: channel,
                rule: "13",
                send: send,
                why: ["reason": .string(reason), "address": .string(address)]
            )
            retire(address, of: channel)
            giveBack(claim)
        case .gaveUp(let reason):
            decide(.providerGaveUp, id, channel: channel, rule: "13", send: send, why: ["reason": .string(reason)])
            giveBack(claim)
        }
    }

    /// 6.4: triggered but not received has no effect.
    private mutating func giveBack(_ claim: Claim) {
        guard !state.claims.contains(where: { $0.send == claim.send }),
            let index = state.receipts.firstIndex(where: {
                $0.campaign == claim.campaign && $0.send == claim.send && !$0.isCertain
            })
        else { return }
        if let previous = state.receipts[index].previous {
            state.receipts[index] = Receipt(campaign: claim.campaign, at: previous, send: 0, isCertain: true)
        } else {
            state.receipts.remove(at: index)
        }
    }

    /// 13, Hand-over: an address that the channel calls dead becomes `hard_bounced`, a token is removed.
    private mutating func retire(_ address: String, of channel: String) {
        guard let rules = context.channels[channel], let field = rules.addressField else { return }
        switch state.profile[field] {
        case .array(let elements)?: state.profile[field] = .array(elements.filter { $0.string != address })
        case .string(address)?: if let status = rules.statusField { state.profile[status] = "hard_bounced" }
        default: break
        }
    }
}
