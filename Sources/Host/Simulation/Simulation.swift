import Engine
import Storage

/// The engine on a virtual clock: the same campaigns, trigger plug-ins and turns as the daemon's, no disk and no
/// channel. Every provider accepts and every display is acknowledged at once.
package struct Simulation {
    private var registry: CampaignRegistry
    private var context: Context
    private var users: [UserID: UserState] = [:]
    /// In the order in which they came up.
    private var order: [UserID] = []
    private var ids: Set<ItemID> = []
    /// Several where profiles begin with one token.
    private var tokenOwners: [Text: Set<UserID>] = [:]
    /// One that was removed stays, and finds nothing to do.
    private var timers = Heap<Timer>()
    private var tallies: [CampaignNumber: Tally] = [:]
    private var nextSequence: UInt64 = 1
    private var clock = Instant(milliseconds: .min)

    /// Everything that was decided, in order.
    package private(set) var decisions: [Decision] = []

    /// Applies the campaigns; those without a launch of their own are launched at `launch`. Throws what is refused.
    package init(
        plugins: PluginRegistry,
        workspace: Workspace,
        campaigns: [Campaign],
        places: [CampaignID: CampaignPlaces] = [:],
        launch: Instant
    ) throws(Refusal) {
        do {
            registry = try CampaignRegistry([], workspace: Workspace(), plugins: plugins)
            var set = CampaignSet(campaigns: campaigns, workspace: workspace)
            set.places = places
            var request = ApplyRequest(set)
            _ = try registry.apply(&request, at: launch)
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw .unavailable(String(describing: error))
        }
        context = registry.makeContext(identity: "simulation", acceptsAtOnce: true)
    }

    /// The live campaigns of a store, and a draft beside them or in the place of the one of its name.
    package init(
        plugins: PluginRegistry,
        store: any Store,
        draft: CampaignSet,
        launch: Instant
    ) throws {
        registry = try CampaignRegistry(
            try store.campaigns(),
            workspace: try store.workspace().map { try Workspace(packed: $0) } ?? Workspace(),
            plugins: plugins
        )
        var request = ApplyRequest(draft)
        _ = try registry.apply(&request, at: launch)
        context = registry.makeContext(identity: "simulation", acceptsAtOnce: true)
    }

    /// Runs what a store kept, up to `until`. A user begins with what is known of them now, without the attributes
    /// that an event sets later, and with the receipts that are older than the first event. Gives how many events
    /// there were.
    package mutating func replay(
        _ store: any Store,
        until: Instant,
        progress: (_ count: Int, _ of: Int) -> Void
    ) throws -> Int {
        var later: [UserID: Set<Text>] = [:]
        var first: Instant?
        var all = 0
        try store.events(since: Instant(milliseconds: 0)) { event in
            all += 1
            first = first ?? event.receivedAt
            later[event.user, default: []].formUnion(event.set.members.map(\.name))
            return event.receivedAt <= until
        }
        guard let first else { return 0 }
        for (user, set) in later.sorted(by: { $0.key < $1.key }) {
            let known = try store.user(user) ?? UserState()
            add(user, profile: Object(known.profile.members.filter { !set.contains($0.name) }))
            users[user]?.receipts = known.receipts.filter { $0.at < first }
        }
        var count = 0
        try store.events(since: first) { event in
            guard event.receivedAt <= until else { return false }
            count += 1
            if count % 10_000 == 0 { progress(count, all) }
            track(Item(event), receivedAt: event.receivedAt)
            return true
        }
        finish(until: until)
        return count
    }

    /// Messages of those campaigns that have no end yet.
    package func waiting(of campaigns: Set<CampaignID>, user: UserID?) -> Int {
        let numbers = Set(campaigns.compactMap { context.campaigns.number(of: $0) })
        return users.filter { user == nil || $0.key == user }.reduce(0) { sum, each in
            let waits = each.value.waits.filter { numbers.contains($0.version.number) }
            let queued = each.value.queue.count { numbers.contains($0.wait.version.number) }
            return sum + queued
                + waits.reduce(0) { $0 + (context.campaigns.campaign($1.version)?.messages.count ?? 1) }
        }
    }

    package mutating func add(_ user: UserID, profile: Object) {
        var state = UserState()
        state.profile = profile
        if users.updateValue(state, forKey: user) == nil { order.append(user) }
        for token in profile[Event.pushTokens]?.texts ?? [] { tokenOwners[token, default: []].insert(user) }
    }

    /// What came in at `receivedAt`, after everything that was due before.
    package mutating func track(_ item: Item, receivedAt: Instant) {
        advance(to: receivedAt)
        if let id = item.id, !ids.insert(ItemID(user: item.user, id: id)).inserted {
            turn(item.user) { $0.ignoreDuplicate(id) }
            return
        }
        let corrected = item.corrected(receivedAt: receivedAt)
        turn(item.user) { $0.handle(corrected) }
    }

    package mutating func stop(_ campaign: CampaignID, at instant: Instant) throws(Refusal) {
        advance(to: instant)
        _ = try registry.stop(campaign, at: instant)
        use(registry)
        for user in order { turn(user) { _ in } }
    }

    package mutating func resume(_ campaign: CampaignID, at instant: Instant) throws(Refusal) {
        advance(to: instant)
        _ = try registry.resume(campaign)
        use(registry)
    }

    /// Lets time run: to `until`, what is due then included, and reports what stands in queues; without it, until
    /// nothing can happen any more.
    package mutating func finish(until: Instant?) {
        while let timer = timers.first, until.map({ timer.at <= $0 }) ?? true { run(timer) }
        guard let until else { return }
        clock = max(clock, until)
        for user in order { turn(user) { $0.reportQueue() } }
    }

    // MARK: -

    /// A timer runs only when everything received up to its instant has been handled.
    private mutating func advance(to instant: Instant) {
        while let timer = timers.first, timer.at < instant { run(timer) }
        clock = max(clock, instant)
    }

    private mutating func run(_ timer: Timer) {
        timers.pop()
        clock = max(clock, timer.at)
        turn(timer.user) { $0.handle(timer) }
    }

    private mutating func use(_ registry: CampaignRegistry) {
        context = registry.makeContext(identity: "simulation", acceptsAtOnce: true)
    }

    private mutating func turn(_ user: UserID, _ body: (inout Turn) -> Void) {
        if users[user] == nil { order.append(user) }
        let turn = Turn.take(
            user: user,
            state: users.removeValue(forKey: user) ?? UserState(),
            context: context,
            now: clock,
            nextSequence: nextSequence,
            tallies: exchange(&tallies, with: [:]),
            match: registry.matcher.matches,
            tellsNearMisses: true,
            body
        )
        nextSequence = turn.nextSequence
        tallies = turn.tallies
        decisions += turn.effects.told
        for timer in turn.effects.timersAdded where timer.at != .never { timers.push(timer) }
        users[user] = turn.state
        moveTokens(turn.effects, of: user)
    }

    /// 10.6: a push token belongs to the profile that registered it last.
    private mutating func moveTokens(_ effects: Effects, of user: UserID) {
        for token in effects.tokensLost { tokenOwners[token]?.remove(user) }
        for token in effects.tokensGained {
            let others = tokenOwners.updateValue([user], forKey: token) ?? []
            for other in others.sorted() where other != user { turn(other) { $0.lose(token: token) } }
        }
    }
}

extension Item {
    /// As it came in.
    fileprivate init(_ event: StoredEvent) {
        self.init(
            user: event.user,
            id: nil,
            time: event.time,
            isHistory: event.isHistory,
            set: event.set,
            occurred: event.type.isEmpty
                ? nil : Occurred(type: event.type, subject: event.subject, properties: event.properties),
            device: ""
        )
    }
}
