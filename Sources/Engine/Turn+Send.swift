/// What is judged at the send instant (10.7, "At due"), and what becomes of a message that was handed over.
extension Turn {
    /// A timer of this user has run out. One that finds nothing to do is stale, and only goes.
    package mutating func handle(_ timer: Timer) {
        effects.timersRemoved.append(timer)
        if let wait = state.waits.first(where: { $0.send == timer.send && $0.due == timer.at }) {
            state.waits.removeAll { $0.send == wait.send }
            resume(wait)
            displayInSessionOfNow()
        }
        for entry in state.queue where entry.wait.send == timer.send {
            runOut(entry, at: timer.at)
        }
    }

    /// Steps 8 to 19 for a send that is due and no longer among the waits.
    @discardableResult
    mutating func judge(_ wait: Wait) -> Judged {
        guard let definition = context.campaigns.definition(wait.version) else {
            return decide(
                .campaignDeleted,
                campaignID(wait.version),
                rule: "14",
                of: wait.name,
                why: ["version": "gone"]
            )
        }
        if let end = end(of: wait) {
            return decide(end.code, definition.campaign.id, rule: end.rule, of: wait.name, at: end.at)
        }
        if let end = isOutsideDuration(definition, now, of: wait.name) { return end }  // 8
        if let end = isOutsideWindow(definition, wait) { return end }  // 9
        if definition.campaign.rechecksAudience,  // 10
            let end = isOutsideAudience(definition, .notInSegmentAtSend, rule: "7.1.6", of: wait.name)
        {
            return end
        }
        if let end = isIneligible(definition, wait.version, at: now, of: wait.name, rule: "6.7") { return end }  // 11

        var pass = Pass()
        pass.left = definition.campaign.messages.indices.filter {
            reaches(definition.campaign.messages[$0], definition, wait, &pass)
        }  // 12
        guard !pass.left.isEmpty else { return recordEnd(pass, definition, wait) }
        if let end = isAsleep(definition, wait, pass) { return end }  // 13
        // 14
        if let group = definition.campaign.controlGroup, group.contains(user, salt: definition.campaign.id.string) {
            record(pass, definition, wait)
            return enrol(definition, wait)
        }
        pass.left = capped(pass.left, definition, &pass)  // 15
        guard !pass.left.isEmpty else { return recordEnd(pass, definition, wait) }
        let hasSlot = takesSlot(definition, pass)
        if hasSlot, let end = isBeyondRateLimit(definition, wait, pass) { return end }  // 16
        if let end = hasNoPlace(definition, wait, pass) { return end }  // 17
        record(pass, definition, wait)
        return dispatch(pass, definition, wait, hasSlot: hasSlot)
    }

    /// Steps 18 and 19. Something is left to go.
    private mutating func dispatch(_ pass: Pass, _ definition: Definition, _ wait: Wait, hasSlot: Bool) -> Judged {
        var last: Judged?
        let queued = pass.left.filter { queues(definition.campaign.messages[$0]) }
        let atOnce = pass.left.filter { !queued.contains($0) }
        switch render(atOnce, definition, wait, othersGoOn: !queued.isEmpty) {  // 18
        case .ended(let end): last = end
        case .rendered(let rendered):
            if !rendered.isEmpty { use(hasSlot, wait) }
            for (index, fields, leads) in rendered {  // 19
                last = claim(definition.campaign.messages[index], fields, leads, definition, wait, tookSlot: hasSlot)
            }
        }
        if !queued.isEmpty { use(false, wait) }
        for index in queued { last = enqueue(definition.campaign.messages[index], definition.campaign.id, wait) }
        guard let last else { preconditionFailure("send \(wait.send) is dispatched, and nothing of it is left") }
        return last
    }

    /// What one pass through the checks found about single channels: recorded by the pass that ends or dispatches
    /// the send, discarded by a hold (13, 10.3).
    struct Pass {
        /// The messages that may still go, by their places.
        var left: [Int] = []
        var found: [Finding] = []

        struct Finding {
            var code: Decision.Code
            var channel: String?
            var rule: String
            var why: Object
        }
    }

    /// Nothing is left: each channel has its finding.
    private mutating func recordEnd(_ pass: Pass, _ definition: Definition, _ wait: Wait) -> Judged {
        record(pass, definition, wait)
            ?? decide(.noAddress, definition.campaign.id, rule: "14", of: wait.name, why: ["messages": "none"])
    }

