import Engine
import Storage

/// What was read for a step, and the users of steps before that are still in memory.
package struct Loaded {
    package var cache: UserCache
    /// Of users who were read for this step and not changed yet.
    private var users: [UserID: Stored<UserState>] = [:]
    /// About what they take in memory.
    private(set) var bytes = 0
    private var receipts: [ItemID: Stored<ItemReceipt>] = [:]
    private var owners: [Text: [UserID]] = [:]
    private var letters: [UInt64: Stored<DeadLetter>] = [:]
    private var outboxStates: [OutboxPlace: OutboxState?] = [:]
    private var queues: [CampaignNumber: [Timer]] = [:]
    /// Whether anything does not read.
    private(set) var isDamaged = false

    package init(cache: UserCache) {
        self.cache = cache
    }

    /// For the next step.
    package mutating func forgetReads() {
        if !users.isEmpty { users = [:] }
        if !receipts.isEmpty { receipts = [:] }
        if !owners.isEmpty { owners = [:] }
        if !letters.isEmpty { letters = [:] }
        if !outboxStates.isEmpty { outboxStates = [:] }
        if !queues.isEmpty { queues = [:] }
        (bytes, isDamaged) = (0, false)
    }

    /// Everything that is asked but the queues, which only a driver has.
    package mutating func read(_ needs: Needs, from store: any Store) throws(StoreError) {
        if !needs.users.isEmpty {
            for (user, stored) in zip(needs.users, try store.users(needs.users)) { add(stored, for: user) }
        }
        if !needs.receipts.isEmpty {
            for (id, stored) in zip(needs.receipts, try store.receipts(needs.receipts)) { add(stored, for: id) }
        }
        if !needs.tokens.isEmpty {
            for (token, stored) in zip(needs.tokens, try store.tokenOwners(needs.tokens)) {
                // Of a damaged record nobody knows whose the token was: it is whose it is now.
                owners[token] = stored.record.map { [$0] } ?? []
            }
        }
        for number in needs.letters {
            do throws(StoreError) {
                letters[number] = Stored(try store.deadLetter(number))
            } catch {
                guard error.isDamage else { throw error }
                letters[number] = .damaged("\(error)")
            }
        }
        for place in needs.messages { outboxStates[place] = .some(try store.outboxEntry(place)?.state) }
    }

    package mutating func add(_ stored: Stored<UserState>, for user: UserID) {
        switch stored {
        case .record(let state): bytes += state.memory
        case .nothing: break
        case .damaged: isDamaged = true
        }
        users[user] = stored
    }

    package mutating func add(_ stored: Stored<ItemReceipt>, for id: ItemID) {
        if case .damaged = stored { isDamaged = true }
        receipts[id] = stored
    }

    package mutating func add(owners all: [UserID], of token: Text) { owners[token] = all }

    package mutating func add(queue: [Timer], of campaign: CampaignNumber) { queues[campaign] = queue }

    // MARK: What a step asks

    /// Whether it was looked for the user.
    func hasLooked(for user: UserID) -> Bool { cache.contains(user) || users[user] != nil }

    /// Whether there is a record of the user.
    func knows(_ user: UserID) -> Bool {
        if cache.contains(user) { return true }
        if case .record = users[user] { return true }
        return false
    }

    func peek(_ user: UserID) -> UserState? { cache.peek(user) ?? users[user]?.record }

    /// The user's state, to be changed in place, and about what it takes in memory.
    mutating func take(_ user: UserID) -> (state: UserState, memory: Int)? {
        if let cached = cache.take(user) { return cached }
        guard !users.isEmpty, let place = users.index(forKey: user),
            case .record(let state) = exchange(&users.values[place], with: .nothing)
        else { return nil }
        return (state, state.memory)
    }

    /// Whatever the record was.
    mutating func forget(_ user: UserID) {
        cache.remove(user)
        users[user] = .nothing
    }

    func damage(of user: UserID) -> String? {
        guard isDamaged, case .damaged(let why)? = users[user] else { return nil }
        return why
    }

    func damage(of id: ItemID) -> String? {
        guard isDamaged, case .damaged(let why)? = receipts[id] else { return nil }
        return why
    }

    func hasLooked(for id: ItemID) -> Bool { receipts[id] != nil }
    func receipt(_ id: ItemID) -> ItemReceipt? { receipts[id]?.record }
    func owners(of token: Text) -> [UserID]? { owners[token] }
    func letter(_ number: UInt64) -> Stored<DeadLetter>? { letters[number] }
    func hasLooked(for place: OutboxPlace) -> Bool { outboxStates[place] != nil }
    func outboxState(_ place: OutboxPlace) -> OutboxState? { outboxStates[place].flatMap(\.self) }
    func queue(of campaign: CampaignNumber) -> [Timer]? { queues[campaign] }
}
