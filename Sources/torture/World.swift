import CampaignFiles
import Core
import Engine
import Host
import NaiveModel
import Storage

/// One run: a daemon on a disk that fails, providers that misbehave, clients that ask again, and time; all of it drawn
/// from one seed and done in turn on one thread.
final class World {
    let seed: UInt64
    let plugins: PluginShelf
    let canary: Canary?
    var chance: Chance
    var weather: Weather
    let time: Time
    var trace: Trace
    let limits: CoreLimits
    /// The engine's: so low at times that a run reaches them.
    let bounds: Limits
    let providers: [Provider]
    let store: DiskStore
    private(set) var server: Server?
    private var agenda = Agenda()
    /// How often the daemon was started.
    private var incarnation = 0
    var story: Story
    var calls: [Int: Call] = [:]
    private var callCount = 0
    /// What clients told, by its id.
    private var told: [ItemID: Item] = [:]

    /// How often each had its turn, told where that has no end.
    private var lately: [String: Int] = [:]

    // What watches.
    private var checkedCommits = 0
    var ledger = Ledger()
    var checks = StateChecks()
    var sends = SendChecks()
    var rules = RuleChecks()
    var times = TimeChecks()
    var accounts = Accounts()
    var history = ModelHistory()
    /// What is being written and is not known to be on disk.
    var underWay: Commit?

    init(seed: UInt64, canary: Canary?, isTold: Bool, plugins: PluginShelf, reader: CampaignReader) {
        self.seed = seed
        self.plugins = plugins
        var chance = Chance(seed: seed)
        weather = Weather(&chance)
        self.canary = canary
        store = DiskStore(canary, Chance(seed: chance.word()))
        trace = Trace(isTold: isTold)
        time = Time(chance.one(Story.starts))
        story = Story(chance.word(), reader, &chance, isModelled: weather.acceptsAtOnce)
        var limits = CoreLimits()
        limits.itemsPerStep = chance.one([1, 2, 5, 512])
        limits.largestPiece = chance.one([1, 2, 32])
        limits.usersPerRead = chance.one([1, 2, 32])
        // The model runs everything that is due before what came in.
        limits.userBytesPerStep = weather.acceptsAtOnce ? 32 << 20 : chance.one([1, 2_000, 32 << 20])
        self.limits = limits
        var bounds = Limits()
        if !weather.acceptsAtOnce {  // The model knows these as they are.
            bounds.chain = chance.one([2, 16])
            bounds.waiting = chance.one([3, 4_096])
            bounds.longestRateLimit = chance.one([.seconds(90), .days(3)])
            bounds.inAppInterval = chance.one([.seconds(30), .seconds(3_600)])
        }
        self.bounds = bounds
        providers = ["email", "push", "webhook"].map { Provider($0, &chance) }
        self.chance = chance
    }

    var now: Instant { server?.clock.now() ?? time.wall }

    func later(in length: Length, _ event: Agenda.Event) {
        let at = Length(milliseconds: time.elapsed.milliseconds + length.milliseconds)
        if case .report = event { return agenda.add(event, at: at, incarnation: incarnation) }
        agenda.add(event, at: at)
    }

    /// What the run came to. Throws what must not be.
    func run() throws -> Summary {
        try begin()
        later(in: .seconds(1), .story)
        for item in story.profiles() { call([item]) }
        var turns = 0
        while story.left > 0 || turns < 200 {
            turns += 1
            try turn(turns)
            try check(turns < 100_000, "it goes on for ever: \(lately)")
        }
        trace.add(now, "the faults stop")
        weather.calm()
        store.setFull(false)
        if chance.happens(500) || server?.lacks != nil || providers.contains(where: \.hasHung) { try crash() }
        let end = Length(milliseconds: time.elapsed.milliseconds + Self.calm.milliseconds)
        let storm = turns
        while time.elapsed < end {
            turns += 1
            try turn(turns, until: end)
            try check(turns - storm < 100_000, "it does not come to rest: \(lately)")
            if turns - storm == 99_000 { lately = [:] }
        }
        try isOver()
        return Summary(
            userYears: Double(story.users.count) * Double(time.elapsed.milliseconds) / 31_557_600_000,
            turns: turns,
            commits: store.commits,
            starts: incarnation,
            sends: sends.count,
            reached: Set(store.decisions(before: nil, limit: .max).map(\.decision.code))
        )
    }

    /// In good weather: the campaigns are there before anything happens.
    private func begin() throws {
        let storm = weather
        weather.calm()
        try start()
        // Some that are drawn make a circle together.
        while !apply(story.campaigns, story.workspace) { story.redraw() }
        var turns = 0
        while server?.registry.table.count == 0 {
            turns += 1
            try turn(turns)
        }
        history.launch = server?.registry.table.all.first?.appliedAt
        weather = storm
    }

