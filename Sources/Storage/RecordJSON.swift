import Engine

/// A record for people and programs, all its fields: what `dump` prints, and what a user's export holds.
extension Record {
    package var json: Object {
        switch self {
        case .user(let id, let state): shown("user", ["user": .string(id), "state": state.shown])
        case .timer(let timer):
            shown(
                "timer",
                ["at": timer.at.shown, "send": timer.send.shown, "user": timer.user.shown],
                timer
            )
        case .decision(let stored): shown("decision", ["sequence": stored.decision.sequence.shown], stored)
        case .item(let id, let receipt): shown("item", ["user": id.user.shown, "id": id.id.shown], receipt)
        case .outbox(let entry):
            entry.state.map { shown("outbox", [:], entry.message, $0) } ?? shown("outbox", [:], entry.message)
        case .failed(let letter): shown("failed", [:], letter)
        case .campaign(let record):
            shown("campaign", ["number": record.head.number.shown, "version": record.version.shown], record)
        case .token(let token, let owner): shown("token", ["token": token.shown, "user": owner.shown])
        case .event(let event): shown("event", ["sequence": event.sequence.shown], event)
        case .tally(let number, let tally): shown("tally", ["campaign": number.shown], tally)
        }
    }

    /// What its key says stands before what it holds.
    private func shown(_ kind: String, _ key: Object, _ messages: any StoredMessage...) -> Object {
        let fields = messages.flatMap { ShownFields.of($0).members }
        return Object([Object.Member("kind", .string(kind))] + key.members + fields)
    }
}
