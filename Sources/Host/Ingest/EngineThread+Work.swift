import Engine
import RPC
import Storage

/// What each kind of work does within its batch.
extension EngineThread {
    /// Gives what answers it once the batch is on disk; nil where nobody waits for an answer.
    func perform(
        _ work: Work,
        in batch: inout Batch,
        _ loaded: inout [UserID: UserState],
        _ receipts: [ItemID: ItemReceipt]
    ) throws -> ((Arena) -> Finished)? {
        switch work {
        case .track(let work):
            guard let result = try track(work, in: &batch, &loaded, receipts) else { return nil }
            return { work.reply(result, $0) }

        case .lease(let user, let device, let reply):
            guard isKnown(user, batch, loaded) else { return { reply(.success(nil), $0) } }
            let presented = turn(user, in: &batch, loaded: &loaded) { turn in
                turn.lease(device: device)
                return turn.effects.presented
            }
            return { reply(.success(presented), $0) }

        case .acknowledge(let user, let token, let action, let reply):
            guard isKnown(user, batch, loaded) else { return { reply(.failure(.leaseOver), $0) } }
            let held = turn(user, in: &batch, loaded: &loaded) { $0.acknowledge(token: token, action: action) }
            return { reply(held ? .success(()) : .failure(.leaseOver), $0) }

        case .hold(let user, let token, let length, let reply):
            guard isKnown(user, batch, loaded) else { return { reply(.failure(.leaseOver), $0) } }
            let until = instant + length
            let held = turn(user, in: &batch, loaded: &loaded) { $0.hold(token: token, until: until) }
            return { reply(held ? .success(()) : .failure(.leaseOver), $0) }

        case .delete(let user, let reply):
            // Of one whose record is damaged nobody knows what waits; timers that find nothing do nothing.
            let damaged = damagedUsers[user].map { _ in UserState() }
            guard let state = currentState(user, batch, loaded) ?? damaged else {
                return { reply(.success(false), $0) }
            }
            forget(user, state, in: &batch)
            loaded[user] = nil
            batch.delete(user, state)
            batch.erase(user, takeErasure())
            return { reply(.success(true), $0) }

        case .settle(let message, let outcome, let attempts, let hasState, let dead):
            settle(message, outcome, attempts, hasState, dead, in: &batch, &loaded)
            return nil

        case .putOff(let message, let state, let failed, let dead):
            putOff(message, state, failed, dead, in: &batch, &loaded)
            return nil

        case .mark(let message, let isMarked):
            var state = try batch.outboxState(message.place) ?? store.outboxEntry(message.place)?.state ?? OutboxState()
            state.isHandedOver = true
            batch.mark(message, state, isMarked)
            return nil

        case .erased(let users):
            do {
                if !users.isEmpty { try store.endErasures(users) }
            } catch {
                logger.error("the ids of forgotten users stay on disk until the next try: \(error)")
            }
            isErasing = false
            return nil

        case .redrive(let numbers, let reply):
            let answers = try numbers.map { try redrive($0, in: &batch, &loaded) }
            return { reply(.success(answers), $0) }

        case .sweep(let users):
            for user in users where isKnown(user, batch, loaded) {
                turn(user, in: &batch, loaded: &loaded) { _ in }
            }
            return nil

        case .change(let change):
            takeOver(change)
            return nil

        case .stop(let id, let reply):
            let result = change { registry throws(Refusal) in try registry.stop(id, at: instant) }
            return { reply(result, $0) }

        case .resume(let id, let reply):
            let result = change { registry throws(Refusal) in try registry.resume(id) }
            return { reply(result, $0) }
        }
    }
}
