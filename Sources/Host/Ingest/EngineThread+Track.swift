import Engine
import Storage

/// What users did: the items of a request.
extension EngineThread {
    /// As many items of a request as there is time for; nil where some are left. All are taken, or none where one
    /// cannot be (1.1.4, 1.1.7); of those that need a damaged record nothing is done, and the answer says so.
    func track(
        _ work: TrackWork,
        in batch: inout Batch,
        _ loaded: inout [UserID: UserState],
        _ receipts: [ItemID: ItemReceipt]
    ) throws -> Result<[ItemAnswer], Refusal>? {
        if work.done == 0 {
            var checks = ItemConflicts()
            for (index, item) in work.items.enumerated() where damage(of: item) == nil {
                if let why = conflict(of: item, index, &checks, batch, loaded, receipts) {
                    work.isRefused = true
                    return .failure(why)
                }
            }
        }
        repeat {
            let item = work.items[work.answers.count]
            try look(for: item.user, batch, &loaded)
            if let why = damage(of: item) {
                work.answers.add(item.user, refused: .damaged(why))
            } else {
                try track(item, work, in: &batch, &loaded, receipts)
            }
            if work.isAnswered { return .success(try work.answers.read(batch, store.decision)) }
        } while !isOverdue && work.answers.count < work.next(limits.itemsPerCommit).endIndex
        return nil
    }

    /// Why the item cannot be taken after what came before it.
    private func conflict(
        of item: Item,
        _ index: Int,
        _ checks: inout ItemConflicts,
        _ batch: Batch,
        _ loaded: [UserID: UserState],
        _ receipts: [ItemID: ItemReceipt]
    ) -> Refusal? {
        if let id = item.id {
            let key = ItemID(user: item.user, id: id)
            let known = batch.itemReceipt(key) ?? (batch.isForgotten(item.user) ? nil : receipts[key])
            if !checks.agrees(key, item.content, known?.content) { return .idUsedOtherwise(item: index, id: id) }
        }
        guard !item.set.isEmpty else { return nil }
        let why = checks.profiles.problem(setting: item.set, of: item.user) {
            currentState(item.user, batch, loaded)?.profile
        }
        return why.map { .profileFull(item: index, why: $0) }
    }

    private func track(
        _ item: Item,
        _ work: TrackWork,
        in batch: inout Batch,
        _ loaded: inout [UserID: UserState],
        _ receipts: [ItemID: ItemReceipt]
    ) throws(StoreError) {
        // Between the parts of a request others' may have come.
        if work.done > 0 {
            var checks = ItemConflicts()
            if let why = conflict(of: item, work.answers.count, &checks, batch, loaded, receipts) {
                work.answers.add(item.user, refused: why)
                return
            }
        }
        let key = item.id.map { ItemID(user: item.user, id: $0) }
        if let key {
            if let receipt = batch.itemReceipt(key) {
                work.answers.add(item.user, repeated: receipt, in: batch)
                return
            }
            if let receipt = receipts[key], !batch.isForgotten(item.user) {
                work.answers.add(item.user, repeated: receipt, in: nil)
                return
            }
        }
        let told = work.corrected(item, now: instant)
        if keepsEvents { batch.keep(told, at: instant, takeEventSequence()) }
        let mark = batch.mark
        let (presented, sequence) = turn(
            item.user,
            in: &batch,
            loaded: &loaded,
            tellsNearMisses: work.tellsNearMisses
        ) { turn in
            let sequence = turn.nextSequence
            turn.handle(told)
            return (turn.effects.presented, sequence)
        }
        let decisions = work.tellsNearMisses ? batch.told(since: mark) : nil
        let made = mark.decisions..<batch.decisionCount
        try moveTokens(to: item.user, in: &batch, &loaded)
        if let key {
            batch.answered(
                key,
                ItemReceipt(
                    content: item.content,
                    receivedAt: instant,
                    firstDecision: sequence,
                    decisionCount: UInt32(made.count)
                )
            )
        }
        work.answers.add(item.user, decisions: made, told: decisions, presented: presented)
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
            try look(for: owner, batch, &loaded)
            guard isKnown(owner, batch, loaded) else { continue }  // The record is damaged: nothing of it is sent.
            turn(owner, in: &batch, loaded: &loaded) { $0.lose(token: token) }
        }
    }
}

/// What items of one request say of each other.
private struct ItemConflicts {
    private var contents: [ItemID: (UInt64, UInt64)] = [:]
    var profiles = ProfileChecks()

    /// Whether an id stands for one content alone; `known`: for which it stood before.
    mutating func agrees(_ id: ItemID, _ content: (UInt64, UInt64), _ known: (UInt64, UInt64)?) -> Bool {
        guard let known = contents[id] ?? known else {
            contents[id] = content
            return true
        }
        return known == content
    }
}
