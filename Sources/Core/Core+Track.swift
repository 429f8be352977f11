import Engine
import Storage

/// What users did: the items of a request.
extension Core {
    /// Decides as many items of the request under way as there is time for; where some are left, the step's track
    /// stays. All are taken, or none where one cannot be (1.1.4, 1.1.7); of those that need a damaged record nothing is
    /// done, and the answer says so.
    mutating func goOnWithTrack(_ step: inout Step, _ loaded: inout Loaded) -> Needs? {
        // Taken out, so that it is changed in place.
        guard let taken = step.track.take() else { preconditionFailure("no request is under way") }
        let number = taken.number
        var track = taken.track
        if !track.isChecked {
            if let needs = look(at: &track, step, loaded) {
                step.track = (number, track)
                return needs
            }
            if let refusal = check(track, step, loaded) {
                step.answers.append((number, .refused(refusal)))
                return nil
            }
            track.isChecked = true
        }
        let most = track.done + min(limits.itemsPerStep, track.next(limits.itemsPerStep).count)
        while !track.isAnswered {
            let item = track.items[track.answers.count]
            if let needs = needs(of: item, ahead: track.items[track.answers.count...], step, loaded) {
                step.track = (number, track)
                return needs
            }
            if let why = damage(of: item, step, loaded) {
                track.add(refused: .damaged(why))
            } else {
                decide(item, &track, &step, &loaded)
            }
            let isOver = track.isAnswered || track.answers.count >= most || isOverdue(&step)
            if isOver { break }
            if step.isPieceDone(largest: limits.largestPiece) {
                step.track = (number, track)
                return Needs()
            }
        }
        if track.isAnswered {
            step.answers.append((number, .tracked(track.answers)))
        } else {
            step.track = (number, track)
        }
        return nil
    }

    // MARK: Whether it can be taken

    /// Before anything of a request is decided, as many of its users are looked at as a step holds.
    private func look(at track: inout Track, _ step: Step, _ loaded: Loaded) -> Needs? {
        while track.done == 0, track.looked < track.items.count, loaded.bytes <= limits.userBytesPerStep {
            let user = track.items[track.looked].user
            if let needs = missing(user, step, loaded, ahead: track.items[track.looked...]) { return needs }
            track.looked += 1
        }
        return nil
    }

    /// Why the request is refused whole.
    private func check(_ track: Track, _ step: Step, _ loaded: Loaded) -> Refusal? {
        guard track.done == 0, !track.refusesItemsAlone else { return nil }
        if loaded.isDamaged, let why = damage(of: track.items[0], step, loaded),
            !track.items.contains(where: { damage(of: $0, step, loaded) == nil })
        {
            return .damaged("items[0]: \(why)")
        }
        var checks = ItemConflicts()
        for (index, item) in track.items.enumerated() where damage(of: item, step, loaded) == nil {
            if let why = conflict(of: item, index, &checks, step, loaded) { return why }
        }
        return nil
    }

    /// Why nothing can be done of an item: its user's record is damaged, or what its id was used for.
    private func damage(of item: Item, _ step: Step, _ loaded: Loaded) -> String? {
        guard loaded.isDamaged, !step.batch.isForgotten(item.user) else { return nil }
        return loaded.damage(of: item.user)
            ?? item.id.flatMap { loaded.damage(of: ItemID(user: item.user, id: $0)) }
    }

    /// Why the item cannot be taken after what came before it.
    private func conflict(
        of item: Item,
        _ index: Int,
        _ checks: inout ItemConflicts,
        _ step: Step,
        _ loaded: Loaded
    ) -> Refusal? {
        if let id = item.id {
            let key = ItemID(user: item.user, id: id)
            let known =
                step.batch.itemReceipt(key) ?? (step.batch.isForgotten(item.user) ? nil : loaded.receipt(key))
            if !checks.agrees(key, item.content, known?.content) { return .idUsedOtherwise(item: index, id: id) }
        }
        guard !item.set.isEmpty else { return nil }
        let why = checks.profiles.problem(setting: item.set, isHistory: item.isHistory, of: item.user) {
            currentState(item.user, step, loaded)?.profile
        }
        return why.map { .profileFull(item: index, why: $0) }
    }

    // MARK: Deciding

