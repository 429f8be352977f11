/// What happens to a user, decided at its receipt (10.7, "At trigger").
extension Turn {
    /// Attributes set at `time`, a null removes (docs/campaigns.md, `set`); what that changed is an event each, in the
    /// order of the request, the address's before its attribute's (13, 10.7). History makes none of them (14).
    package mutating func set(_ changes: Object, at time: Instant, isHistory: Bool = false) {
        let before = state.profile
        let changes = isHistory ? changes.ofHistory(for: before) : changes
        state.profile.set(changes)
        // A bounce is of the address (10.6): another address has not bounced.
        if state.profile["email"] != before["email"], changes["email_status"] == nil {
            state.profile["email_status"] = nil
        }
        addressesChanged(from: before, at: time)
        if isHistory { return }
        let (olds, news) = (before.values(of: changes), state.profile.values(of: changes))
        for (change, (old, new)) in zip(changes.members, zip(olds, news)) {
            guard let new, old.map({ !$0.equals(new) }) ?? true else { continue }
            if change.name == "email", new.texts.contains(where: { !$0.isEmpty }) {
                handle(profileEvent(Event.emailAdded, "", old, new, time))
            }
            if change.name != "push_tokens", new.canTrigger {
                handle(profileEvent(Event.attributeChanged, change.name, old, new, time))
            }
        }
    }

    /// 10.6: another profile registered the token last.
    package mutating func lose(token: Text) {
        guard case .array(let tokens)? = state.profile[Event.pushTokens] else { return }  // It left already.
        let before = state.profile
        state.profile[Event.pushTokens] = .array(tokens.filter { $0.text != token })
        addressesChanged(from: before)
    }

    private func profileEvent(
        _ type: String,
        _ subject: Text,
        _ before: Value?,
        _ after: Value,
        _ time: Instant
    ) -> Event {
        Event(type: type, subject: subject, user: user, time: time, receivedAt: now, before: before, after: after)
    }

    /// An event, and then what the engine raised meanwhile; `device` is the client whose session starts.
    package mutating func handle(_ event: Event, device: Text = "") {
        process(event, device)
        handleRaised()
    }

    mutating func handleRaised() {
        while !raised.isEmpty { process(raised.removeFirst(), "") }
        guard !state.chains.isEmpty else { return }  // Mostly.
        let alive = Set(
            state.waits.map(\.chain) + state.queue.map(\.wait.chain) + state.claims.map(\.chain)
        )
        state.chains.removeAll { !alive.contains($0.id) }
    }

    /// Exceptions, conversions, triggers in the order in which campaigns were created, counting, in-app display.
    private mutating func process(_ event: Event, _ device: Text) {
        var event = event
        if event.chain == 0 { event.chain = nextSequence }
        guard event.type != Event.location || move(&event) else { return }  // A later place is known.
        if event.isHistory { return remember(event) }
        pushedBack = [:]
        let matches = context.match(event)
        var excepted: [CampaignNumber] = []
        for match in matches {
            guard case .exception(let index) = match.role else { continue }
            except(match.version, index, event, matches, &excepted)
        }
        convert(event, matches)
        for match in matches {
            guard case .trigger(let whereHolds) = match.role, !isOfStoppedCampaign(event) else { continue }
            trigger(match.version, whereHolds, event)
        }
        if !state.nearMisses.isEmpty { thinNearMisses() }
        count(event)
        if event.type == Event.sessionStart {
            state.lastSession = max(event.time, state.lastSession ?? event.time)
            startSession(event.time, device: device)
        } else {
            displayInSessionOfNow()
        }
    }

    /// 14: what happened before anybody listened counts, and shows no session anything.
    private mutating func remember(_ event: Event) {
        count(event)
        if event.type == Event.sessionStart, event.time < now {
            state.lastSession = max(event.time, state.lastSession ?? event.time)
        }
    }

    /// 1.4: from the position known to this one. Gives false for one that is older than the one known, which neither
    /// fires nor replaces it.
    private mutating func move(_ event: inout Event) -> Bool {
        guard context.campaigns.reads.position,
            let latitude = event.properties["latitude"]?.number, let longitude = event.properties["longitude"]?.number
        else { return true }
        if let known = state.position {
            guard event.time >= known.at else { return false }
            event.before = .object(["latitude": .decimal(known.latitude), "longitude": .decimal(known.longitude)])
        }
        event.after = .object(["latitude": .decimal(latitude), "longitude": .decimal(longitude)])
        state.position = Position(latitude: latitude, longitude: longitude, at: event.time)
        return true
    }