    /// As long as a message may be tried, and then some.
    private static let calm = Length.days(9)

    // MARK: Turns

    private enum Actor {
        case engine
        case line(Int)
        case upkeep, agenda
    }

    private func turn(_ number: Int, until end: Length? = nil) throws {
        do {
            if chance.happens(weather.clockJumps) { jump() }
            if server != nil, chance.happens(weather.crashes / 8) { throw Crash() }
            var (actors, wakes) = try actorsNow()
            if actors.isEmpty {
                if let end { wakes = min(wakes ?? end, end) }
                let next = wakes ?? Length(milliseconds: time.elapsed.milliseconds + 300_000)
                time.pass(Length(milliseconds: max(1, next.milliseconds - time.elapsed.milliseconds)))
                (actors, _) = try actorsNow()
                guard !actors.isEmpty else { return }
            }
            if chance.happens(200) { time.pass(chance.length(0...50)) }
            let actor = chance.one(actors)
            lately["\(actor)", default: 0] += 1
            switch actor {
            case .engine: try server?.runEngine()
            case .line(let index): try server?.lines[index].run()
            case .upkeep: server?.keepUp()
            case .agenda: try happen()
            }
        } catch is Crash {
            try crash()
        }
        if number % 64 == 0, checkedCommits != store.commits, let server {
            checkedCommits = store.commits
            try checks.check(server)
        }
    }

    /// Who has something to do, and when somebody will, by what has really passed.
    private func actorsNow() throws -> (actors: [Actor], wakes: Length?) {
        var actors: [Actor] = []
        var wakes = agenda.next
        if let next = agenda.next, next <= time.elapsed { actors.append(.agenda) }
        guard let server else { return (actors, wakes) }
        let now = server.clock.now()
        func look(_ actor: Actor, _ at: Instant?) {
            guard let at, at > now else { return actors.append(actor) }
            guard at != .never else { return }
            let passed = Length(milliseconds: time.elapsed.milliseconds + (at - now).milliseconds)
            wakes = min(wakes ?? passed, passed)
        }
        look(.engine, try server.engineWakes())
        for (index, line) in server.lines.enumerated() { look(.line(index), line.wakes()) }
        if server.hasUpkeep { actors.append(.upkeep) }
        return (actors, wakes)
    }

    private func jump() {
        let most: Int64 = weather.jumpsFar ? 2 * 86_400_000 : 600_000
        let step = chance.length(-most...most)
        trace.add(now, "the clock is set by \(step)")
        time.set(by: step)
    }

    private func happen() throws {
        guard let event = agenda.take(time.elapsed, incarnation: incarnation) else { return }
        switch event {
        case .report(let channel, let number, let attempt, let report):
            trace.add(now, "\(channel): message \(number): \(report.outcome)")
            server?.line(channel)?.ended(number, attempt: attempt, report)
            sends.heard(OutboxPlace(channel: channel, number: number), attempt, report.outcome, now)
        case .story: tell()
        case .send(let call), .timeout(let call): send(call)
        case .ask(let request):
            trace.add(now, "asked: \(request)")
            ask(request)
        case .start: try start()
        case .room: store.setFull(false)
        }
    }

    // MARK: The story

    private func tell() {
        guard story.left > 0 else { return }
        later(in: story.gap(), .story)
        switch story.next(at: Instant(milliseconds: time.wall.milliseconds)) {
        case .item(let item)?:
            var items = [item]
            while story.left > 0, chance.happens(300), case .item(let more)? = story.next(at: time.wall) {
                items.append(more)
            }
            call(items)
        case .stop(let id)?:
            change(id, stops: true)
            for _ in 0..<3 { later(in: chance.length(0...7_200_000), .ask(.resume(id))) }
        case .resume(let id)?: change(id, stops: false)
        case nil: break
        }
        if chance.happens(300) {
            let underWay = providers.flatMap { store.outbox($0.channel, after: 0, limit: 10) }
            if !underWay.isEmpty { leave(chance.one(underWay).message.user) }
        }
        if chance.happens(weather.repeatedItems) { repeatItem() }
        if chance.happens(weather.edits), let campaign = story.campaign(chance.one(story.names)) {
            apply([campaign], nil)
        }
        if chance.happens(weather.campaignDeletions) { delete(chance.one(story.campaigns).id) }
        if chance.happens(weather.deletions) {
            later(in: chance.length(0...60_000), .ask(.delete(chance.one(story.users))))
        }
        if chance.happens(weather.redrives) { later(in: chance.length(0...3_600_000), .ask(.redrive)) }
        // The model knows no look at the queue without a session.
        if !weather.acceptsAtOnce, chance.happens(100) {
            later(in: .zero, .ask(.lease(chance.one(story.users), device: chance.one(["", "d"]))))
        }
    }

    func leave(_ user: UserID) { call([story.leaving(user)]) }

