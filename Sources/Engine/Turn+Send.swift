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
    mutating func dispatch(_ pass: Pass, _ definition: Definition, _ wait: Wait, hasSlot: Bool) -> Judged {
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
    mutating func recordEnd(_ pass: Pass, _ definition: Definition, _ wait: Wait) -> Judged {
        record(pass, definition, wait)
            ?? decide(.noAddress, definition.campaign.id, rule: "14", of: wait.name, why: ["messages": "none"])
    }

    @discardableResult
    mutating func record(_ pass: Pass, _ definition: Definition, _ wait: Wait) -> Judged? {
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
}
