/// What an event decides at its receipt (10.7, "At trigger").
extension Turn {
    /// Exceptions first, then triggers in the order in which campaigns were created, then in-app display. `matches`
    /// are in that order of creation; `device` is the client whose session starts.
    package mutating func handle(_ event: Event, _ matches: [Match], device: String = "") {
        for match in matches {
            guard case .exception(let index) = match.role else { continue }
            except(match.version, index, event, matches)
        }
        for match in matches {
            guard case .trigger(let whereHolds) = match.role else { continue }
            trigger(match.version, whereHolds, event)
        }
        if event.type == Event.sessionStart {
            state.lastSession = max(event.time, state.lastSession ?? event.time)
            display(session: event.time, device: device)
        } else if let session = state.lastSession, session == now {
            // 9.2: a session start of the same instant counts, also one stored before the entry was made.
            display(session: session, device: device)
        }
    }

    private mutating func except(_ version: CampaignVersion, _ index: Int, _ event: Event, _ matches: [Match]) {
        guard let head = context.campaigns.head(version.number),
            let campaign = context.campaigns.campaign(version), campaign.exceptions.indices.contains(index)
        else { return }
        let exception = campaign.exceptions[index]
        let same = exception.same.flatMap { event.properties[$0] }
        if exception.same != nil, same == nil { return }  // 4.14: there is nothing that could equal.
        remember(version, index, event, same)

        // 4.9: the trigger is its own exception: push the send back.
        let isTrigger = !head.isStopped && matches.contains { $0 == Match(head.current, .trigger(whereHolds: true)) }
        let code: Decision.Code = isTrigger ? .rescheduledByTrigger : .cancelledByException
        let rule = isTrigger ? "4.9" : exception.same != nil ? "4.14" : "4.4"

        func counts(_ wait: Wait) -> Bool {
            guard wait.version == version, wait.trigger <= event.time else { return false }  // 4.4, 4.6
            guard let name = exception.same, let same else { return true }
            return wait.properties[name].map(same.equals) ?? false
        }
        func why(_ wait: Wait) -> Object {
            var why: Object = [
                "exception": .string(event.subject.isEmpty ? event.type : "\(event.type) \(event.subject)"),
                "exception_at": .string(event.time.description), "triggered_at": .string(wait.trigger.description),
            ]
            if let name = exception.same, let same { why["same_\(name)"] = same }
            return why
        }
        for wait in state.waits where counts(wait) {
            decide(code, head.id, rule: rule, send: wait.send, why: why(wait))
            removeTimer(wait.due, of: wait)
            state.waits.removeAll { $0.send == wait.send }
        }
        for entry in state.queue where counts(entry.wait) {  // 4.12: in force until the message is seen.
            if entry.isLeased(at: now) {
                change(entry) { $0.lease?.isExcepted = true }
            } else {
                decide(
                    code,
                    head.id,
                    channel: channel(ending: entry),
                    rule: rule,
                    send: entry.wait.send,
                    why: why(entry.wait)
                )
                remove(entry)
            }
        }
    }

    /// 4.13: kept for a trigger that arrives after its exception.
    private mutating func remember(_ version: CampaignVersion, _ index: Int, _ event: Event, _ same: Value?) {
        let fingerprints = context.campaigns.exceptionFingerprints(version)
        let seen = SeenException(
            campaign: version.number,
            occurrence: fingerprints[index],
            time: event.time,
            same: same
        )
        guard !state.seenExceptions.contains(seen) else { return }
        let oldest = Instant(milliseconds: now.milliseconds - context.limits.exceptionMemory.milliseconds)
        state.seenExceptions.removeAll { $0.time < oldest }
        if state.seenExceptions.count >= context.limits.seenExceptions { state.seenExceptions.removeFirst() }
        state.seenExceptions.append(seen)
    }

    private mutating func trigger(_ version: CampaignVersion, _ whereHolds: Bool, _ event: Event) {
        guard let head = context.campaigns.head(version.number), let campaign = context.campaigns.campaign(version)
        else { return }
        guard whereHolds else {
            decide(
                .propertyFilterMismatch,
                head.id,
                rule: "2.3.1",
                send: 0,
                why: campaign.trigger.where.map { filter in
                    ["where": .string(filter.description), "found": .object(filter.compared(in: event.properties))]
                } ?? [:]
            )
            return
        }
        guard !head.isStopped else {
            decide(
                .campaignNotLive,
                head.id,
                rule: "3.4",
                send: 0,
                why: ["stopped_at": .string(head.stops.last?.description ?? "")]
            )
            return
        }
        guard event.time >= head.launchedAt else {
            decide(
                .eventBeforeLaunch,
                head.id,
                rule: "1.1.2",
                send: 0,
                why: [
                    "event_at": .string(event.time.description), "launched_at": .string(head.launchedAt.description),
                ]
            )
            return
        }
        // 6.6: judged at the trigger instant, and again at the send.
        guard eligible(campaign, version, at: event.time, send: 0, rule: "6.6") else { return }
        guard !alreadyExcepted(campaign, version, head, event) else { return }

        let due = event.time + campaign.delay  // 3.2.1: counted from the event's time.
        var why = Object()
        if event.time != now { why["event_at"] = .string(event.time.description) }
        let send = decide(.scheduled, head.id, rule: "3.1", send: 0, next: due, why: why)
        let wait = Wait(
            send: send,
            version: version,
            epoch: head.epoch,
            trigger: event.time,
            due: due,
            properties: event.properties
        )
        if due <= now {  // 3.2.2; 13: judged inside the trigger step.
            judge(wait)
        } else {
            state.waits.append(wait)
            addTimer(due, of: wait)
        }
    }

    /// 4.13: an exception later than the trigger is stored already.
    private mutating func alreadyExcepted(
        _ campaign: Campaign,
        _ version: CampaignVersion,
        _ head: CampaignHead,
        _ event: Event
    ) -> Bool {
        guard !campaign.exceptions.isEmpty, !state.seenExceptions.isEmpty else { return false }
        let oldest = Instant(milliseconds: now.milliseconds - context.limits.exceptionMemory.milliseconds)
        let fingerprints = context.campaigns.exceptionFingerprints(version)
        let found = state.seenExceptions.first { seen in
            guard seen.campaign == version.number, seen.time > event.time, seen.time >= oldest,
                let index = fingerprints.firstIndex(of: seen.occurrence)
            else { return false }
            guard let name = campaign.exceptions[index].same, let same = seen.same else { return true }
            return event.properties[name].map(same.equals) ?? false
        }
        guard let found else { return false }
        decide(
            .cancelledByException,
            head.id,
            rule: "4.13",
            send: 0,
            why: [
                "exception_at": .string(found.time.description), "triggered_at": .string(event.time.description),
            ]
        )
        return true
    }
}
