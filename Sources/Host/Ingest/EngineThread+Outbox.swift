import Engine
import Storage

/// What the lines ask of the engine's thread.
extension EngineThread {
    func settle(
        _ message: OutboxMessage,
        _ outcome: DeliveryOutcome,
        _ attempts: UInt32,
        _ hasState: Bool,
        _ deadAddresses: [String],
        in batch: inout Batch,
        _ loaded: inout [UserID: UserState]
    ) {
        // Of a user who was deleted nothing is left to tell.
        if isKnown(message.user, batch, loaded) {
            let wasWithdrawn = turn(message.user, in: &batch, loaded: &loaded) { turn in
                defer {
                    turn.settle(
                        send: message.send,
                        channel: message.channel,
                        outcome,
                        deadAddresses: deadAddresses
                    )
                }
                return turn.isWithdrawn(send: message.send, channel: message.channel)
            }
            batch.settle(message, hasState: hasState || wasWithdrawn)
            if let failure = outcome.failure {
                batch.giveUp(
                    DeadLetter(
                        message: message,
                        failedAt: instant,
                        code: failure.code,
                        reason: failure.reason,
                        attempts: attempts
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
        _ deadAddresses: [String],
        in batch: inout Batch,
        _ loaded: inout [UserID: UserState]
    ) {
        var state = state
        if isKnown(message.user, batch, loaded) {
            turn(message.user, in: &batch, loaded: &loaded) { turn in
                turn.putOff(send: message.send, channel: message.channel, failed, deadAddresses: deadAddresses)
                state.isWithdrawn = turn.isWithdrawn(send: message.send, channel: message.channel)
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
        guard !batch.isRedriven(number), let letter = try store.deadLetter(number) else {
            return RedriveAnswer(number: number, refusal: "there is no such message any more")
        }
        let message = letter.message
        if !isKnown(message.user, batch, loaded) {
            loaded.merge(try load([message.user])) { known, _ in known }
        }
        guard isKnown(message.user, batch, loaded) else {
            batch.redrive(number)
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
                    code: letter.code
                )
            )
        }
        if let (code, _) = fault {
            return RedriveAnswer(number: number, refusal: "the user cannot be reached: \(code.rawValue)")
        }
        batch.redrive(number)
        return RedriveAnswer(number: number, refusal: nil)
    }
}