    /// 13, 1.2: an interaction with a stopped campaign triggers nothing and records nothing.
    private func isOfStoppedCampaign(_ event: Event) -> Bool {
        event.type == Event.campaignInteraction && context.campaigns.head(of: event.subject)?.isStopped == true
    }

    private mutating func except(
        _ version: CampaignVersion,
        _ index: Int,
        _ event: Event,
        _ matches: [Match],
        _ excepted: inout [CampaignNumber]
    ) {
        guard let head = context.campaigns.head(version.number),
            let definition = context.campaigns.definition(version),
            definition.campaign.exceptions.indices.contains(index)
        else { preconditionFailure("\(event.name) is exception \(index) of \(version), which is not there") }
        let exception = definition.campaign.exceptions[index]
        let same = exception.same.flatMap { $0.correlate(event.properties) }
        if exception.same != nil, same == nil { return }  // 4.14: there is nothing that could equal.
        remember(version, index, event, same)

        // 4.9: the trigger is its own exception: push the send back.
        let isTrigger =
            !head.isStopped && !isOfStoppedCampaign(event)
            && matches.contains(Match(head.current, .trigger(whereHolds: true)))
        // 14: it pushes nothing back while its campaign is held, since no later send begins to wait.
        if isTrigger, context.campaigns.isHeld(version.number) { return }
        let code: Decision.Code = isTrigger ? .rescheduledByTrigger : .cancelledByException
        let rule = isTrigger ? "4.9" : exception.same != nil ? "4.14" : "4.4"

        let tie = exception.same.flatMap { path in same.map { Tie($0, at: path) } }

        func counts(_ wait: Wait) -> Bool {
            guard wait.version == version, wait.trigger <= event.time else { return false }  // 4.4, 4.6
            guard let path = exception.same, let tie else { return true }
            return tie.holds(path.correlate(wait.properties))
        }
        func why(_ wait: Wait) -> Object {
            var why: Object = [
                "exception": .string(event.name), "exception_at": .string(event.time.description),
                "triggered_at": .string(wait.trigger.description),
            ]
            if let path = exception.same, let same { why["same_\(path)"] = same }
            return why
        }
        var hasCancelled = false
        var leased: QueueEntry?
        for wait in state.waits where counts(wait) {
            hasCancelled = true
            if isTrigger { pushBack(wait) }
            decide(code, head.id, rule: rule, of: wait.name, why: why(wait))
            removeTimer(wait.due, of: wait)
            state.waits.removeAll { $0.send == wait.send }
        }
        for entry in state.queue where counts(entry.wait) {  // 4.12: in force until the message is seen.
            if let lease = entry.lease, entry.isLeased(at: now) {
                guard lease.exception == nil else { continue }  // The first one counts.
                let exception = LeaseException(event, isTrigger: isTrigger)
                change(entry) { $0.lease?.exception = exception }
                leased = entry
            } else {
                hasCancelled = true
                if isTrigger { pushBack(entry.wait) }
                decide(
                    code,
                    head.id,
                    channel: channel(ending: entry),
                    rule: rule,
                    of: entry.wait.name,
                    why: why(entry.wait)
                )
                remove(entry)
            }
        }
        // 1.2, 4.9: only where one was really cancelled, and once per event and campaign (13).
        if hasCancelled, !isTrigger, !excepted.contains(version.number) {
            excepted.append(version.number)
            raise(Event.exception, head.id, at: event.time, depth: event.depth, chain: event.chain)
            if let leased { change(leased) { $0.lease?.exception?.raises = false } }
        }
    }

    private mutating func pushBack(_ wait: Wait) {
        let number = wait.version.number
        pushedBack[number] = min(wait.firstTrigger, pushedBack[number] ?? wait.firstTrigger)
    }

    /// 4.13: kept for a trigger that arrives after its exception. Of those that agree in all but their time the newest
    /// says as much as all: what an older one is later than, it is later than too.
    private mutating func remember(_ version: CampaignVersion, _ index: Int, _ event: Event, _ same: Value?) {
        let fingerprints = context.campaigns.exceptionFingerprints(version)
        let seen = SeenException(
            campaign: version.number,
            occurrence: fingerprints[index],
            time: event.time,
            same: same
        )
        func isOfKind(_ other: SeenException) -> Bool {
            other.campaign == seen.campaign && other.occurrence == seen.occurrence && other.same == seen.same
        }
        let oldest = now - context.limits.exceptionMemory
        // One of its kind that is as new says all of it.
        if state.seenExceptions.contains(where: { isOfKind($0) && $0.time >= seen.time }) { return }
        state.seenExceptions.removeAll { $0.time < oldest || isOfKind($0) }
        state.seenExceptions.makeRoom(for: 1, of: context.limits.seenExceptions) {
            $0.campaign == seen.campaign && $0.occurrence == seen.occurrence
        }
        state.seenExceptions.append(seen)
    }

