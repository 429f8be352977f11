/// In-app messages: queued when due, shown to a session, delivered when seen (9).
extension Turn {
    mutating func enqueue(_ message: Message, _ id: CampaignID, _ wait: Wait) {
        let expires = message.expiresAfter.map { now + $0 } ?? .never
        let sequence = decide(
            .queuedInApp,
            id,
            channel: message.channel,
            rule: "9.2",
            send: wait.send,
            next: expires == .never ? nil : expires
        )
        state.queue.append(
            QueueEntry(wait: wait, channel: message.channel, sequence: sequence, available: now, expires: expires)
        )
        addTimer(expires, of: wait)
    }

    /// 9.3, 9.4: one message a session, of the highest priority, of those the most recently created.
    package mutating func display(session: Instant, device: String) {
        guard !state.queue.contains(where: { $0.isLeased(at: now) }) else { return }  // 13, 9.11
        var ready = state.queue.filter { $0.available <= session && now < $0.expires }  // 9.2, 9.5
        guard !ready.isEmpty else { return }
        if let shown = state.lastShown, now < shown + context.limits.inAppInterval {
            let next = shown + context.limits.inAppInterval
            for entry in ready { passOver(entry, .inAppMinimumInterval, next: next) }
            return
        }
        ready.sort { (priority($0).rawValue, $0.sequence) > (priority($1).rawValue, $1.sequence) }
        while !ready.isEmpty {
            let entry = ready.removeFirst()
            guard let id = campaignID(entry.wait.version), let index = message(of: entry) else { continue }
            let (code, reason): (Decision.Code, String)
            switch context.render(rendering(index, id, entry.wait)) {  // 9.9: rendered at display.
            case .fields(let fields):
                lease(entry, fields, id, device)
                for other in ready { passOver(other, .inAppLowerPriority, next: nil) }
                return
            case .aborted(let text): (code, reason) = (.templateAborted, text)
            case .failed(let text): (code, reason) = (.templateError, text)
            }
            decide(
                code,
                id,
                channel: entry.channel,
                rule: "9.9",
                send: entry.wait.send,
                why: ["reason": .string(reason)]
            )
            remove(entry)
        }
    }

    /// Gives a client the message that it should show now, as a session would; the one that it has on lease already,
    /// where it says which client it is.
    package mutating func lease(device: String) {
        if let entry = state.queue.first(where: { $0.isLeased(at: now) }), let lease = entry.lease {
            guard !device.isEmpty, lease.device == device, let id = campaignID(entry.wait.version),
                let index = message(of: entry),
                case .fields(let fields) = context.render(rendering(index, id, entry.wait))
            else { return }
            effects.presented = Presented(
                token: lease.token,
                campaign: id,
                channel: entry.channel,
                fields: fields,
                ends: lease.ends
            )
            return
        }
        display(session: now, device: device)
    }

    /// The client says that the message was seen. Gives whether the lease still held.
    package mutating func acknowledge(token: UInt64) -> Bool {
        guard let entry = state.queue.first(where: { $0.lease?.token == token && $0.isLeased(at: now) }) else {
            return false
        }
        decide(.delivered, campaignID(entry.wait.version), channel: entry.channel, rule: "9.11", send: entry.wait.send)
        receive(entry.wait, isCertain: true)
        state.lastShown = now
        remove(entry)
        return true
    }

    private mutating func lease(_ entry: QueueEntry, _ fields: Object, _ id: CampaignID, _ device: String) {
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
            if lease.isExcepted {
                decide(
                    .cancelledByException,
                    campaignID(entry.wait.version),
                    channel: channel(ending: entry),
                    rule: "9.11",
                    send: entry.wait.send,
                    at: lease.ends
                )
                remove(entry)
                return
            }
            if let stop = stop(of: entry.wait) {
                decide(
                    .campaignStopped,
                    campaignID(entry.wait.version),
                    channel: channel(ending: entry),
                    rule: "9.11",
                    send: entry.wait.send,
                    at: max(stop, lease.ends)
                )
                remove(entry)
                return
            }
        }
        guard !entry.isLeased(at: instant), entry.expires <= instant else { return }
        decide(
            .inAppExpired,
            campaignID(entry.wait.version),
            channel: entry.channel,
            rule: "9.5",
            send: entry.wait.send,
            at: entry.expires,
            why: ["available_at": .string(entry.available.description)]
        )
        remove(entry)
    }

    private mutating func passOver(_ entry: QueueEntry, _ code: Decision.Code, next: Instant?) {
        decide(
            code,
            campaignID(entry.wait.version),
            channel: entry.channel,
            rule: code == .inAppMinimumInterval ? "9.4" : "9.3",
            send: entry.wait.send,
            next: next
        )
    }

    private func priority(_ entry: QueueEntry) -> Message.Priority {
        guard let index = message(of: entry) else { return .medium }
        return context.campaigns.campaign(entry.wait.version)?.messages[index].priority ?? .medium
    }

    private func message(of entry: QueueEntry) -> Int? {
        context.campaigns.campaign(entry.wait.version)?.messages.firstIndex { $0.channel == entry.channel }
    }

    mutating func change(_ entry: QueueEntry, _ body: (inout QueueEntry) -> Void) {
        guard let index = state.queue.firstIndex(where: { $0.sequence == entry.sequence }) else { return }
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
