import Engine
import Storage

/// What each kind of work does.
extension Core {
    mutating func doWorks(_ step: inout Step, _ loaded: inout Loaded) -> Needs? {
        while step.track != nil || step.nextWork != nil {
            if step.track == nil {
                guard let work = step.nextWork else { return nil }
                // What came before is decided by the campaigns as they were, what comes after as they are then.
                if work.traits.isAlone, step.begun > 0 { return nil }
                if case .track(let track) = work {
                    let number = step.takeWork().number
                    step.track = (number, track)
                } else {
                    if let needs = needs(of: work, step, loaded) { return needs }
                    let (number, work) = step.takeWork()
                    if let answer = perform(work, &step, &loaded) { step.answers.append((number, answer)) }
                    if work.traits.isAlone { return nil }
                }
            }
            if step.track != nil, let needs = goOnWithTrack(&step, &loaded) { return needs }
            if step.track != nil || isOverdue(&step) { return nil }
            if step.isPieceDone(largest: limits.largestPiece) { return Needs() }
        }
        return nil
    }

    private func needs(of work: Work, _ step: Step, _ loaded: Loaded) -> Needs? {
        switch work {
        case .lease(let user, _), .acknowledge(let user, _, _), .hold(let user, _, _), .delete(let user):
            return missing(user, step, loaded)
        case .settle(let message, _, _, _, _), .putOff(let message, _, _, _):
            return missing(message.user, step, loaded)
        case .sweep(let users):
            for user in users { if let needs = missing(user, step, loaded) { return needs } }
            return nil
        case .mark(let message):
            guard step.batch.outboxState(message.place) == nil, !loaded.hasLooked(for: message.place) else {
                return nil
            }
            var needs = Needs()
            needs.messages = [message.place]
            return needs
        case .redrive(let numbers): return needs(ofLetters: numbers, step, loaded)
        // Items are looked at one by one; campaigns are known.
        case .track, .change, .stop, .resume: return nil
        }
    }

    private mutating func perform(_ work: Work, _ step: inout Step, _ loaded: inout Loaded) -> Answer? {
        switch work {
        case .track: preconditionFailure("items are not decided as one")

        case .lease(let user, let device):
            if let why = loaded.damage(of: user) { return .refused(.damaged(why)) }
            guard isKnown(user, step, loaded) else { return .presented(nil) }
            return .presented(
                turn(user, &step, &loaded) { turn in
                    turn.lease(device: device)
                    return turn.effects.presented
                }
            )

        case .acknowledge(let user, let token, let action):
            return changeLease(of: user, &step, &loaded) { $0.acknowledge(token: token, action: action) }

        case .hold(let user, let token, let length):
            let until = step.now + length
            return changeLease(of: user, &step, &loaded) { $0.hold(token: token, until: until) }

        case .delete(let user): return .deleted(delete(user, &step, &loaded))

        case .settle(let message, let outcome, let attempts, let hasState, let dead):
            settle(message, outcome, attempts, hasState, dead, &step, &loaded)
            return nil

        case .putOff(let message, let state, let failed, let dead):
            putOff(message, state, failed, dead, &step, &loaded)
            return nil

        case .mark(let message):
            var state =
                step.batch.outboxState(message.place) ?? loaded.outboxState(message.place) ?? OutboxState()
            state.isHandedOver = true
            step.batch.mark(message, state)
            return .recorded

        case .redrive(let numbers):
            return .redriven(numbers.map { redrive($0, &step, &loaded) })

        case .sweep(let users):
            for user in users where isKnown(user, step, loaded) { turn(user, &step, &loaded) { _ in } }
            return nil

        case .change(let change): return self.change(change, &step)

        case .stop(let id, let definition):
            let now = step.now
            return changeHead(of: id, definition, &step) { $0.stop(at: now) }
        case .resume(let id, let definition): return changeHead(of: id, definition, &step) { $0.resume() }
        }
    }

    private mutating func changeLease(
        of user: UserID,
        _ step: inout Step,
        _ loaded: inout Loaded,
        _ body: (inout Turn) -> Bool
    ) -> Answer {
        if let why = loaded.damage(of: user) { return .refused(.damaged(why)) }
        guard isKnown(user, step, loaded) else { return .refused(.leaseOver) }
        return turn(user, &step, &loaded, body) ? .recorded : .refused(.leaseOver)
    }

    // MARK: Forgetting

    /// Gives whether the user was known.
    private mutating func delete(_ user: UserID, _ step: inout Step, _ loaded: inout Loaded) -> Bool {
        // Of one whose record is damaged nobody knows what waits; timers that find nothing do nothing.
        let damaged = loaded.damage(of: user).map { _ in UserState() }
        guard let state = currentState(user, step, loaded) ?? damaged else { return false }
        loaded.forget(user)
        forget(state, &step)
        step.batch.delete(user, state)
        // It takes a number: an item of before may have made no decision, and has the number that the next one would
        // have had.
        nextSequence += 1
        step.batch.erase(
            user,
            Erasure(at: step.now, eventsBefore: nextEvent, numbersBefore: nextSequence)
        )
        return true
    }

    /// What waited of a user who is deleted never triggered, so that the accounts close.
    private mutating func forget(_ state: UserState, _ step: inout Step) {
        for wait in state.waits {
            let count = context.campaigns.campaign(wait.version)?.messages.count ?? 1
            tallies[wait.version.number]?.forget(Int64(count), of: wait.version.version)
        }
        for entry in state.queue {
            let version = entry.wait.version
            tallies[version.number]?.forget(1, of: version.version)
        }
        for claim in state.claims {
            tallies[claim.campaign]?.forget(1, of: claim.version.version)
            if claim.number != 0 { step.batch.withdraw(OutboxPlace(channel: claim.channel, number: claim.number)) }
        }
        // 14, 10.4: a place goes back when its user is deleted before delivery.
        let back = state.places.map(\.campaign).filter { campaign in
            !state.receipts.contains { $0.campaign == campaign && $0.isCertain }
        }
        for campaign in back { tallies[campaign]?.places -= 1 }
        step.batch.touch(
            Set(
                state.waits.map(\.version.number) + state.queue.map(\.wait.version.number)
                    + state.claims.map(\.campaign) + back
            )
        )
    }
}