    @discardableResult
    private mutating func record(_ pass: Pass, _ definition: Definition, _ wait: Wait) -> Judged? {
        var last: Judged?
        for found in pass.found {
            last = decide(
                found.code,
                definition.campaign.id,
                channel: found.channel,
                rule: found.rule,
                of: wait.name,
                why: found.why
            )
        }
        return last
    }

    func queues(_ message: Message) -> Bool { context.channels[message.channel]?.queues ?? false }

    // MARK: Holds

    /// Lets the send wait on. Gives it up where the hold would pass the campaign's end (5.1.4) or last too long (13).
    private mutating func hold(
        _ wait: Wait,
        _ definition: Definition,
        until: Instant,
        _ code: Decision.Code,
        rule: String,
        why: Object,
        _ pass: Pass = Pass()
    ) -> Judged {
        if code != .deferredRateLimit {
            if let end = definition.campaign.duration.flatMap({ limits(of: $0).end }), until >= end {
                record(pass, definition, wait)
                var why = why
                why["held_until"] = .string(until.description)
                why["end"] = .string(end.description)
                return decide(.afterEnd, definition.campaign.id, rule: "5.1.4", of: wait.name, why: why)
            }
            if until > wait.firstDue + context.limits.longestHold {
                record(pass, definition, wait)
                var why = why
                why["held_until"] = .string(until.description)
                why["first_due"] = .string(wait.firstDue.description)
                return decide(.outsideWindowAtSend, definition.campaign.id, rule: "5.1.4", of: wait.name, why: why)
            }
        }
        keep(wait, until: until, isRateLimited: code == .deferredRateLimit)
        return decide(code, definition.campaign.id, rule: rule, of: wait.name, next: until, why: why)
    }

    /// Among the waits again, in its old place: the order in which sends began to wait (13, 10.7).
    private mutating func keep(_ wait: Wait, until: Instant, isRateLimited: Bool) {
        var wait = wait
        wait.due = until
        wait.isRateLimited = isRateLimited
        let place = state.waits.firstIndex { $0.send > wait.send } ?? state.waits.endIndex
        state.waits.insert(wait, at: place)
        addTimer(until, of: wait)
    }

    /// Step 9.
    private mutating func isOutsideWindow(_ definition: Definition, _ wait: Wait) -> Judged? {
        guard let window = definition.campaign.window else { return nil }
        let zone = zone(window.zone)
        if window.hours.contains(zone.wall(now).timeOfDay) { return nil }
        let why = compared(now, window.hours, zone, "window")
        if window.isNextAvailable, let opening = zone.next(in: window.hours, from: now) {
            return hold(wait, definition, until: opening, .deferredWindow, rule: "5.2.2", why: why)
        }
        return decide(.outsideWindowAtSend, definition.campaign.id, rule: "5.2.1", of: wait.name, why: why)
    }

    /// Step 13: 9.7 exempts a send that is left with in-app alone (13, 9.12).
    private mutating func isAsleep(_ definition: Definition, _ wait: Wait, _ pass: Pass) -> Judged? {
        guard let quiet = quietHours(definition),
            pass.left.contains(where: { !queues(definition.campaign.messages[$0]) })
        else {
            return nil
        }
        let zone = zone(.user)
        guard quiet.hours.contains(zone.wall(now).timeOfDay) else { return nil }
        let why = compared(now, quiet.hours, zone, "quiet_hours")
        if quiet.mode == .defer, let end = zone.next(in: quiet.hours.complement, from: now) {
            return hold(wait, definition, until: end, .deferredQuietHours, rule: "10.1", why: why, pass)
        }
        record(pass, definition, wait)
        return decide(.quietHoursAborted, definition.campaign.id, rule: "10.1", of: wait.name, why: why)
    }

    // MARK: Groups, caps and limits

    /// Step 14: held out on purpose, and counted as if it had received (6.9, 8.7).
    private mutating func enrol(_ definition: Definition, _ wait: Wait) -> Judged {
        let enrolled = decide(.controlGroup, definition.campaign.id, rule: "10.5", of: wait.name)
        receive(wait.version.number, wait.send, at: now)
        openWindow(wait.version, wait.send, channel: nil)
        raise(
            Event.campaignInteraction,
            definition.campaign.id,
            action: Event.controlEnrolled,
            at: now,
            depth: wait.depth,
            chain: wait.chain
        )
        return enrolled
    }

