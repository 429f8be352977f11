/// Whom a message reaches, and its claim (6, 10.6, 10.8).
extension Turn {
    /// 6. Nil: the user may receive the campaign again at `instant`. Otherwise why not was decided.
    mutating func isIneligible(
        _ definition: Definition,
        _ version: CampaignVersion,
        at instant: Instant,
        of send: SendName?,
        rule: String
    ) -> Judged? {
        guard let receipt = lastReceipt(of: version.number, besides: send?.number ?? 0) else { return nil }
        switch definition.campaign.reEligibility {
        case .once:
            return decide(
                .alreadyReceived,
                definition.campaign.id,
                rule: send == nil ? "6.1" : rule,
                of: send,
                why: ["received_at": .string(receipt.at.description)]
            )
        case .after(let wait):
            let next = receipt.at + wait
            if wait == .zero || instant >= next { return nil }  // 6.5
            return decide(
                .reEligibilityPending,
                definition.campaign.id,
                rule: rule == "6.7" ? "6.6" : rule,
                of: send,
                next: next,
                why: [
                    "received_at": .string(receipt.at.description), "after": .string(wait.description),
                    "eligible_at": .string(next.description),
                ]
            )
        }
    }

    /// 10.6 per channel: the address, then its state, then consent (13); and 9.6.
    func reaches(_ message: Message, _ definition: Definition, _ wait: Wait, _ pass: inout Pass) -> Bool {
        guard let rules = context.channels[message.channel] else {
            let why: Object = ["channel": "not loaded"]
            pass.found.append(Pass.Finding(code: .noAddress, channel: message.channel, rule: "14", why: why))
            return false
        }
        if let (code, why) = rules.fault(of: state.profile, requiresOptIn: definition.campaign.requiresOptIn) {
            pass.found.append(Pass.Finding(code: code, channel: message.channel, rule: "10.6", why: why))
            return false
        }
        // One that an exception ends with its lease (9.11) makes room: of a debounce the last trigger's is left.
        if rules.queues,
            let entry = state.queue.first(where: {
                $0.wait.version.number == wait.version.number && $0.lease?.exception == nil
            })
        {
            pass.found.append(
                Pass.Finding(
                    code: .alreadyQueued,
                    channel: definition.campaign.messages.count > 1 ? message.channel : nil,
                    rule: "9.6",
                    why: ["queued_at": .string(entry.available.description)]
                )
            )
            return false
        }
        return true
    }

    func addresses(_ rules: ChannelRules) -> [Text] {
        rules.addresses(in: state.profile)
    }

    enum AtOnce {
        case rendered([(Int, Object, [FieldLead])])
        case ended(Judged)
    }

    /// One template that aborts or fails ends what would be handed over at once (10.8).
    mutating func render(
        _ messages: [Int],
        _ definition: Definition,
        _ wait: Wait,
        othersGoOn: Bool
    ) -> AtOnce {
        var done: [(Int, Object, [FieldLead])] = []
        for index in messages {
            let rendered = rendered(index, definition, wait)
            let (code, reason): (Decision.Code, String)
            switch rendered {
            case .fields(let fields, let leads):
                done.append((index, fields, leads))
                continue
            case .aborted(let text): (code, reason) = (.templateAborted, text)
            case .failed(let text): (code, reason) = (.templateError, text)
            }
            func end(_ channel: String?) -> Judged {
                decide(
                    code,
                    definition.campaign.id,
                    channel: channel,
                    rule: "10.8",
                    of: wait.name,
                    why: ["reason": .string(reason)]
                )
            }
            guard othersGoOn else { return .ended(end(nil)) }
            // 13, Decisions: a channel stands here only where in-app goes on.
            for other in messages.dropLast() { _ = end(definition.campaign.messages[other].channel) }
            return .ended(end(definition.campaign.messages[messages[messages.count - 1]].channel))
        }
        return .rendered(done)
    }

    /// A message as it would leave now, unless the campaign's rule or its template gives it up (10.8).
    mutating func rendered(_ message: Int, _ definition: Definition, _ wait: Wait) -> Rendered {
        let facts = facts
        if let reason = definition.campaign.abortReason(facts, now: now, within: &filterBudget) {
            return .aborted(reason)
        }
        return context.render(rendering(message, definition.campaign.id, wait))
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
    mutating func claim(
        _ message: Message,
        _ fields: Object,
        _ leads: [FieldLead],
        _ definition: Definition,
        _ wait: Wait,
        tookSlot: Bool
    ) -> Judged {
        guard let rules = context.channels[message.channel] else {
            preconditionFailure("send \(wait.send) is claimed for \(message.channel), which it did not reach")
        }
        reserveReceipt(of: wait.version.number, wait.send)
        countForCaps(message.channel, definition, send: wait.send)
        let number = context.acceptsAtOnce ? 0 : takeSequence()
        let claim = Claim(
            send: wait.send,
            campaign: wait.version.number,
            channel: message.channel,
            at: now,
            version: wait.version,
            depth: wait.depth,
            chain: wait.chain,
            tookSlot: tookSlot,
            number: number
        )
        state.claims.append(claim)
        if context.acceptsAtOnce {
            accept(message.channel, wait)
            return handedOver(claim)
        }
        openWindow(wait.version, wait.send, channel: message.channel, isPending: true)
        effects.handOvers.append(
            HandOver(
                key: key(wait.send, message.channel),
                version: wait.version,
                campaign: definition.campaign.id,
                send: wait.send,
                channel: message.channel,
                addresses: addresses(rules),
                addressesSince: rules.addressesSince(in: state),
                fields: fields,
                leads: leads,
                eventAt: wait.trigger,
                at: now,
                number: number
            )
        )
        return handedOver(claim)
    }

    /// Whether or not a cap stands now: one that is applied later counts what was sent before (14, 10.2).
    mutating func countForCaps(_ channel: String, _ definition: Definition, send: UInt64) {
        guard !definition.campaign.isExemptFromFrequencyCaps else { return }  // 10.2: it counts for none.
        let reach = context.workspace.frequencyCaps.map(\.reach).max() ?? .zero
        let oldest = now - max(reach, context.limits.countedForCaps)
        state.counted.removeAll { $0.at < oldest }
        if state.counted.count >= context.limits.counted { state.counted.removeFirst() }
        state.counted.append(CountedMessage(channel: channel, send: send, at: now))
    }

    /// The stable idempotency key: a send names its definition, version, user and trigger event (12, row 23).
    func key(_ send: UInt64, _ channel: String) -> String {
        "\(context.identity)-\(send)-\(channel)"
    }
}

extension Campaign {
    /// Why `abort_if` gives the send up (10.8). What it takes too much work to judge is not sent: a message that the rule
    /// might forbid must not leave.
    func abortReason(_ facts: UserFacts, now: Instant, within budget: inout FilterBudget) -> String? {
        guard let rule = abortIf else { return nil }
        switch rule.verdict(facts, now: now, within: &budget) {
        case false?: return nil
        case true?: return "abort_if: \(rule)"
        case nil: return "abort_if takes too much work to judge: \(rule)"
        }
    }
}
