/// Control groups, frequency caps, rate limits and recipients' places (10.2 to 10.5).
extension Turn {
    /// Step 14: held out on purpose, and counted as if it had received (6.9, 8.7).
    mutating func enrol(_ definition: Definition, _ wait: Wait) -> Judged {
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
    func capped(_ messages: [Int], _ definition: Definition, _ pass: inout Pass) -> [Int] {
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

    func takesSlot(_ definition: Definition, _ pass: Pass) -> Bool {
        definition.campaign.rateLimit != nil && pass.left.contains { !queues(definition.campaign.messages[$0]) }
    }

    /// A wait of which the timer ran out. One that its rate limit holds is judged again only when a slot is free and
    /// its turn has come: timers of one instant run in the order in which their sends began to wait (13, 10.3).
    mutating func resume(_ wait: Wait) {
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

    func tally(_ wait: Wait) -> Tally { tallies[wait.version.number] ?? Tally() }

    /// Step 16.
    mutating func isBeyondRateLimit(_ definition: Definition, _ wait: Wait, _ pass: Pass) -> Judged? {
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
    mutating func expire(_ wait: Wait, _ definition: Definition, at instant: Instant) -> Judged {
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
    mutating func hasNoPlace(_ definition: Definition, _ wait: Wait, _ pass: Pass) -> Judged? {
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

    func holdsPlace(_ number: CampaignNumber) -> Bool { state.places.contains { $0.campaign == number } }

    /// Whether the user is one more of those whom the campaign may reach (10.4).
    func needsPlace(_ version: CampaignVersion) -> Bool {
        context.campaigns.campaign(version)?.maxRecipients != nil && !holdsPlace(version.number)
    }

    /// Dispatch alone uses slots and places up (13, 10.3).
    mutating func use(_ slot: Bool, _ wait: Wait) {
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
}

extension FrequencyCap: CustomStringConvertible {
    package var description: String {
        return "at most \(atMost) \(channel ?? "any") per \(per.description)"
    }
}