    /// Step 15: the messages that every frequency cap allows, in the order of `messages:`; one that passes counts
    /// for the next (13, 10.2).
    private func capped(_ messages: [Int], _ definition: Definition, _ pass: inout Pass) -> [Int] {
        let caps = context.workspace.frequencyCaps
        guard !caps.isEmpty, !definition.campaign.isExemptFromFrequencyCaps else { return messages }
        var counted = state.counted.map { ($0.channel, $0.at) }
        let zone = zone(.user)
        return messages.filter { index in
            let channel = definition.campaign.messages[index].channel
            guard !queues(definition.campaign.messages[index]) else { return true }
            for cap in caps where cap.channel == nil || cap.channel == channel {
                let count = counted.count { message in
                    guard cap.channel == nil || cap.channel == message.0 else { return false }
                    switch cap.per {
                    case .rolling(let length): return now - message.1 < length
                    case .days(let days): return zone.wall(message.1).day > zone.wall(now).day - days
                    }
                }
                guard count < cap.atMost else {
                    pass.found.append(
                        Pass.Finding(
                            code: .frequencyCapped,
                            channel: channel,
                            rule: "10.2",
                            why: ["cap": .string(cap.description), "counted": .integer(Int64(count))]
                        )
                    )
                    return false
                }
            }
            counted.append((channel, now))
            return true
        }
    }

    private func takesSlot(_ definition: Definition, _ pass: Pass) -> Bool {
        definition.campaign.rateLimit != nil && pass.left.contains { !queues(definition.campaign.messages[$0]) }
    }

    /// A wait of which the timer ran out. One that its rate limit holds is judged again only when a slot is free and
    /// its turn has come: timers of one instant run in the order in which their sends began to wait (13, 10.3).
    private mutating func resume(_ wait: Wait) {
        guard wait.isRateLimited, let definition = context.campaigns.definition(wait.version),
            let limit = definition.campaign.rateLimit, end(of: wait) == nil
        else {
            judge(wait)
            return
        }
        let gaveUp = wait.firstDue + context.limits.longestRateLimit
        if now >= gaveUp {
            expire(wait, definition, at: gaveUp)
        } else if tally(wait).slots(at: now) < limit {
            judge(wait)
        } else {
            keep(wait, until: min(nextMinute, gaveUp), isRateLimited: true)
        }
    }

    /// A slot came back, and the send of this timer may stand at the head of the queue (14, 10.3): it is judged now. Gives
    /// whether it was.
    package mutating func takeFreeSlot(_ timer: Timer) -> Bool {
        guard let wait = state.waits.first(where: { $0.send == timer.send && $0.due == timer.at }), wait.isRateLimited,
            let limit = context.campaigns.campaign(wait.version)?.rateLimit, tally(wait).slots(at: now) < limit
        else { return false }  // It went meanwhile, or so did the slot.
        state.waits.removeAll { $0.send == wait.send }
        resume(wait)
        // Held until the very instant at which it waited already, it keeps its timer.
        if !state.waits.contains(where: { $0.send == wait.send && $0.due == timer.at }) {
            effects.timersRemoved.append(timer)
        }
        return true
    }

    private var nextMinute: Instant { Instant(milliseconds: (Tally.minute(of: now) + 1) * 60_000) }

    private func tally(_ wait: Wait) -> Tally { tallies[wait.version.number] ?? Tally() }

    /// Step 16.
    private mutating func isBeyondRateLimit(_ definition: Definition, _ wait: Wait, _ pass: Pass) -> Judged? {
        guard let limit = definition.campaign.rateLimit else { return nil }
        let used = tally(wait).slots(at: now)
        if used < limit { return nil }
        let gaveUp = wait.firstDue + context.limits.longestRateLimit
        guard now < gaveUp else {
            record(pass, definition, wait)
            return expire(wait, definition, at: now)
        }
        return hold(
            wait,
            definition,
            until: min(nextMinute, gaveUp),
            .deferredRateLimit,
            rule: "10.3",
            why: ["per_minute": .integer(limit), "used": .integer(used)]
        )
    }

