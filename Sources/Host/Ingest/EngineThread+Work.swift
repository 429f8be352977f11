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
        case .track(let items, let tellsNearMisses, let reply):
            let result = try track(items, tellsNearMisses, in: &batch, &loaded, receipts)
            return { reply(result, $0) }

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
            batch.erase(user, erasure)
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

    /// Every item of a request, or none where one cannot be (1.1.4, 1.1.7); of those that need a damaged record nothing
    /// is done, and the answer says so.
    private func track(
        _ items: [Item],
        _ tellsNearMisses: Bool,
        in batch: inout Batch,
        _ loaded: inout [UserID: UserState],
        _ receipts: [ItemID: ItemReceipt]
    ) throws -> Result<[ItemAnswer], Refusal> {
        var contents: [ItemID: (UInt64, UInt64)] = [:]
        for (index, item) in items.enumerated() {
            guard let id = item.id, damage(of: item) == nil else { continue }
            let key = ItemID(user: item.user, id: id)
            let content = item.content
            let known = contents[key] ?? batch.itemReceipt(key)?.content ?? receipts[key]?.content
            if let known, known != content { return .failure(.idUsedOtherwise(item: index, id: id)) }
            contents[key] = content
        }
        var profiles = ProfileChecks()
        for (index, item) in items.enumerated() where !item.set.isEmpty && damage(of: item) == nil {
            let why = profiles.problem(setting: item.set, of: item.user) {
                currentState(item.user, batch, loaded)?.profile
            }
            if let why { return .failure(.profileFull(item: index, why: why)) }
        }
        var answers = TrackAnswers(capacity: items.count)
        for item in items {
            if let why = damage(of: item) {
                answers.add(item.user, damaged: why)
                continue
            }
            try track(item, contents, tellsNearMisses, in: &batch, &loaded, receipts, &answers)
        }
        return .success(try answers.read(batch, store.decision))
    }

    private func track(
        _ item: Item,
        _ contents: [ItemID: (UInt64, UInt64)],
        _ tellsNearMisses: Bool,
        in batch: inout Batch,
        _ loaded: inout [UserID: UserState],
        _ receipts: [ItemID: ItemReceipt],
        _ answers: inout TrackAnswers
    ) throws(StoreError) {
        let key = item.id.map { ItemID(user: item.user, id: $0) }
        if let key {
            if let receipt = batch.itemReceipt(key) {
                answers.add(item.user, repeated: receipt, in: batch)
                return
            }
            if let receipt = receipts[key] {
                answers.add(item.user, repeated: receipt, in: nil)
                return
            }
        }
        if keepsEvents { batch.keep(item, at: instant, takeEventSequence()) }
        let mark = batch.mark
        let (presented, sequence) = turn(
            item.user,
            in: &batch,
            loaded: &loaded,
            tellsNearMisses: tellsNearMisses
        ) { turn in
            let sequence = turn.nextSequence
            turn.set(item.set, at: item.time ?? turn.now)  // 1.1.7: attributes, then the event.
            if let occurred = item.occurred {
                let event = Event(
                    type: occurred.type,
                    subject: occurred.subject,
                    user: item.user,
                    time: item.time ?? turn.now,
                    receivedAt: turn.now,
                    properties: occurred.properties
                )
                turn.handle(event, device: item.device)
            }
            return (turn.effects.presented, sequence)
        }
        let decisions = tellsNearMisses ? batch.told(since: mark) : nil
        let made = mark.decisions..<batch.decisionCount
        try moveTokens(to: item.user, in: &batch, &loaded)
        if let key, let content = contents[key] {
            batch.answered(
                key,
                ItemReceipt(
                    content: content,
                    receivedAt: instant,
                    firstDecision: sequence,
                    decisionCount: UInt32(made.count)
                )
            )
        }
        answers.add(item.user, decisions: made, told: decisions, presented: presented)
    }

    /// 10.6: a push token belongs to the profile that registered it last, and leaves the one that had it.
    private func moveTokens(
        to user: UserID,
        in batch: inout Batch,
        _ loaded: inout [UserID: UserState]
    ) throws(StoreError) {
        let tokens = batch.takeTokensGained()
        guard !tokens.isEmpty else { return }
        let stored = try store.tokenOwners(tokens)
        for (token, stored) in zip(tokens, stored) {
            let owner: UserID?
            switch (batch.owner(of: token), stored) {
            case (let known?, _): owner = known
            case (nil, .record(let known)): owner = known
            case (nil, .nothing), (nil, .damaged): owner = nil
            }
            batch.own(token, user)
            guard let owner, owner != user else { continue }
            if !isKnown(owner, batch, loaded) { loaded.merge(try load([owner])) { known, _ in known } }
            guard isKnown(owner, batch, loaded) else { continue }  // The record is damaged: nothing of it is sent.
            turn(owner, in: &batch, loaded: &loaded) { $0.lose(token: token) }
        }
    }
}