    /// The user, whose tokens the item's may be by now, and those users.
    private func needs(of item: Item, ahead: ArraySlice<Item>, _ step: Step, _ loaded: Loaded) -> Needs? {
        if let needs = missing(item.user, step, loaded, ahead: ahead) { return needs }
        guard let tokens = item.set[Event.pushTokens]?.texts, !tokens.isEmpty else { return nil }
        let own = currentState(item.user, step, loaded)?.profile[Event.pushTokens]?.texts ?? []
        let gained = tokens.filter { !own.contains($0) && step.batch.owner(of: $0) == nil }
        var needs = Needs()
        needs.tokens = gained.filter { loaded.owners(of: $0) == nil }
        if !needs.isEmpty { return needs }
        if item.isHistory { return nil }  // It takes a token from nobody.
        for owner in gained.flatMap({ loaded.owners(of: $0) ?? [] }) {
            if let needs = missing(owner, step, loaded) { return needs }
        }
        return nil
    }

    private mutating func decide(
        _ item: Item,
        _ track: inout Track,
        _ step: inout Step,
        _ loaded: inout Loaded
    ) {
        // Between the parts of a request others' may have come; of a stream nothing was looked for before.
        if track.done > 0 || track.refusesItemsAlone {
            var checks = ItemConflicts()
            if let why = conflict(of: item, track.answers.count, &checks, step, loaded) {
                return track.add(refused: why)
            }
        }
        let key = item.id.map { ItemID(user: item.user, id: $0) }
        if let key {
            if let receipt = step.batch.itemReceipt(key) {
                return track.add(repeated: .told(step.batch.decisions(of: receipt), dropped: 0))
            }
            if let receipt = loaded.receipt(key), !step.batch.isForgotten(item.user) {
                return track.add(repeated: .stored(item.user, receipt))
            }
        }
        let told = track.corrected(item, now: step.now)
        if limits.keepsEvents {
            step.batch.keep(told, at: step.now, nextEvent)
            nextEvent += 1
        }
        let handled = told.isHistory ? withoutTokensOfOthers(told, step, loaded) : told
        let mark = step.batch.mark
        let tellsNearMisses = track.tellsNearMisses
        let (presented, sequence) = turn(item.user, &step, &loaded, tellsNearMisses: tellsNearMisses) { turn in
            let sequence = turn.nextSequence
            turn.handle(handled)
            return (turn.effects.presented, sequence)
        }
        let decisions = step.batch.told(since: mark)
        let count = step.batch.decisionCount - mark.decisions
        moveTokens(to: item.user, &step, &loaded)
        if let key {
            step.batch.answered(
                key,
                ItemReceipt(
                    content: item.content,
                    receivedAt: step.now,
                    firstDecision: sequence,
                    decisionCount: UInt32(count)
                )
            )
        }
        track.add(decisions, presented: presented)
    }

    /// 10.6: a push token belongs to the profile that registered it last, and leaves the one that had it.
    private mutating func moveTokens(to user: UserID, _ step: inout Step, _ loaded: inout Loaded) {
        for token in step.batch.takeTokensGained() {
            let owners = owners(of: token, step, loaded)
            step.batch.own(token, user)
            for owner in owners where owner != user {
                guard isKnown(owner, step, loaded) else { continue }  // The record is damaged: nothing of it is sent.
                turn(owner, &step, &loaded) { $0.lose(token: token) }
            }
        }
    }

    /// 14: whoever has a token by now registered it later than what is history.
    private func withoutTokensOfOthers(_ item: Item, _ step: Step, _ loaded: Loaded) -> Item {
        guard let tokens = item.set[Event.pushTokens]?.texts, !tokens.isEmpty,
            currentState(item.user, step, loaded)?.profile[Event.pushTokens] == nil
        else { return item }  // It sets none.
        let left = tokens.filter { owners(of: $0, step, loaded).allSatisfy { $0 == item.user } }
        var item = item
        item.set[Event.pushTokens] = left.isEmpty ? nil : .array(left.map { .string($0) })
        return item
    }

    private func owners(of token: Text, _ step: Step, _ loaded: Loaded) -> [UserID] {
        if let known = step.batch.owner(of: token) { return known.map { [$0] } ?? [] }
        guard let read = loaded.owners(of: token) else {
            preconditionFailure("nobody looked whose the token \(token) is")
        }
        return read
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
