import Engine
import Storage

/// What will be committed together: the users that were touched, and everything that their turns asked.
struct Batch {
    private(set) var changes = Changes()
    /// In the order in which they were touched first; no state: of one who was deleted, or whose turn it is.
    private var users: [(id: UserID, state: UserState?)] = []
    private var places: [UserID: Int] = [:]
    private var itemReceipts: [ItemID: ItemReceipt] = [:]
    private var forgotten: Set<UserID> = []
    /// Messages that were claimed.
    private(set) var claims: [OutboxMessage] = []
    /// What turns told beside their decisions, each with how many decisions of the batch stood before it.
    private var nearMisses: [(decision: Decision, place: Int)] = []
    /// The decisions made so far.
    var decisionCount: Int { changes.decisions.count }
    /// Where an answer begins.
    var mark: (decisions: Int, nearMisses: Int) { (changes.decisions.count, nearMisses.count) }

    var isEmpty: Bool { places.isEmpty && changes.isEmpty && tallies.isEmpty && outboxStates.isEmpty }

    func state(_ user: UserID) -> UserState? { places[user].flatMap { users[$0].state } }
    func holds(_ user: UserID) -> Bool { places[user] != nil }
    func itemReceipt(_ id: ItemID) -> ItemReceipt? { itemReceipts[id] }
    /// Whether what is stored of the user is forgotten; who comes again is somebody new.
    func isForgotten(_ user: UserID) -> Bool { forgotten.contains(user) }

    /// All that was decided since, near misses where they are told.
    func told(since mark: (decisions: Int, nearMisses: Int)) -> [Decision] {
        let decisions = changes.decisions[mark.decisions...].map(\.decision)
        guard mark.nearMisses < nearMisses.count else { return decisions }
        return decisions.merged(
            with: nearMisses[mark.nearMisses...].map { ($0.decision, place: $0.place - mark.decisions) }
        )
    }

    /// What was decided about an item of this batch.
    func decisions(of receipt: ItemReceipt) -> [Decision] {
        let first = index(ofDecision: receipt.firstDecision)
        return changes.decisions[first..<(first + Int(receipt.decisionCount))].map(\.decision)
    }