    @discardableResult
    private mutating func expire(_ wait: Wait, _ definition: Definition, at instant: Instant) -> Judged {
        decide(
            .rateLimitExpired,
            definition.campaign.id,
            rule: "10.3",
            of: wait.name,
            at: instant,
            why: ["first_due": .string(wait.firstDue.description)]
        )
    }

    /// Step 17.
    private mutating func hasNoPlace(_ definition: Definition, _ wait: Wait, _ pass: Pass) -> Judged? {
        guard let most = definition.campaign.maxRecipients, !holdsPlace(wait.version.number) else { return nil }
        let taken = tally(wait).places
        if taken < most { return nil }
        record(pass, definition, wait)
        return decide(
            .volumeCapReached,
            definition.campaign.id,
            rule: "10.4",
            of: wait.name,
            why: ["max_recipients": .integer(most), "recipients": .integer(taken)]
        )
    }

    private func holdsPlace(_ number: CampaignNumber) -> Bool { state.places.contains { $0.campaign == number } }

    /// Whether the user is one more of those whom the campaign may reach (10.4).
    func needsPlace(_ version: CampaignVersion) -> Bool {
        context.campaigns.campaign(version)?.maxRecipients != nil && !holdsPlace(version.number)
    }

    /// Dispatch alone uses slots and places up (13, 10.3).
    private mutating func use(_ slot: Bool, _ wait: Wait) {
        let number = wait.version.number
        let takesPlace = needsPlace(wait.version)
        guard slot || takesPlace else { return }  // It counts nothing.
        var tally = tally(wait)
        if slot { tally.takeSlot(at: now) }
        if takesPlace {
            tally.places += 1
            state.places.append(Place(campaign: number, send: wait.send))
        }
        tallies[number] = tally
        effects.tallies.insert(number)
    }

    // MARK: Eligibility and reachability

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
    private func reaches(_ message: Message, _ definition: Definition, _ wait: Wait, _ pass: inout Pass) -> Bool {
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

    private func addresses(_ rules: ChannelRules) -> [Text] {
        rules.addresses(in: state.profile)
    }

    private enum AtOnce {
        case rendered([(Int, Object, [FieldLead])])
        case ended(Judged)
    }

    /// One template that aborts or fails ends what would be handed over at once (10.8).
    private mutating func render(
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

    private func rendering(_ message: Int, _ id: CampaignID, _ wait: Wait) -> Rendering {
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
    private mutating func claim(
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
    private func key(_ send: UInt64, _ channel: String) -> String {
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

extension ChannelRules {
    /// Where the channel can reach the user.
    func addresses(in profile: Object) -> [Text] {
        addressField.flatMap { profile[$0]?.texts }?.filter { !$0.isEmpty } ?? []
    }

    /// Since when the user has each of `addresses`; empty where that is not kept of them.
    func addressesSince(in state: UserState) -> [Instant] {
        guard let addressField, Text(addressField) == Event.pushTokens,
            let tokens = state.profile[addressField]?.texts, tokens.count == state.pushTokensSince.count
        else { return [] }
        return zip(tokens, state.pushTokensSince).filter { !$0.0.isEmpty }.map(\.1)
    }

    /// Why the user cannot or must not be reached: the address, then its state, then consent (13, 10.7).
    func fault(of profile: Object, requiresOptIn: Bool) -> (Decision.Code, Object)? {
        if let addressField, addresses(in: profile).isEmpty {
            switch addressField {
            case "email": return (.noEmail, [:])
            case "push_tokens": return (.noPushToken, [:])
            default: return (.noAddress, ["field": .string(addressField)])
            }
        }
        if let statusField, let status = profile[statusField]?.string {
            if status == "hard_bounced" { return (.hardBounced, [statusField: .string(status)]) }
            if status == "spam" { return (.spamMarked, [statusField: .string(status)]) }
        }
        guard let consentField else { return nil }
        let consent = profile[consentField]?.string ?? "subscribed"
        if consent == "unsubscribed" { return (.unsubscribed, [consentField: .string(consent)]) }
        if requiresOptIn, consent != "opted_in" { return (.notOptedIn, [consentField: .string(consent)]) }
        return nil
    }
}

extension FrequencyCap: CustomStringConvertible {
    package var description: String {
        return "at most \(atMost) \(channel ?? "any") per \(per.description)"
    }
}
