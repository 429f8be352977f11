/// In-app messages: queued when due, shown to a session, delivered when seen (9).
extension Turn {
    mutating func enqueue(_ message: Message, _ id: CampaignID, _ wait: Wait) -> Judged {
        let expires = message.expiresAfter.map { now + $0 } ?? .never
        let queued = decide(
            .queuedInApp,
            id,
            channel: message.channel,
            rule: "9.2",
            of: wait.name,
            next: expires == .never ? nil : expires
        )
        state.queue.append(
            QueueEntry(
                wait: wait,
                channel: message.channel,
                sequence: queued.sequence,
                available: now,
                expires: expires
            )
        )
        addTimer(expires, of: wait)
        return queued
    }

    /// A session started at `session`: what waits is judged again (9.8), and one message is shown.
    package mutating func startSession(_ session: Instant, device: Text) {
        guard !state.queue.contains(where: { $0.isLeased(at: now) }) else { return }  // 13, 9.11
        let ready = state.queue.filter {
            $0.available <= session && now < $0.expires && $0.heldUntil.map { $0 <= now } ?? true
        }
        display(ready, device)  // 9.2, 9.5
    }

    /// 9.2: a session start of the same instant counts, also one stored before the entry was made.
    mutating func displayInSessionOfNow() {
        guard state.lastSession == now, !state.queue.contains(where: { $0.isLeased(at: now) }) else { return }
        display(state.queue.filter { $0.available == now && now < $0.expires }, "")
    }

    /// 9.3, 9.4: one message a session, of the highest priority, of those the most recently created.
    private mutating func display(_ entries: [QueueEntry], _ device: Text) {
        var ready = entries.filter { isStillWanted($0) }
        guard !ready.isEmpty else { return }  // There is nothing to show.
        if let shown = state.lastShown, now < shown + context.limits.inAppInterval {
            let next = shown + context.limits.inAppInterval
            for entry in ready { passOver(entry, .inAppMinimumInterval, next: next) }
            return
        }
        ready.sort { (priority($0).rawValue, $0.sequence) > (priority($1).rawValue, $1.sequence) }
        while !ready.isEmpty {
            let entry = ready.removeFirst()
            guard let definition = definition(of: entry), let index = message(of: entry) else {
                preconditionFailure("\(entry.wait.version) has no message for \(entry.channel), which is to be shown")
            }
            let (code, reason): (Decision.Code, String)
            switch rendered(index, definition, entry.wait) {  // 9.9: rendered at display.
            case .fields(let fields, _):
                lease(entry, fields, definition.campaign.id, device)
                for other in ready { passOver(other, .inAppLowerPriority, next: nil) }
                return
            case .aborted(let text): (code, reason) = (.templateAborted, text)
            case .failed(let text): (code, reason) = (.templateError, text)
            }
            decide(
                code,
                definition.campaign.id,
                channel: entry.channel,
                rule: "9.9",
                of: entry.wait.name,
                why: ["reason": .string(reason)]
            )
            remove(entry)
        }
    }

    /// 9.8: end and audience end an entry; outside its window it stays.
    private mutating func isStillWanted(_ entry: QueueEntry) -> Bool {
        // 14: what waits of a held campaign waits.
        guard let definition = definition(of: entry), !context.campaigns.isHeld(entry.wait.version) else {
            return false
        }
        guard isOutsideDuration(definition, now, of: entry.wait.name, channel: entry.channel) == nil,
            !definition.campaign.rechecksAudience
                || isOutsideAudience(
                    definition,
                    .notInSegmentAtSend,
                    rule: "9.8",
                    of: entry.wait.name,
                    channel: entry.channel
                ) == nil
        else {
            remove(entry)
            return false
        }
        guard let window = definition.campaign.window else { return true }
        return window.hours.contains(zone(window.zone).wall(now).timeOfDay)
    }

    private func definition(of entry: QueueEntry) -> Definition? { context.campaigns.definition(entry.wait.version) }

