import Engine
import Storage

/// What the lines of channels tell of messages.
extension Core {
    mutating func settle(
        _ message: OutboxMessage,
        _ outcome: DeliveryOutcome,
        _ attempts: UInt32,
        _ hasState: Bool,
        _ deadAddresses: [Text],
        _ step: inout Step,
        _ loaded: inout Loaded
    ) {
        // Of a user who was deleted nothing is left to tell.
        if isKnown(message.user, step, loaded) {
            let (hadState, isClaimed, dead) = turn(message.user, &step, &loaded) { turn in
                let dead = turn.believedDead(deadAddresses, of: message.channel, judged: message.judged)
                let hadState =
                    turn.isWithdrawn(send: message.send, channel: message.channel)
                    || turn.newAddresses(send: message.send, channel: message.channel) != nil
                let isClaimed = turn.settle(
                    send: message.send,
                    channel: message.channel,
                    outcome,
                    deadAddresses: dead
                )
                return (hadState, isClaimed, dead)
            }
            step.batch.settle(message, hasState: hasState || hadState || !isClaimed)
            // What was forgotten with its user is no dead letter, even where the user is known again.
            if isClaimed, let failure = outcome.failure {
                step.batch.giveUp(
                    DeadLetter(
                        message: message,
                        failedAt: step.now,
                        code: failure.code,
                        reason: failure.reason,
                        attempts: attempts,
                        deadAddresses: dead
                    )
                )
            }
        } else {
            step.batch.settle(message, hasState: true)
        }
    }

    mutating func putOff(
        _ message: OutboxMessage,
        _ state: OutboxState,
        _ failed: FailedTry,
        _ deadAddresses: [Text],
        _ step: inout Step,
        _ loaded: inout Loaded
    ) {
        var state = state
        if isKnown(message.user, step, loaded) {
            turn(message.user, &step, &loaded) { turn in
                let dead = turn.believedDead(deadAddresses, of: message.channel, judged: message.judged)
                turn.putOff(send: message.send, channel: message.channel, failed, deadAddresses: dead)
                state.deadAddresses.removeAll { deadAddresses.contains($0) && !dead.contains($0) }
                state.isWithdrawn = turn.isWithdrawn(send: message.send, channel: message.channel)
                state.addresses = turn.newAddresses(send: message.send, channel: message.channel) ?? []
            }
        } else {
            state.isWithdrawn = true
        }
        step.batch.putOff(message, state)
    }

    // MARK: Dead letters

    func needs(ofLetters numbers: [UInt64], _ step: Step, _ loaded: Loaded) -> Needs? {
        var needs = Needs()
        for number in numbers {
            switch loaded.letter(number) {
            case nil: needs.letters.append(number)
            case .record(let letter)?:
                guard needs.letters.isEmpty else { continue }
                if let users = missing(letter.message.user, step, loaded) { return users }
            case .nothing?, .damaged?: continue
            }
        }
        return needs.isEmpty ? nil : needs
    }

    mutating func redrive(_ number: UInt64, _ step: inout Step, _ loaded: inout Loaded) -> RedriveAnswer {
        let letter: DeadLetter
        switch loaded.letter(number) {
        case .record(let stored)? where !step.batch.isRemoved(number): letter = stored
        case .damaged(let why)?: return RedriveAnswer(number: number, refusal: why)
        case .record?, .nothing?: return RedriveAnswer(number: number, refusal: "there is no such message any more")
        case nil: preconditionFailure("dead letter \(number) was not read")
        }
        let message = letter.message
        if let why = loaded.damage(of: message.user) { return RedriveAnswer(number: number, refusal: why) }
        guard isKnown(message.user, step, loaded) else {
            step.batch.removeDeadLetter(number)
            return RedriveAnswer(number: number, refusal: "the user \(message.user) was deleted, and so is the message")
        }
        let fault = turn(message.user, &step, &loaded) { $0.redrive(Redrive(letter)) }
        if let (code, _) = fault {
            return RedriveAnswer(number: number, refusal: "the user cannot be reached: \(code.rawValue)")
        }
        step.batch.removeDeadLetter(number)
        return RedriveAnswer(number: number, refusal: nil)
    }
}

extension OutboxMessage {
    /// Since when its channel was told that the user has each address.
    fileprivate var judged: [Text: Instant] {
        Dictionary(zip(addresses, addressesSinceAtLatest)) { first, _ in first }
    }
}

extension Redrive {
    fileprivate init(_ letter: DeadLetter) {
        let message = letter.message
        self.init(
            key: message.key,
            version: message.version,
            campaign: message.campaign,
            send: message.send,
            channel: message.channel,
            fields: message.fields,
            leads: message.leads,
            eventAt: message.eventAt,
            code: letter.code,
            addresses: message.addresses,
            deadAddresses: letter.deadAddresses
        )
    }
}