    private mutating func trigger(_ version: CampaignVersion, _ whereHolds: Bool, _ event: Event) {
        guard let head = context.campaigns.head(version.number), let definition = context.campaigns.definition(version)
        else { preconditionFailure("\(event.name) triggers \(version), which is not there") }
        guard !context.campaigns.isHeld(version.number) else { return }  // 14: nothing triggers.
        guard whereHolds else { return miss(version, head, definition.campaign, event) }
        tallies[version.number, default: Tally()].begin(messageCount(version), of: version.version)
        effects.tallies.insert(version.number)
        guard event.depth < context.limits.chain, starts(of: version.number, in: event.chain) < context.limits.chain
        else {
            decide(.chainTooDeep, head.id, rule: "1.5", of: nil, why: ["depth": .integer(Int64(event.depth))])
            return
        }
        // Each of them has decided where it does not hold.
        guard isLive(head, definition, event), isYoung(definition, head, event),
            isOutsideAudience(definition, .notInSegmentAtTrigger, rule: "7.1.1", of: nil) == nil
        else { return }
        if let group = context.workspace.controlGroup, group.contains(user, salt: "") {
            decide(.globalControl, head.id, rule: "10.5", of: nil)
            return
        }
        if let window = definition.campaign.window, window.anchor == .triggerAndDelivery,
            !window.hours.contains(zone(window.zone).wall(event.time).timeOfDay)
        {
            decide(
                .outsideWindowAtTrigger,
                head.id,
                rule: "5.2.3",
                of: nil,
                next: zone(window.zone).next(in: window.hours, from: now),
                why: compared(event.time, window.hours, zone(window.zone), "window")
            )
            return
        }
        // 6.6: judged at the trigger instant, and again at the send.
        guard isIneligible(definition, version, at: event.time, of: nil, rule: "6.6") == nil else { return }
        // 3.2.1: counted from the event's time.
        let first = min(event.time, pushedBack[version.number] ?? event.time)
        guard
            let due = due(of: definition.campaign, trigger: event.time, first: first, properties: event.properties)
        else {
            decide(.delayInvalid, head.id, rule: "3.1", of: nil, why: definition.campaign.delay.compared(event))
            return
        }
        guard !alreadyExcepted(definition, version, head, event) else { return }  // It has decided.
        guard hasRoom(for: event) else {
            let waiting = Int64(state.waits.count + state.queue.count + state.claims.count)
            decide(.tooManyWaiting, head.id, rule: "14", of: nil, why: ["waiting": .integer(waiting)])
            return
        }

        var why = Object()
        if event.time != now { why["event_at"] = .string(event.time.description) }
        if let most = definition.campaign.debouncesAtMost, due == first + most {
            why["first_triggered_at"] = .string(first.description)
            why["at_most"] = .string(most.description)
        }
        let scheduled = decide(.scheduled, head.id, rule: "3.1", of: nil, next: due, why: why)
        var wait = Wait(
            send: scheduled.sequence,
            version: version,
            epoch: head.epoch,
            trigger: event.time,
            firstTrigger: first,
            due: due,
            firstDue: max(due, now),
            properties: event.properties
        )
        if context.campaigns.reads.raised {
            wait.depth = event.depth
            wait.chain = event.chain
            start(version.number, in: event.chain)
        }
        if due <= now {  // 3.2.2; 13: judged inside the trigger step.
            judge(wait)
        } else {
            state.waits.append(wait)
            addTimer(due, of: wait)
        }
    }

    /// Whether one more send may wait of this user, who would otherwise grow with whatever a client sends.
    private func hasRoom(for event: Event) -> Bool {
        guard state.waits.count + state.queue.count + state.claims.count < context.limits.waiting else { return false }
        // Few cannot hold that much: an item's size is bounded at the door.
        guard state.waits.count + state.queue.count >= 8 else { return true }
        let held = (state.waits + state.queue.map(\.wait)).reduce(0) { $0 + ObjectSize($1.properties).bytes }
        return held + ObjectSize(event.properties).bytes <= context.limits.waitingBytes
    }