    /// Gives a client the message that it should show now, as a session would; the one that it has on lease already,
    /// where it says which client it is.
    package mutating func lease(device: Text) {
        if let entry = state.queue.first(where: { $0.isLeased(at: now) }), let lease = entry.lease {
            guard !device.isEmpty, lease.device == device, let definition = definition(of: entry),
                let index = message(of: entry),
                case .fields(let fields, _) = rendered(index, definition, entry.wait)
            else { return }
            effects.presented = Presented(
                token: lease.token,
                campaign: definition.campaign.id,
                channel: entry.channel,
                fields: fields,
                ends: lease.ends
            )
            return
        }
        startSession(now, device: device)
    }

    /// The client says that the message was seen, and what the user did with it then: `in_app_clicked`,
    /// `in_app_dismissed` or nothing. Gives whether the lease still held.
    package mutating func acknowledge(token: UInt64, action: String? = nil) -> Bool {
        guard let entry = leased(token) else { return false }
        see(entry)
        if let action {
            // As a client's own item would (1.3), which any campaign may listen to.
            raised.append(
                Event(
                    type: Event.campaignInteraction,
                    subject: campaignID(entry.wait.version) ?? "",
                    user: user,
                    time: now,
                    receivedAt: now,
                    properties: ["action": .string(action)]
                )
            )
        }
        return true
    }

    /// The client wants a better moment: the lease is over, and the message is not shown before `until`. Gives
    /// whether the lease still held.
    package mutating func hold(token: UInt64, until: Instant) -> Bool {
        guard let entry = leased(token), let lease = entry.lease else { return false }
        removeTimer(lease.ends, of: entry.wait)
        let over = now
        change(entry) { $0.lease?.ends = over }
        // What happened meanwhile counts now (13, 9.11).
        guard let ended = state.queue.first(where: { $0.sequence == entry.sequence }) else { return true }
        runOut(ended, at: now)
        if state.queue.contains(where: { $0.sequence == entry.sequence }) {
            change(entry) { $0.heldUntil = until }
            decide(
                .inAppHeld,
                campaignID(entry.wait.version),
                channel: entry.channel,
                rule: "9.11",
                of: entry.wait.name,
                next: until
            )
        }
        return true
    }

    private func leased(_ token: UInt64) -> QueueEntry? {
        state.queue.first { $0.lease?.token == token && $0.isLeased(at: now) }
    }

    /// 13, 9.11: delivered at the instant of the acknowledgement.
    private mutating func see(_ entry: QueueEntry) {
        let id = campaignID(entry.wait.version)
        decide(.delivered, id, channel: entry.channel, rule: "9.11", of: entry.wait.name)
        remove(entry)
        receive(entry.wait.version.number, entry.wait.send, at: now)
        openWindow(entry.wait.version, entry.wait.send, channel: entry.channel)
        raise(
            Event.campaignInteraction,
            id,
            action: Event.inAppViewed,
            at: now,
            depth: entry.wait.depth,
            chain: entry.wait.chain
        )
        state.lastShown = now
    }

    private mutating func lease(_ entry: QueueEntry, _ fields: Object, _ id: CampaignID, _ device: Text) {
        if context.acceptsAtOnce { return see(entry) }
        let lease = Lease(token: takeSequence(), ends: now + context.limits.lease, device: device)
        change(entry) { $0.lease = lease }
        addTimer(lease.ends, of: entry.wait)
        effects.presented = Presented(
            token: lease.token,
            campaign: id,
            channel: entry.channel,
            fields: fields,
            ends: lease.ends
        )
    }

