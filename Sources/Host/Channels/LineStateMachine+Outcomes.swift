import Engine
import Storage

/// What channels say, and how messages end.
extension LineStateMachine {
    /// What the channel says of a message's try, `attempt` of which had failed before. Nil where that try was given up
    /// at its deadline, or has ended: channels may say what they like, as often as they like.
    package mutating func ended(_ number: UInt64, attempt: UInt32, _ report: ChannelReport, _ now: Instant) -> Step? {
        defer { check() }
        guard case .underWay(let entry, let lane, _)? = messages.state(number), entry.value.attempts == attempt else {
            answered(late: Try(number: number, attempt: attempt), now)
            return nil
        }
        let service = lanes[lane].service
        let report = weighed(report, of: entry.value, lane, now)
        let isOwn = report.service.isEmpty || report.service == service
        lanes[lane].pace.learn(report.outcome, isOwn: isOwn, now)
        if !(report.outcome.isRefusal && deaths.isInDoubt(report.service)) {
            let isKnown = hasTaken(report.service, lane)
            conditions.learn(report, now, putOffsToDegrade: settings.putOffsToDegrade, isKnown: isKnown)
        }
        if case .unknown(let reason) = report.outcome {
            unknowns.add(service, reason, now)
            // Unless others go through: then it is this message that is not answered.
            if report.isHanging, isOwn, entry.value.attempts < settings.triesThatHoldUp || !lanes[lane].pace.isOpen {
                lanes[lane].pace.hung(now)
                conditions.set(service, reason, now, isKnown: lanes[lane].pace.hasTaken)
            }
        }
        let rest = isOwn ? lanes[lane].pace.restUntil - now : .zero
        lanes.givePlaceBack(lane)
        lanes[lane].heardAt = now
        stand(lane, now)
        return tell(number, entry.value, report, by: service, rest: rest, now)
    }

    /// Whether the provider, or those of the lane together, took something before.
    private func hasTaken(_ service: Text, _ lane: LaneID) -> Bool {
        lanes[lane].pace.hasTaken || lanes.id(of: LaneName(service: service)).map { lanes[$0].pace.hasTaken } ?? false
    }

    /// The place of a try that was given up comes back. Of a try that has none it was answered before.
    private mutating func answered(late key: Try, _ now: Instant) {
        guard let lane = overdueTries.removeValue(forKey: key) else { return }
        lanes.givePlaceBack(lane)
        lanes[lane].overdue -= 1
        let beside = lanes.other(lane).map { lanes[$0].overdue } ?? 0
        if lanes[lane].overdue + beside == 0 { conditions.clear(lanes[lane].service) }
        stand(lane, now)
    }

    /// A send whose deadline has passed: nobody knows its outcome. It keeps its place until the channel answers.
    mutating func expire(_ number: UInt64, _ now: Instant) -> Step {
        guard case .underWay(let entry, let lane, _)? = messages.state(number) else {
            messages.impossible("overdue", number)
        }
        overdueTries[Try(number: number, attempt: entry.value.attempts)] = lane
        lanes[lane].overdue += 1
        lanes[lane].pace.hung(now)
        let service = lanes[lane].service
        let reason = "no answer within \(settings.deadline)"
        conditions.set(service, reason, now, isKnown: lanes[lane].pace.hasTaken)
        unknowns.add(service, reason, now)
        let rest = lanes[lane].pace.restUntil - now
        stand(lane, now)
        var report = ChannelReport(.unknown(reason: reason), service: service)
        report.isHanging = true
        return tell(number, entry.value, report, by: service, rest: rest, now)
    }

    /// What a report says once it is held against what became of the messages before.
    private mutating func weighed(
        _ report: ChannelReport,
        of entry: OutboxEntry,
        _ lane: LaneID,
        _ now: Instant
    ) -> ChannelReport {
        var report = report
        let service = report.service.isEmpty ? lanes[lane].service : report.service
        switch report.outcome {
        case .accepted:
            for service in Set([service, lanes[lane].service]) where deaths.accepted(service) { believe(service, now) }
        case .tryAgain(_, _, .doubted): doubt(service, now)
        case .tryAgain(let wait, let reason, .unavailable):
            // Others go through: it is this message that does not.
            if service == lanes[lane].service, entry.attempts >= settings.triesThatHoldUp, lanes[lane].pace.isOpen {
                report.outcome = .tryAgain(after: wait, reason: reason, cause: .message)
            }
        case .tryAgain(_, _, .message), .tryAgain(_, _, .throttled), .addressDead, .refused, .unknown: break
        }
        guard let limit = settings.deathsToStop, report.callsAddressesDead,
            !deaths.isBelieved(of: entry.message.user, by: service, limit: limit)
        else { return report }
        doubt(service, now)
        report.deadAddresses = []
        if case .addressDead(_, let reason) = report.outcome {
            let row = "\(limit) addresses and more were called dead, and no message was accepted between"
            report.outcome = .tryAgain(after: .zero, reason: "\(row): \(reason)", cause: .doubted)
        }
        return report
    }

    /// No death that the provider tells is believed from now on: its messages are tried with care.
    mutating func doubt(_ service: Text, _ now: Instant) {
        deaths.doubt(service)
        guard let lane = lanes.id(of: LaneName(service: service)) else { return }  // It begins with care.
        lanes[lane].isCareful = true
        stand(lane, now)
    }

    /// It accepted a message: what waits aside may try again.
    private mutating func believe(_ service: Text, _ now: Instant) {
        if let lane = lanes.id(of: LaneName(service: service)) {
            lanes[lane].isCareful = false
            stand(lane, now)
        }
        if let aside = lanes.id(of: LaneName(service: service, isAside: true)) {
            lanes[aside].pace.wake(now)
            stand(aside, now)
        }
    }

    /// What comes of a message that was under way.
    private mutating func tell(
        _ number: UInt64,
        _ entry: OutboxEntry,
        _ report: ChannelReport,
        by service: Text,
        rest: Length,
        _ now: Instant
    ) -> Step {
        var report = report
        if report.service.isEmpty { report.service = service }
        if case .addressDead(let address, _) = report.outcome, !report.deadAddresses.contains(address) {
            report.deadAddresses.append(address)
        }
        let notes = messages.notes(number)
        switch Verdict(report, of: entry, rest: rest, isWithdrawn: notes.isWithdrawn, settings, now) {
        case .settled(let outcome):
            settle(number)
            return .settle(entry, outcome, deadAddresses: report.deadAddresses)
        case .putOff(var state):
            state.addresses = notes.addresses ?? state.addresses
            // Told of another provider than it was for, it may be for that one by now: the channel is asked again.
            let isElsewhere = settings.hasServices && report.service != service
            messages.move(number, to: isElsewhere ? .wanted(nil) : .later(at: state.notBefore))
            messages.change(number) { notes in
                notes.unsaved = state
                notes.writes += 1
            }
            let failed = FailedTry(reason: state.reason, attempt: state.attempts, next: state.notBefore)
            return .putOff(entry.message, state, failed, deadAddresses: report.deadAddresses)
        }
    }

    // MARK: Ends without a try

    mutating func end(_ number: UInt64, _ entry: Box<OutboxEntry>, _ outcome: DeliveryOutcome) {
        messages.move(number, to: .ending(entry, Box(outcome)))
    }

    func whyGivenUp(_ entry: OutboxEntry) -> String {
        if let reason = entry.state?.reason, !reason.isEmpty { return reason }
        return "it could not be tried within \(settings.givesUpAfter)"
    }
}

extension OutboxEntry {
    /// Tries that failed.
    var attempts: UInt32 { state?.attempts ?? 0 }
}
