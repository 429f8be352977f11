import Engine
import Storage

/// What the lines ask of the engine's thread.
extension EngineThread {
    func settle(
        _ message: OutboxMessage,
        _ outcome: DeliveryOutcome,
        _ attempts: UInt32,
        _ hasState: Bool,
        _ deadAddresses: [Text],
        in batch: inout Batch,
        _ loaded: inout [UserID: UserState]
    ) {
        // Of a user who was deleted nothing is left to tell.
        if isKnown(message.user, batch, loaded) {
            let (hadState, isClaimed) = turn(message.user, in: &batch, loaded: &loaded) { turn in
                let hadState =
                    turn.isWithdrawn(send: message.send, channel: message.channel)
                    || turn.newAddresses(send: message.send, channel: message.channel) != nil
                let isClaimed = turn.settle(
                    send: message.send,
                    channel: message.channel,
                    outcome,
                    deadAddresses: deadAddresses
                )
                return (hadState, isClaimed)
            }
            batch.settle(message, hasState: hasState || hadState || !isClaimed)
            // What was forgotten with its user is no dead letter, even where the user is known again.
            if isClaimed, let failure = outcome.failure {
                batch.giveUp(
                    DeadLetter(
                        message: message,
                        failedAt: instant,
                        code: failure.code,
                        reason: failure.reason,
                        attempts: attempts,
                        deadAddresses: deadAddresses
                    )
                )
            }
        } else {
            batch.settle(message, hasState: true)
        }
    }

    func putOff(
        _ message: OutboxMessage,
        _ state: OutboxState,
        _ failed: FailedTry,
        _ deadAddresses: [Text],
        in batch: inout Batch,
        _ loaded: inout [UserID: UserState]
    ) {
        var state = state
        if isKnown(message.user, batch, loaded) {
            turn(message.user, in: &batch, loaded: &loaded) { turn in
                turn.putOff(send: message.send, channel: message.channel, failed, deadAddresses: deadAddresses)
                state.isWithdrawn = turn.isWithdrawn(send: message.send, channel: message.channel)
                state.addresses = turn.newAddresses(send: message.send, channel: message.channel) ?? []
            }
        } else {
            state.isWithdrawn = true
        }
        batch.putOff(message, state)
    }

    func redrive(
        _ number: UInt64,
        in batch: inout Batch,
        _ loaded: inout [UserID: UserState]
    ) throws(StoreError) -> RedriveAnswer {
        let stored: DeadLetter?
        do throws(StoreError) {
            stored = try store.deadLetter(number)
        } catch {
            guard error.isDamage else { throw error }
            return RedriveAnswer(number: number, refusal: "\(error)")
        }
        guard !batch.isRemoved(number), let letter = stored else {
            return RedriveAnswer(number: number, refusal: "there is no such message any more")
        }
        let message = letter.message
        try look(for: message.user, batch, &loaded)
        if let why = damagedUsers[message.user] { return RedriveAnswer(number: number, refusal: why) }
        guard isKnown(message.user, batch, loaded) else {
            batch.removeDeadLetter(number)
            return RedriveAnswer(number: number, refusal: "the user \(message.user) was deleted, and so is the message")
        }
        let fault = turn(message.user, in: &batch, loaded: &loaded) { turn in
            turn.redrive(
                Redrive(
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
            )
        }
        if let (code, _) = fault {
            return RedriveAnswer(number: number, refusal: "the user cannot be reached: \(code.rawValue)")
        }
        batch.removeDeadLetter(number)
        return RedriveAnswer(number: number, refusal: nil)
    }
}