    /// Its lease or its time is over.
    mutating func runOut(_ entry: QueueEntry, at instant: Instant) {
        if let lease = entry.lease, lease.ends <= instant {
            // 13, 9.11: what happened meanwhile counts now; without it, the entry waits for the next session.
            change(entry) { $0.lease = nil }
            if let exception = lease.exception {
                decide(
                    exception.isTrigger ? .rescheduledByTrigger : .cancelledByException,
                    campaignID(entry.wait.version),
                    channel: channel(ending: entry),
                    rule: "9.11",
                    of: entry.wait.name,
                    at: lease.ends,
                    why: [
                        "exception": .string(exception.name), "exception_at": .string(exception.time.description),
                        "triggered_at": .string(entry.wait.trigger.description),
                    ]
                )
                if exception.raises {
                    // 1.4: it has the time of the event that caused it, not that of the lease's end.
                    raise(
                        Event.exception,
                        campaignID(entry.wait.version),
                        at: exception.time,
                        depth: exception.depth,
                        chain: exception.chain
                    )
                }
                remove(entry)
                if exception.isTrigger { goOn(from: entry.wait, since: exception.time) }
                return
            }
            if let end = end(of: entry.wait) {
                decide(
                    end.code,
                    campaignID(entry.wait.version),
                    channel: channel(ending: entry),
                    rule: "9.11",
                    of: entry.wait.name,
                    at: max(end.at, lease.ends)
                )
                remove(entry)
                return
            }
        }
        guard !entry.isLeased(at: instant), entry.expires <= instant else { return }  // A timer of before.
        decide(
            .inAppExpired,
            campaignID(entry.wait.version),
            channel: entry.channel,
            rule: "9.5",
            of: entry.wait.name,
            at: entry.expires,
            why: ["available_at": .string(entry.available.description)]
        )
        remove(entry)
    }

    /// 4.9: the chain of a message that was not seen goes on with the sends that began to wait since, which are due no
    /// later for that (14). Those that a rule holds keep their instant.
    private mutating func goOn(from ended: Wait, since trigger: Instant) {
        for index in state.waits.indices {
            let wait = state.waits[index]
            guard wait.version.number == ended.version.number, wait.trigger >= trigger,
                wait.firstTrigger > ended.firstTrigger
            else { continue }
            state.waits[index].firstTrigger = ended.firstTrigger
            guard let most = context.campaigns.campaign(wait.version)?.debouncesAtMost, wait.due == wait.firstDue,
                ended.firstTrigger + most < wait.due
            else { continue }
            removeTimer(wait.due, of: wait)
            state.waits[index].due = max(now, ended.firstTrigger + most)
            state.waits[index].firstDue = state.waits[index].due
            addTimer(state.waits[index].due, of: state.waits[index])
        }
    }

    /// At the end of a scenario: what still waits for a session (11).
    package mutating func reportQueue() {
        for entry in state.queue {
            decide(
                .noSession,
                campaignID(entry.wait.version),
                channel: entry.channel,
                rule: "9.2",
                of: entry.wait.name,
                why: ["available_at": .string(entry.available.description)]
            )
        }
    }

    private mutating func passOver(_ entry: QueueEntry, _ code: Decision.Code, next: Instant?) {
        decide(
            code,
            campaignID(entry.wait.version),
            channel: entry.channel,
            rule: code == .inAppMinimumInterval ? "9.4" : "9.3",
            of: entry.wait.name,
            next: next
        )
    }

    private func priority(_ entry: QueueEntry) -> Message.Priority {
        guard let index = message(of: entry) else { return .medium }
        return definition(of: entry)?.campaign.messages[index].priority ?? .medium
    }

    private func message(of entry: QueueEntry) -> Int? {
        definition(of: entry)?.campaign.messages.firstIndex { $0.channel == entry.channel }
    }

    mutating func change(_ entry: QueueEntry, _ body: (inout QueueEntry) -> Void) {
        guard let index = state.queue.firstIndex(where: { $0.sequence == entry.sequence }) else {
            preconditionFailure(
                "entry \(entry.sequence) is changed, and is none of the queue's \(state.queue.map(\.sequence))"
            )
        }
        body(&state.queue[index])
    }

    mutating func remove(_ entry: QueueEntry) {
        state.queue.removeAll { $0.sequence == entry.sequence }
        removeTimer(entry.expires, of: entry.wait)
        if let lease = entry.lease { removeTimer(lease.ends, of: entry.wait) }
    }
}

extension QueueEntry {
    package func isLeased(at instant: Instant) -> Bool {
        lease.map { instant < $0.ends } ?? false
    }
}