    private func call(_ items: [Item], _ expected: Call.Expected? = nil) {
        callCount += 1
        calls[callCount] = Call(items: items, expected: expected)
        if expected == nil {
            for item in items { if let id = item.id { told[ItemID(user: item.user, id: id)] = item } }
        }
        later(in: chance.length(0...200), .send(call: callCount))
    }

    /// An item that was answered comes again, or another under its id.
    private func repeatItem() {
        guard !ledger.items.isEmpty, weather.deletions == 0 else { return }  // It may be forgotten meanwhile.
        guard let item = told[chance.one(ledger.items).id] else { return }
        guard chance.happens(300) else { return call([item], .duplicate) }
        var other = item
        other.set["changed"] = .integer(1)
        call([other], .conflict)
    }

    // MARK: Starts and crashes

    private func start() throws {
        incarnation += 1
        if incarnation > 1, chance.happens(weather.crashesAtStart) {
            return later(in: chance.length(100...10_000), .start)
        }
        times.started(time.wall)
        sends.started()
        let lacking = chance.happens(weather.vanishing) ? chance.one(plugins.lacking) : nil
        let server = try Server(self, store, plugins: lacking?.plugins ?? plugins.whole, lacks: lacking?.name)
        self.server = server
        trace.add(now, "start \(incarnation)\(lacking.map { " without \($0.name)" } ?? "")")
        try ledger.check(store)
        try checks.check(server)
    }

    private func crash() throws {
        if server != nil, underWay == nil, chance.happens(weather.stops), try stop() {
            trace.add(now, "stop")
        } else {
            trace.add(now, "crash")
        }
        server = nil
        let before = store.commits
        try store.crash(unflushed: underWay?.changes)
        if store.commits > before { try isDurable() }
        underWay = nil
        let isShort = chance.happens(700)
        later(in: isShort ? chance.length(10...5_000) : chance.length(60_000...86_400_000), .start)
    }

    /// What waits is done, and nothing more is taken: whether that came to an end.
    private func stop() throws -> Bool {
        do {
            for _ in 0..<1_000 where server?.queue.isEmpty == false { try server?.runEngine() }
            return server?.queue.isEmpty == true
        } catch is Crash {
            return false
        }
    }

    func writeFault() -> WriteFault {
        if chance.happens(weather.crashes) {
            return chance.one([.crashBefore, .crashBetween, .crashBetween, .crashAfter])
        }
        if chance.happens(weather.fullDisk) {
            later(in: chance.length(1_000...600_000), .room)
            return .full
        }
        if chance.happens(weather.fullDisk) {
            later(in: chance.length(1_000...600_000), .room)
            store.setStuck()
        }
        if chance.happens(weather.slowFlush) { return .slow(chance.length(1...20_000)) }
        return .none
    }

    /// What is under way is on disk.
    func isDurable() throws {
        guard let commit = underWay else { throw Violation("nobody wrote what is on disk") }
        underWay = nil
        for stored in commit.changes.decisions {
            let decision = stored.decision
            trace.add(
                commit.now,
                "\(decision.user) \(decision.campaign?.string ?? "-") \(decision.code.rawValue) \(decision.channel ?? "") send \(decision.send) at \(decision.at)"
            )
        }
        try checkTimes(commit)
        ledger.committed(deleting: commit.changes.deletedUsers)
        try times.check(commit)
        try rules.check(commit)
        try accounts.check(commit)
        sends.committed(commit)
        if weather.acceptsAtOnce { history.add(commit) }
    }

    /// 14: by a clock that was off by more than 5 s when the item was sent, it happened as much later.
    private func checkTimes(_ commit: Commit) throws {
        guard commit.changes.items.count == 1, commit.changes.events.count == 1,
            let item = told[commit.changes.items[0].id], let time = item.time
        else { return }
        let event = commit.changes.events[0]
        let error = item.sentAt.map { event.receivedAt - $0 } ?? .zero
        let isOff = abs(error.milliseconds) > 5_000
        let happened = isOff ? min(time + error, event.receivedAt) : time
        // Of a request that is decided in parts the first one's receipt counts.
        guard limits.itemsPerStep == 512, limits.userBytesPerStep > 2_000, weather.hurry == 0 else { return }
        try check(event.time == happened, "\(item) happened at \(happened), and \(event) is kept")
    }

    // MARK: The end

    private func isOver() throws {
        guard let server else { throw Violation("the daemon does not run at the end") }
        var turns = 0
        while !server.queue.isEmpty || !server.postponed.isEmpty, turns < 1_000 {
            turns += 1
            try server.runEngine()
        }
        try ledger.check(store)
        try checks.check(server)
        try checks.checkAll(store)
        try checks.isQuiet(server)
        try rules.isOver(store)
        if weather.acceptsAtOnce { try history.check(story, store) }
    }
}
