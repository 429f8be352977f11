import Engine
import NaiveModel
import Storage

/// What must hold when a message is claimed.
extension RuleChecks {
    mutating func checkClaim(
        _ message: OutboxMessage,
        _ campaign: Campaign,
        _ send: Send,
        _ commit: Commit
    ) throws {
        try checkDelay(message, send)
        try checkClocks(message, campaign, commit)
        try checkEligibility(message, campaign)
        if send.begunUnder == message.version { try checkExceptions(message, campaign, send) }
        try checkCaps(message, campaign)
        try checkPlaces(message, campaign)
        try takeSlot(message, campaign)
    }

    // MARK: Clocks

    /// 3.1, of the version under which it began to wait.
    private func checkDelay(_ message: OutboxMessage, _ send: Send) throws {
        guard let campaign = send.begunUnder.flatMap({ campaigns[$0] }) else { return }  // It was deleted since.
        let at = message.claimedAt
        // The chain's first trigger counts too, and may turn up when a lease ends.
        guard campaign.debouncesAtMost == nil else { return }
        try torture.check(at >= send.due, "\(message.key) is claimed at \(at), due is \(send.due)")
        guard let due = due(message.eventAt, campaign.delay, send) else { return }
        try torture.check(at >= due, "\(message.key) is claimed \(due - at) before its delay is over")
        guard let firstDue = send.firstDue, case .length = campaign.delay else { return }
        try torture.check(firstDue == due, "\(message.key) was due at \(firstDue), and by its delay at \(due)")
    }

    /// Nil where that takes more than a calendar.
    private func due(_ trigger: Instant, _ delay: Delay, _ send: Send) -> Instant? {
        func instant(_ time: ClockTime, _ choice: ZoneChoice, _ day: (WallClock.Reading) -> Int64) -> Instant? {
            guard let own = send.zone else { return nil }
            let zone = choice == .user ? own : nil
            let today = WallClock.read(trigger, zone, else: workspace.timeZone)
            let wall = day(today) * 86_400_000 + time.milliseconds
            return WallClock.instant(wall, zone, else: workspace.timeZone)
        }
        switch delay {
        case .length(let length): return trigger + length
        case .days(let days, at: .clock(let time), let choice): return instant(time, choice) { $0.day + days }
        case .next(let weekday, at: .clock(let time), let choice):
            return instant(time, choice) { today in
                (1...7).map { today.day + $0 }.first { Weekday(day: $0) == weekday } ?? today.day
            }
        default: return nil
        }
    }

    private func checkClocks(_ message: OutboxMessage, _ campaign: Campaign, _ commit: Commit) throws {
        guard !commit.setsZone(of: message.user) else { return }  // Which of two counts, the order in the step says.
        let own = zones[message.user]
        func time(_ choice: ZoneChoice) -> Int64 {
            WallClock.read(message.claimedAt, choice == .user ? own : nil, else: workspace.timeZone).timeOfDay
        }
        if let window = campaign.window {
            let time = time(window.zone)
            try torture.check(
                WallClock.contains(window.hours, time),
                "\(message.key) is claimed at \(ClockTime(milliseconds: time)), outside \(window.hours)"
            )
        }
        let quiet: QuietHours? =
            switch campaign.quietHours {
            case .workspace: workspace.quietHours
            case .none: nil
            case .own(let own): own
            }
        if let quiet {
            let time = time(.user)
            try torture.check(
                !WallClock.contains(quiet.hours, time),
                "\(message.key) is claimed at \(ClockTime(milliseconds: time)), in \(quiet.hours)"
            )
        }
    }

    // MARK: Who

    /// Against what was received, and what is under way: it has reserved its receipt.
    private func checkEligibility(_ message: OutboxMessage, _ campaign: Campaign) throws {
        for other in received[message.user] ?? [] where other != message.send {
            guard let earlier = sends[other], earlier.isReceived || isUnderWay(other),
                earlier.version?.number == message.version.number,
                let received = earlier.claimedAt
            else { continue }
            switch campaign.reEligibility {
            case .once: throw Violation("\(message.key) is claimed, and \(other) was received at \(received)")
            case .after(let wait):
                try torture.check(
                    wait == .zero || message.claimedAt >= received + wait,
                    "\(message.key) is claimed at \(message.claimedAt), \(other) was received at \(received)"
                )
            }
        }
    }

    /// Of what users tell, recorded while the send waited; by the naive model's reading of filters.
    private func checkExceptions(_ message: OutboxMessage, _ campaign: Campaign, _ send: Send) throws {
        for exception in campaign.exceptions where exception.same == nil {
            for (commit, event) in events[message.user] ?? [] where commit > send.begunIn && commit < commits {
                let happened = min(event.time ?? event.receivedAt, event.receivedAt)
                guard happened >= message.eventAt, isNamed(exception, event) else { continue }
                let holds = exception.where.map { Model.holds($0, event.properties, event.receivedAt) } ?? true
                try torture.check(!holds, "\(message.key) is claimed, and \(event) was an exception")
            }
        }
    }

