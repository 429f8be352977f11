import Engine
import Storage

/// What a commit met on its way.
enum WriteFault {
    case none
    /// The process ends before anything is written, before it is flushed, or after it.
    case crashBefore, crashBetween, crashAfter
    /// The disk is full: part of it is written, and taken back.
    case full
    /// The flush takes so long.
    case slow(Length)
}

/// The process ended here.
struct Crash: Error {}

/// A store on the simulated disk. What it shows is what the log's bytes say, read by the real decoder; beside it every
/// commit goes to an `InMemoryStore` as it was given, and both must say the same.
final class DiskStore: Store {
    nonisolated(unsafe) private let log: SimulatedLog
    /// By the log's bytes.
    nonisolated(unsafe) private(set) var view: InMemoryStore
    /// As it was told.
    let specification: InMemoryStore
    let damage = StoreDamage()
    var identity: String { view.identity }
    nonisolated(unsafe) private(set) var isFull = false

    init(_ canary: Canary?, _ chance: Chance) {
        log = SimulatedLog(canary, chance)
        specification = InMemoryStore(identity: "torture")
        view = InMemoryStore(identity: "torture")
    }

    /// How many commits the log ever held, and their bytes.
    var commits: Int { Int(log.next) - 1 }
    var bytes: Int { log.bytes }

    /// Full: nothing is written, and the view follows no more.
    func setFull(_ isFull: Bool) {
        self.isFull = isFull
        if !isFull { log.setStuck(false) }
    }

    /// The view follows no more, until there is room: commits go on as long as a file is free.
    func setStuck() { log.setStuck(true) }

    /// Makes a commit durable, with whatever comes between; `flushing` lets time pass, `durable` hears that it is.
    func write(
        _ changes: Changes,
        _ fault: WriteFault,
        flushing: (Length) -> Void,
        durable: () throws -> Void
    ) throws {
        if case .crashBefore = fault { throw Crash() }
        if isFull { throw StoreError.unavailable("the disk is full") }
        guard log.write(changes) else {
            isFull = true
            throw StoreError.unavailable("the disk does not keep up")
        }
        switch fault {
        case .crashBetween: throw Crash()
        case .full:
            log.cutShort()
            isFull = true
            throw StoreError.unavailable("the disk became full")
        case .slow(let length): flushing(length)
        case .none, .crashBefore, .crashAfter: break
        }
        specification.commit(changes)
        view.commit(try log.flush(changes))
        try durable()
        if case .crashAfter = fault { throw Crash() }
    }

    /// What is left after a crash, read again. The specification hears of a commit that was not answered and yet is
    /// there.
    func crash(unflushed: Changes?) throws {
        let before = commits
        try log.crash()
        view = InMemoryStore(identity: "torture")
        view.commit(try log.all())
        guard commits >= before, commits <= before + 1 else {
            throw Violation("of \(before) commits \(commits) are there after a crash")
        }
        if commits > before {
            guard let unflushed else { throw Violation("a commit is there that nobody made") }
            specification.commit(unflushed)
        }
    }

    // MARK: Store

    /// Looked up as the daemon does, not in the view.
    func users(_ ids: [UserID]) -> [Stored<UserState>] { ids.map { log.user($0) } }
    func receipts(_ ids: [ItemID]) -> [Stored<ItemReceipt>] { view.receipts(ids) }
    func tokenOwners(_ tokens: [Text]) -> [Stored<UserID>] { view.tokenOwners(tokens) }
    func commit(_ changes: Changes) { preconditionFailure("a commit goes by write") }
    func checkWritable() throws(StoreError) { if isFull { throw .unavailable("the disk is full") } }
    func timers(after: Timer?, through: Instant, limit: Int) -> [Timer] {
        view.timers(after: after, through: through, limit: limit)
    }
    func outbox(_ channel: String, after: UInt64, limit: Int) -> [OutboxEntry] {
        view.outbox(channel, after: after, limit: limit)
    }
    func outboxEntry(_ place: OutboxPlace) -> OutboxEntry? { view.outboxEntry(place) }
    func outboxCounts() -> [String: Int] { view.outboxCounts() }
    func deadLetters(after: UInt64, limit: Int) -> [DeadLetter] { view.deadLetters(after: after, limit: limit) }
    func deadLetter(_ number: UInt64) -> DeadLetter? { view.deadLetter(number) }
    func campaigns() -> [CampaignRecord] { view.campaigns() }
    func tallies() -> [CampaignNumber: Tally] { view.tallies() }
    func workspace() -> [UInt8]? { view.workspace() }
    func nextSequence() -> UInt64 { view.nextSequence() }
    func user(_ id: UserID) -> UserState? { view.user(id) }
    func decision(_ sequence: UInt64) -> StoredDecision? { view.decision(sequence) }
    func decisions(before: UInt64?, limit: Int) -> [StoredDecision] { view.decisions(before: before, limit: limit) }
    func decisions(after: UInt64, limit: Int) -> [StoredDecision] { view.decisions(after: after, limit: limit) }
    func events(since: Instant, _ body: (StoredEvent) throws -> Bool) throws { try view.events(since: since, body) }
    func trimEvents() {}
    var oldestErasure: Instant? { nil }
    func erase() -> [UserID: Erasure] { [:] }
    func endErasures(_ ended: [UserID: Erasure]) {}
    func dump(
        _ kind: Family,
        after: [UInt8]?,
        _ body: (_ key: UnsafeRawBufferPointer, Record) throws -> Bool
    ) throws { try view.dump(kind, after: after, body) }
    func close() {}
}
