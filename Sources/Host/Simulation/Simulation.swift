import Core
import Engine
import HeapModule
import Storage

/// The core on a virtual clock, as its second driver: the same campaigns, trigger plug-ins and steps as the daemon's, no
/// disk and no channel. Every provider accepts and every display is acknowledged at once.
package struct Simulation {
    private var registry: CampaignRegistry
    private var core: Core
    private var loaded = Loaded(cache: UserCache(capacity: .max, bytes: .max))
    /// In the order in which they came up.
    private var order: [UserID] = []
    private var known: Set<UserID> = []
    private var receipts: [ItemID: ItemReceipt] = [:]
    /// Several where profiles begin with one token.
    private var tokenOwners: [Text: [UserID]] = [:]
    /// One that was removed stays, and finds nothing to do.
    private var timers = Heap<Timer>()
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
        registry = CampaignRegistry([], workspace: Workspace(), plugins: plugins)
        var set = CampaignSet(campaigns: campaigns, workspace: workspace)
        set.places = places
        var request = ApplyRequest(set)
        _ = try registry.apply(&request, at: launch)
        core = Self.core(registry)
    }

    /// The live campaigns of a store, and a draft beside them or in the place of the one of its name.
    package init(
        plugins: PluginRegistry,
        store: any Store,
        draft: CampaignSet,
        launch: Instant
    ) throws {
        registry = CampaignRegistry(
            try store.campaigns(),
            workspace: try store.workspace().map { try Workspace(packed: $0) } ?? Workspace(),
            plugins: plugins
        )
        var request = ApplyRequest(draft)
        _ = try registry.apply(&request, at: launch)
        core = Self.core(registry)
    }

    private static func core(_ registry: CampaignRegistry) -> Core {
        var limits = CoreLimits()
        limits.keepsEvents = false
        return Core(
            context: registry.makeContext(identity: "simulation", acceptsAtOnce: true),
            tallies: [:],
            nextSequence: 1,
            nextEvent: 1,
            limits: limits,
            tellsNearMisses: true
        )
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
            change(user) { $0.receipts = known.receipts.filter { $0.at < first } }
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
        let table = core.context.campaigns
        let numbers = Set(campaigns.compactMap { table.number(of: $0) })
        return order.filter { user == nil || $0 == user }.compactMap { loaded.cache.peek($0) }.reduce(0) { sum, state in
            let waits = state.waits.filter { numbers.contains($0.version.number) }
            let queued = state.queue.count { numbers.contains($0.wait.version.number) }
            return sum + queued + waits.reduce(0) { $0 + (table.campaign($1.version)?.messages.count ?? 1) }
        }
    }

    package mutating func add(_ user: UserID, profile: Object) {
        change(user) {
            $0 = UserState()
            $0.profile = profile
        }
        for token in profile[Event.pushTokens]?.texts ?? [] where tokenOwners[token]?.contains(user) != true {
            tokenOwners[token, default: []].append(user)
        }
    }

    /// What came in at `receivedAt`, after everything that was due before.
    package mutating func track(_ item: Item, receivedAt: Instant) {
        advance(to: receivedAt)
        switch step([.track(Track([item]))]) {
        case .tracked(let answers)?:
            guard case .duplicate? = answers.first?.result, let id = item.id else { return }
            decisions += look(at: item.user) { $0.ignoreDuplicate(id) }
        case .refused(.idUsedOtherwise(_, let id))?: decisions += look(at: item.user) { $0.ignoreDuplicate(id) }
        case let other: preconditionFailure("\(item) was answered with \(other.debugDescription)")
        }
    }

    package mutating func stop(_ campaign: CampaignID, at instant: Instant) throws(Refusal) {
        advance(to: instant)
        try changeHead(.stop(campaign, definition: []))
        step([.sweep(order)])
    }

    package mutating func resume(_ campaign: CampaignID, at instant: Instant) throws(Refusal) {
        advance(to: instant)
        try changeHead(.resume(campaign, definition: []))
    }

    /// Lets time run: to `until`, what is due then included, and reports what stands in queues; without it, until
    /// nothing can happen any more.
    package mutating func finish(until: Instant?) {
        while let timer = timers.min, until.map({ timer.at <= $0 }) ?? true { run(timer) }
        guard let until else { return }
        clock = max(clock, until)
        for user in order { decisions += look(at: user) { $0.reportQueue() } }
    }

    // MARK: -

    /// A timer runs only when everything received up to its instant has been handled.
    private mutating func advance(to instant: Instant) {
        while let timer = timers.min, timer.at < instant { run(timer) }
        clock = max(clock, instant)
    }

    private mutating func run(_ timer: Timer) {
        timers.removeMin()
        clock = max(clock, timer.at)
        step([], [timer])
    }

    private mutating func changeHead(_ work: Work) throws(Refusal) {
        switch step([work]) {
        case .campaign?: return
        case .refused(let refusal)?: throw refusal
        case let other: preconditionFailure("stopping or resuming was answered with \(other.debugDescription)")
        }
    }

    private mutating func change(_ user: UserID, _ body: (inout UserState) -> Void) {
        if known.insert(user).inserted { order.append(user) }
        var state = loaded.cache.take(user)?.state ?? UserState()
        body(&state)
        loaded.cache.put(user, state)
    }

    @discardableResult
    private mutating func step(_ works: [Work], _ due: [Timer] = []) -> Answer? {
        var step = core.begin(works, timers: due, at: clock)
        loaded.forgetReads()
        while let needs = core.advance(&step, &loaded) { load(needs) }
        core.committed(step)
        for (user, state) in step.changes.users { change(user) { $0 = state } }
        for (id, receipt) in step.changes.items { receipts[id] = receipt }
        for (token, owner) in step.changes.tokenOwners {
            tokenOwners[token] = owner.map { [$0] } ?? tokenOwners[token]?.filter { has($0, token) }
        }
        for timer in step.changes.timersAdded where timer.at != .never { timers.insert(timer) }
        decisions += step.decided
        return step.answers.first?.answer
    }

    private mutating func load(_ needs: Needs) {
        for user in needs.users { loaded.add(.nothing, for: user) }
        for id in needs.receipts { loaded.add(Stored(receipts[id]), for: id) }
        for token in needs.tokens { loaded.add(owners: tokenOwners[token] ?? [], of: token) }
        for campaign in needs.queues { loaded.add(queue: [], of: campaign) }
        precondition(needs.messages.isEmpty && needs.letters.isEmpty, "messages are sent in a simulation: \(needs)")
    }

    private func has(_ user: UserID, _ token: Text) -> Bool {
        loaded.cache.peek(user)?.profile[Event.pushTokens]?.texts.contains(token) ?? false
    }

    /// What a turn would decide that nothing follows from.
    private func look(at user: UserID, _ body: (inout Turn) -> Void) -> [Decision] {
        Turn.take(
            user: user,
            state: loaded.cache.peek(user) ?? UserState(),
            context: core.context,
            now: clock,
            nextSequence: core.nextSequence,
            tallies: [:],
            body
        ).effects.told
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