    private func isNamed(_ exception: Occurrence, _ event: StoredEvent) -> Bool {
        guard exception.type == event.type else { return false }
        switch exception.type {
        case Event.customEvent: return exception.configuration["event"]?.text == event.subject
        case Event.purchase:
            let products = exception.configuration["product_id"]?.texts ?? []
            return products.isEmpty || products.contains(event.subject)
        default: return false  // Known to the engine alone, or stopped campaigns have a say.
        }
    }

    // MARK: Limits

    /// Messages that were certainly received: one under way may still be given back.
    private func checkCaps(_ message: OutboxMessage, _ campaign: Campaign) throws {
        guard !campaign.isExemptFromFrequencyCaps else { return }
        for cap in workspace.frequencyCaps where cap.channel == nil || cap.channel == message.channel {
            let since: Instant
            switch cap.per {
            case .rolling(let length): since = message.claimedAt - length + Length(milliseconds: 1)
            // Days of a clock have 23 hours at least, and today is one of them.
            case .days(let days):
                guard days > 1 else { continue }
                since = message.claimedAt - Length(milliseconds: (days - 1) * 82_800_000)
            }
            let count = (delivered[message.user] ?? []).count { other in
                (cap.channel == nil || cap.channel == other.channel) && (since...message.claimedAt).contains(other.at)
                    && other.version.flatMap { campaigns[$0] }?.isExemptFromFrequencyCaps == false
            }
            try torture.check(count < Int(cap.atMost), "\(message.key) is claimed after \(count) of \(cap.description)")
        }
    }

    /// 10.4: users who received it, or are about to. One who has it in the in-app queue has a place too, maybe from when
    /// there were more.
    private func checkPlaces(_ message: OutboxMessage, _ campaign: Campaign) throws {
        guard let most = campaign.maxRecipients else { return }
        var users: Set<UserID> = []
        for (number, send) in sends where send.version?.number == message.version.number {
            // One that was sent when no limit stood took no place.
            guard let version = send.version, campaigns[version]?.maxRecipients != nil else { continue }
            if send.isReceived || isUnderWay(number) { users.insert(send.user) }
        }
        try torture.check(
            users.contains(message.user) || queued[message.user]?.contains(message.version.number) == true
                || users.count < Int(most),
            "\(message.key) is claimed for one more than \(most) users: \(users.sorted())"
        )
    }

    private mutating func takeSlot(_ message: OutboxMessage, _ campaign: Campaign) throws {
        guard let limit = campaign.rateLimit else { return }
        let minute = Int64((Double(message.claimedAt.milliseconds) / 60_000).rounded(.down))
        let number = message.version.number
        // What failed within the minute gave its slot back.
        let used = (slots[number]?[minute] ?? []).filter { send in
            send != message.send && !isAgain.contains(send)
                && (isUnderWay(send) || sends[send]?.isSent == true)
        }
        try torture.check(
            used.count < Int(limit),
            "\(message.key) is sent in a minute in which \(used.count) of \(limit) were"
        )
        slots[number, default: [:]][minute, default: []].insert(message.send)
    }

    /// 10.3: of a minute as many are taken as sends have one, and none that came back. Where in-app alone delivered, it came
    /// back if the other channels had failed by then.
    func checkSlots(_ number: CampaignNumber, _ tally: Tally) throws {
        guard !hasClaimed.isEmpty else { return }  // Where everything is accepted at once nothing is claimed.
        let sends = (slots[number]?[tally.minute] ?? []).sorted()
        let fewest = sends.count { !isAgain.contains($0) && (isUnderWay($0) || self.sends[$0]?.isSent == true) }
        let most = sends.count { isUnderWay($0) || self.sends[$0]?.isReceived == true }
        try torture.check(
            (Int64(fewest)...Int64(most)).contains(tally.slots),
            "campaign \(number): \(tally.slots) slots of the minute \(tally.minute) are taken, by \(sends)"
        )
    }

    /// 13: an address that a channel called dead is the user's no more, unless the user told of it in the same step.
    func checkDead(_ decision: Decision, _ commit: Commit) throws {
        guard let dead = decision.why["dead_addresses"]?.texts, commit.isServed,
            !commit.changes.events.contains(where: { $0.user == decision.user && !$0.set.isEmpty }),
            let profile = commit.changes.users.first(where: { $0.id == decision.user })?.state.profile
        else { return }
        let isLeft =
            decision.channel == "push"
            ? profile["push_tokens"]?.texts.contains(where: dead.contains) ?? false
            : dead.contains(profile["email"]?.text ?? "") && profile["email_status"] != "hard_bounced"
        try torture.check(!isLeft, "\(decision.user) still has one of \(dead), which were called dead")
    }

    /// 10.2: what counts for caps was delivered, or may be yet.
    func checkCounted(_ state: UserState) throws {
        for counted in state.counted {
            let message = Message(send: counted.send, channel: counted.channel)
            try torture.check(
                isDelivered.contains(message) || hasClaimed.contains(message) && !ended.contains(message),
                "\(counted) counts for caps, and nothing came of it"
            )
        }
    }
}