    /// Where the first decision stands that has that sequence or a higher one.
    private func index(ofDecision sequence: UInt64) -> Int {
        var (low, high) = (0, decisionCount)
        while low < high {
            let middle = (low + high) / 2
            if changes.decisions[middle].decision.sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Where a user stands, who is given a place here.
    mutating func place(of user: UserID) -> Int {
        if let place = places[user] { return place }
        users.append((user, nil))
        places[user] = users.count - 1
        return users.count - 1
    }

    /// Takes the state out of its place for a turn, so that it is changed where it is.
    mutating func take(_ place: Int) -> UserState? {
        users[place].state.take()
    }

    mutating func put(_ turn: inout Turn, at place: Int) {
        let user = turn.user
        let before = changes.decisions.count
        nearMisses += turn.effects.nearMisses.map { ($0.decision, place: before + $0.place) }
        for (decision, previous) in turn.effects.decisions {
            changes.decisions.append(StoredDecision(decision: decision, previous: previous))
        }
        changes.timersAdded += turn.effects.timersAdded
        changes.timersRemoved += turn.effects.timersRemoved
        slotsFreed.formUnion(turn.effects.slotsFreed)
        tokensGained += turn.effects.tokensGained
        release(turn.effects.tokensLost, of: user)
        readdressed += turn.effects.readdressed.map {
            (OutboxPlace(channel: $0.channel, number: $0.number), $0.addresses)
        }
        withdrawn += turn.effects.withdrawn.map { OutboxPlace(channel: $0.channel, number: $0.number) }
        for handOver in turn.effects.handOvers {
            var message = OutboxMessage(
                number: handOver.number,
                key: handOver.key,
                user: user,
                version: handOver.version,
                campaign: handOver.campaign,
                send: handOver.send,
                channel: handOver.channel,
                addresses: handOver.addresses,
                fields: handOver.fields,
                claimedAt: handOver.at,
                eventAt: handOver.eventAt,
                leads: handOver.leads
            )
            message.addressesSince = handOver.addressesSince
            changes.outboxAdded.append(message)
            claims.append(message)
        }
        users[place].state = exchange(&turn.state, with: UserState())
    }

    /// Whose profile has a push token by now; nil: none any more.
    private var tokenOwners: [Text: UserID?] = [:]
    private var tokensGained: [Text] = []

    /// Push tokens that the last turns added to profiles.
    mutating func takeTokensGained() -> [Text] {
        defer { tokensGained = [] }
        return tokensGained
    }

    /// As this batch left it; nil where it says nothing of the token.
    func owner(of token: Text) -> UserID?? { tokenOwners[token] }

    mutating func own(_ token: Text, _ user: UserID) {
        tokenOwners[token] = .some(user)
    }

    private mutating func release(_ tokens: [Text], of user: UserID) {
        // What another profile registered meanwhile stays its own.
        for token in tokens where tokenOwners[token].map({ $0 == user }) ?? true { tokenOwners[token] = .some(nil) }
    }

    /// Campaigns of which slots of this minute came back.
    private var slotsFreed: Set<CampaignNumber> = []

    /// Each campaign once: of which slots have come back since it was asked.
    mutating func takeSlotsFreed() -> Set<CampaignNumber> {
        defer { if !slotsFreed.isEmpty { slotsFreed = [] } }
        return slotsFreed
    }

    // MARK: The outbox

    private(set) var recorded: [String: RecordedOutcomes] = [:]
    /// Claimed messages that must not be tried any more.
    private(set) var withdrawn: [OutboxPlace] = []
    /// Claimed messages that go elsewhere from now on.
    private(set) var readdressed: [(place: OutboxPlace, addresses: [Text])] = []
    private var outboxStates: [OutboxPlace: OutboxState] = [:]
    private var settled: Set<OutboxPlace> = []

    /// Nothing more comes of the message.
    mutating func settle(_ message: OutboxMessage, hasState: Bool) {
        changes.outboxRemoved.append(message.place)
        if hasState || outboxStates.removeValue(forKey: message.place) != nil {
            changes.outboxStatesRemoved.append(message.place)
        }
        settled.insert(message.place)
        recorded[message.channel, default: RecordedOutcomes()].ended.append(message.number)
    }

    mutating func putOff(_ message: OutboxMessage, _ state: OutboxState) {
        outboxStates[message.place] = state
        recorded[message.channel, default: RecordedOutcomes()].putOff.append(message.number)
    }

    mutating func mark(_ message: OutboxMessage, _ state: OutboxState) {
        outboxStates[message.place] = state
    }

    /// The message must not be tried any more.
    mutating func withdraw(_ place: OutboxPlace) {
        withdrawn.append(place)
    }

    /// What is known of the tries of messages that are withdrawn or go elsewhere, where nobody read that yet.
    func missingStates(_ loaded: Loaded) -> Needs? {
        var needs = Needs()
        needs.messages = (withdrawn + readdressed.map(\.place)).filter { place in
            !settled.contains(place) && outboxStates[place] == nil && !loaded.hasLooked(for: place)
        }
        return needs.isEmpty ? nil : needs
    }

    /// Records that messages are withdrawn or go elsewhere, beside what is known of their tries already.
    mutating func recordMessageChanges(_ loaded: Loaded) {
        for place in withdrawn { change(place, loaded) { $0.isWithdrawn = true } }
        for (place, addresses) in readdressed {
            change(place, loaded) { ($0.addresses, $0.doubtedBy) = (addresses, nil) }
        }
    }

    private mutating func change(_ place: OutboxPlace, _ loaded: Loaded, _ body: (inout OutboxState) -> Void) {
        guard !settled.contains(place) else { return }  // Nothing more comes of it.
        var state = outboxStates[place] ?? loaded.outboxState(place) ?? OutboxState()
        body(&state)
        outboxStates[place] = state
    }

    mutating func giveUp(_ letter: DeadLetter) {
        changes.deadLettersAdded.append(letter)
    }

    private var redriven: Set<UInt64> = []

    /// The dead letter is one no more.
    mutating func removeDeadLetter(_ number: UInt64) {
        if redriven.insert(number).inserted { changes.deadLettersRemoved.append(number) }
    }

    func isRemoved(_ number: UInt64) -> Bool { redriven.contains(number) }

    /// What this batch knows of a message's tries.
    func outboxState(_ place: OutboxPlace) -> OutboxState? { outboxStates[place] }

    mutating func answered(_ id: ItemID, _ receipt: ItemReceipt) {
        itemReceipts[id] = receipt
        changes.items.append((id, receipt))
    }

    mutating func delete(_ user: UserID, _ state: UserState) {
        for wait in state.waits {
            changes.timersRemoved.append(
                Timer(at: wait.due, send: wait.send, user: user, campaign: wait.version.number)
            )
        }
        for entry in state.queue {
            let number = entry.wait.version.number
            changes.timersRemoved.append(
                Timer(at: entry.expires, send: entry.wait.send, user: user, campaign: number)
            )
            if let lease = entry.lease {
                changes.timersRemoved.append(
                    Timer(at: lease.ends, send: entry.wait.send, user: user, campaign: number)
                )
            }
        }
        release(state.profile[Event.pushTokens]?.texts ?? [], of: user)
        changes.deletedUsers.append(user)
        forgotten.insert(user)
        itemReceipts = itemReceipts.filter { $0.key.user != user }
        if let place = places.removeValue(forKey: user) { users[place].state = nil }
    }

    /// Nothing is shown any more of what was kept of the user.
    mutating func erase(_ user: UserID, _ erasure: Erasure) {
        changes.erasures.append((user, erasure))
    }

    /// The campaigns whose tally changed.
    private(set) var tallies: Set<CampaignNumber> = []

    mutating func touch(_ campaigns: Set<CampaignNumber>) {
        if !campaigns.isEmpty { tallies.formUnion(campaigns) }
    }

    /// For rehearsals.
    mutating func keep(_ item: Item, at receivedAt: Instant, _ sequence: UInt64) {
        changes.events.append(
            StoredEvent(
                receivedAt: receivedAt,
                sequence: sequence,
                user: item.user,
                time: item.time,
                set: item.set,
                type: item.occurred?.type ?? "",
                subject: item.occurred?.subject ?? "",
                properties: item.occurred?.properties ?? Object(),
                isHistory: item.isHistory
            )
        )
    }

    mutating func put(_ record: CampaignRecord) {
        changes.campaigns.append(record)
    }

    mutating func remove(_ version: CampaignVersion) { changes.campaignsRemoved.append(version) }

    mutating func remove(tallyOf campaign: CampaignNumber) { changes.talliesRemoved.append(campaign) }

    mutating func put(workspace: [UInt8]?) {
        if let workspace { changes.workspace = workspace }
    }

    /// Everything, with the users as they ended; nothing is left here of these.
    mutating func finish(_ all: [CampaignNumber: Tally]) -> Changes {
        for number in tallies { changes.tallies[number] = all[number] }
        changes.tokenOwners = tokenOwners.map { ($0.key, $0.value) }
        changes.outboxStates = outboxStates.map { ($0.key, $0.value) }
        // They stand in what is given alone, so that they can be taken out of it.
        var changes = changes
        changes.users.reserveCapacity(users.count)
        for index in users.indices {
            if let state = users[index].state.take() { changes.users.append((users[index].id, state)) }
        }
        return changes
    }
}