    /// Step 3: whether it runs, was launched before the event, and is within its duration.
    private mutating func isLive(_ head: CampaignHead, _ definition: Definition, _ event: Event) -> Bool {
        guard !head.isStopped else {
            decide(
                .campaignNotLive,
                head.id,
                rule: "3.4",
                of: nil,
                why: ["stopped_at": .string(head.stops.last?.description ?? "")]
            )
            return false
        }
        guard event.time >= head.launchedAt else {
            decide(
                .eventBeforeLaunch,
                head.id,
                rule: "1.1.2",
                of: nil,
                why: [
                    "event_at": .string(event.time.description), "launched_at": .string(head.launchedAt.description),
                ]
            )
            return false
        }
        return isOutsideDuration(definition, event.time, of: nil) == nil
    }

    /// Step 4.
    private mutating func isYoung(_ definition: Definition, _ head: CampaignHead, _ event: Event) -> Bool {
        guard let longest = definition.campaign.maxEventAge, now - event.time > longest else { return true }
        decide(
            .eventTooOld,
            head.id,
            rule: "3.2.3",
            of: nil,
            why: ["age": .string((now - event.time).description), "max_event_age": .string(longest.description)]
        )
        return false
    }

    private func starts(of campaign: CampaignNumber, in chain: UInt64) -> Int {
        Int(state.chains.first { $0.id == chain && $0.campaign == campaign }?.starts ?? 0)
    }

    private mutating func start(_ campaign: CampaignNumber, in chain: UInt64) {
        if let index = state.chains.firstIndex(where: { $0.id == chain && $0.campaign == campaign }) {
            state.chains[index].starts += 1
        } else {
            state.chains.append(Chain(id: chain, campaign: campaign, starts: 1))
        }
    }

    /// 4.13: an exception later than the trigger is stored already.
    private mutating func alreadyExcepted(
        _ definition: Definition,
        _ version: CampaignVersion,
        _ head: CampaignHead,
        _ event: Event
    ) -> Bool {
        guard !definition.campaign.exceptions.isEmpty, !state.seenExceptions.isEmpty else { return false }
        let oldest = now - context.limits.exceptionMemory
        let fingerprints = context.campaigns.exceptionFingerprints(version)
        let ties = definition.campaign.exceptions.map { exception in
            exception.same.flatMap { path in path.correlate(event.properties).map { Tie($0, at: path) } }
        }
        let found = state.seenExceptions.first { seen in
            guard seen.campaign == version.number, seen.time > event.time, seen.time >= oldest,
                let index = fingerprints.firstIndex(of: seen.occurrence)
            else { return false }
            guard definition.campaign.exceptions[index].same != nil, let same = seen.same else { return true }
            return ties[index]?.holds(same) ?? false
        }
        guard let found else { return false }
        decide(
            .cancelledByException,
            head.id,
            rule: "4.13",
            of: nil,
            why: [
                "exception_at": .string(found.time.description), "triggered_at": .string(event.time.description),
            ]
        )
        return true
    }
}

extension Delay {
    /// Why there is no instant to send at.
    fileprivate func compared(_ event: Event) -> Object {
        var why: Object = ["triggered_at": .string(event.time.description)]
        if case .until(let path, let shift) = self {
            why[path.description] = path.values(in: event.properties).first ?? .string("absent")
            if shift < .zero { why["before"] = .string(Length(milliseconds: -shift.milliseconds).description) }
            if shift > .zero { why["after"] = .string(shift.description) }
        }
        return why
    }
}

extension Event {
    /// As an explanation names it.
    var name: String { subject.isEmpty ? type : "\(type) \(subject)" }
}

extension Value {
    /// 1.2: whether a change to this value can trigger; lists cannot.
    fileprivate var canTrigger: Bool {
        switch self {
        case .boolean, .integer, .decimal, .string, .object: true
        case .null, .array: false
        }
    }

    fileprivate var number: Double? {
        switch self {
        case .integer(let whole): Double(whole)
        case .decimal(let decimal): decimal
        default: nil
        }
    }
}

extension LeaseException {
    fileprivate init(_ event: Event, isTrigger: Bool) {
        self.init(
            name: event.name,
            time: event.time,
            depth: event.depth,
            chain: event.chain,
            isTrigger: isTrigger,
            raises: !isTrigger
        )
    }
}
