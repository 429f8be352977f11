import Engine
import Synchronization

/// The promise of `Store` in its plainest form: nothing outlives the process. Every other store must be
/// indistinguishable from it, which one suite of tests holds all of them to.
package final class InMemoryStore: Store {
    package let identity: String
    package let damage = StoreDamage()
    private let kept = Mutex(Kept())

    package init(identity: String) {
        self.identity = identity
    }

    package func users(_ ids: [UserID]) -> [Stored<UserState>] {
        kept.withLock { kept in ids.map { Stored(kept.users[$0]) } }
    }

    package func receipts(_ ids: [ItemID]) -> [Stored<ItemReceipt>] {
        kept.withLock { kept in ids.map { Stored(kept.items[$0]) } }
    }

    package func tokenOwners(_ tokens: [Text]) -> [Stored<UserID>] {
        kept.withLock { kept in tokens.map { Stored(kept.tokenOwners[$0]) } }
    }

    package func commit(_ changes: Changes) {
        kept.withLock { $0.apply(changes) }
    }

    package func checkWritable() {}

    package func timers(after: Timer?, through: Instant, limit: Int) -> [Timer] {
        kept.withLock { kept in
            let start = after.map { kept.timers.firstIndex(above: $0) } ?? 0
            return kept.timers.entries[start...].prefix { $0.value.at <= through }.prefix(limit).map(\.value)
        }
    }

    package func outbox(_ channel: String, after: UInt64, limit: Int) -> [OutboxEntry] {
        kept.withLock { kept in
            let start = kept.outbox.firstIndex(above: OutboxKey(OutboxPlace(channel: channel, number: after)))
            return kept.outbox.entries[start...].prefix { $0.value.channel == channel }.prefix(limit)
                .map { OutboxEntry(message: $0.value, state: kept.outboxStates[$0.value.place]) }
        }
    }

    package func outboxEntry(_ place: OutboxPlace) -> OutboxEntry? {
        kept.withLock { kept in
            kept.outbox[OutboxKey(place)].map { OutboxEntry(message: $0, state: kept.outboxStates[place]) }
        }
    }

    package func outboxCounts() -> [String: Int] {
        kept.withLock { kept in
            kept.outbox.entries.reduce(into: [:]) { $0[$1.value.channel, default: 0] += 1 }
        }
    }

    package func deadLetters(after: UInt64, limit: Int) -> [DeadLetter] {
        kept.withLock { kept in
            kept.failed.entries[kept.failed.firstIndex(above: after)...].prefix(limit).map(\.value)
        }
    }

    package func deadLetter(_ number: UInt64) -> DeadLetter? {
        kept.withLock { $0.failed[number] }
    }

    package func campaigns() -> [CampaignRecord] {
        kept.withLock { $0.campaigns.entries.map(\.value) }
    }

    package func tallies() -> [CampaignNumber: Tally] {
        kept.withLock { $0.tallies }
    }

    package func workspace() -> [UInt8]? {
        kept.withLock { $0.workspace }
    }

    package func nextSequence() -> UInt64 {
        kept.withLock { kept in
            let highest = [
                kept.decisions.entries.last?.key, kept.failed.entries.last?.key,
                kept.outbox.entries.map(\.value.number).max(),
            ]
            return highest.compactMap { $0 }.max().map { $0 + 1 } ?? 0
        }
    }

    package func user(_ id: UserID) -> UserState? {
        users([id])[0].record
    }

    package func decision(_ sequence: UInt64) -> StoredDecision? {
        kept.withLock { $0.decisions[sequence] }
    }

    package func decisions(before: UInt64?, limit: Int) -> [StoredDecision] {
        kept.withLock { kept in
            let end = before.map { kept.decisions.firstIndex(notBelow: $0) } ?? kept.decisions.entries.count
            return kept.decisions.entries[..<end].suffix(limit).reversed().map(\.value)
        }
    }

    package func decisions(after: UInt64, limit: Int) -> [StoredDecision] {
        kept.withLock { kept in
            kept.decisions.entries[kept.decisions.firstIndex(above: after)...].prefix(limit).map(\.value)
        }
    }

    package func events(since: Instant, _ body: (StoredEvent) throws -> Bool) throws {
        for event in kept.withLock({ $0.events }) where event.receivedAt >= since {
            guard try body(event) else { return }  // Its caller has enough.
        }
    }

    /// 100,000 events: memory is no place for a history.
    package func trimEvents() {
        kept.withLock { $0.events.removeFirst(max(0, $0.events.count - 100_000)) }
    }

    /// A key is a record's place.
    package func dump(
        _ family: Family,
        after: [UInt8]?,
        _ body: (_ key: UnsafeRawBufferPointer, Record) throws -> Bool
    ) throws {
        let first = after.map { $0.reduce(0) { $0 << 8 | Int($1) } + 1 } ?? 0
        for (place, record) in kept.withLock({ $0.records(family) }).enumerated().dropFirst(first) {
            let goesOn = try withUnsafeBytes(of: UInt64(place).bigEndian) { try body($0, record) }
            guard goesOn else { return }
        }
    }

    /// Nothing of theirs is left once a commit returned.
    package var oldestErasure: Instant? { nil }
    package func erase() -> [UserID: Erasure] { [:] }
    package func endErasures(_ ended: [UserID: Erasure]) {}

    package func close() {}
}

/// What stands in the store.
private struct Kept {
    var users: [UserID: UserState] = [:]
    var items: [ItemID: ItemReceipt] = [:]
    var timers = Ordered<Timer, Timer>()
    var decisions = Ordered<UInt64, StoredDecision>()
    var outbox = Ordered<OutboxKey, OutboxMessage>()
    var outboxStates: [OutboxPlace: OutboxState] = [:]
    var failed = Ordered<UInt64, DeadLetter>()
    var campaigns = Ordered<CampaignVersion, CampaignRecord>()
    var tallies: [CampaignNumber: Tally] = [:]
    var workspace: [UInt8]?
    var events: [StoredEvent] = []
    var tokenOwners: [Text: UserID] = [:]

    /// In the order in which every store takes them: a timer added and removed in one commit is gone.
    mutating func apply(_ changes: Changes) {
        for id in changes.deletedUsers { users[id] = nil }
        for (id, state) in changes.users { users[id] = state }
        for (token, owner) in changes.tokenOwners { tokenOwners[token] = owner }
        for timer in changes.timersAdded { timers[timer] = timer }
        for timer in changes.timersRemoved { timers[timer] = nil }
        for stored in changes.decisions { decisions[stored.decision.sequence] = stored }
        for (id, receipt) in changes.items { items[id] = receipt }
        for message in changes.outboxAdded { outbox[OutboxKey(message.place)] = message }
        for (place, state) in changes.outboxStates { outboxStates[place] = state }
        for place in changes.outboxRemoved { outbox[OutboxKey(place)] = nil }
        for place in changes.outboxStatesRemoved { outboxStates[place] = nil }
        for letter in changes.deadLettersAdded { failed[letter.message.number] = letter }
        for number in changes.deadLettersRemoved { failed[number] = nil }
        for version in changes.campaignsRemoved { campaigns[version] = nil }
        for number in changes.talliesRemoved { tallies[number] = nil }
        for record in changes.campaigns {
            campaigns[CampaignVersion(number: record.head.number, version: record.version)] = record
        }
        for (number, tally) in changes.tallies { tallies[number] = tally }
        workspace = changes.workspace ?? workspace
        let isLater =
            (events.last?.receivedAt ?? Instant(milliseconds: .min)) <= changes.events.first?.receivedAt ?? .never
        events += changes.events
        // The clock may have been set far back between two starts.
        if !isLater { events.sort { ($0.receivedAt, $0.sequence) < ($1.receivedAt, $1.sequence) } }
        for (user, erasure) in changes.erasures { erase(user, erasure) }
    }

    private mutating func erase(_ user: UserID, _ erasure: Erasure) {
        events.removeAll { $0.user == user && erasure.coversEvent($0.receivedAt, $0.sequence) }
        items = items.filter { $0.key.user != user || !erasure.covers($0.value.firstDecision) }
        for (number, stored) in decisions.entries where stored.decision.user == user && erasure.covers(number) {
            decisions[number] = nil
        }
        for (number, letter) in failed.entries where letter.message.user == user && erasure.covers(number) {
            failed[number] = nil
        }
    }

    func records(_ family: Family) -> [Record] {
        switch family {
        case .meta: []
        case .users: users.sorted { $0.key < $1.key }.map { .user($0.key, $0.value) }
        case .timers: timers.entries.map { .timer($0.value) }
        case .decisions: decisions.entries.map { .decision($0.value) }
        case .items: items.sorted { $0.key < $1.key }.map { .item($0.key, $0.value) }
        case .outbox:
            outbox.entries.map { .outbox(OutboxEntry(message: $0.value, state: outboxStates[$0.value.place])) }
        case .failed: failed.entries.map { .failed($0.value) }
        case .campaigns: campaigns.entries.map { .campaign($0.value) }
        case .events: events.map { .event($0) }
        case .tokens: tokenOwners.sorted { $0.key < $1.key }.map { .token($0.key, $0.value) }
        case .tallies: tallies.sorted { $0.key < $1.key }.map { .tally($0.key, $0.value) }
        }
    }
}

private struct OutboxKey: Comparable {
    let channel: Text
    let number: UInt64

    init(_ place: OutboxPlace) {
        (channel, number) = (Text(place.channel), place.number)
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.channel, left.number) < (right.channel, right.number)
    }
}

extension ItemID: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        (left.user, left.id) < (right.user, right.id)
    }
}

/// Entries in the order of their keys.
private struct Ordered<Key: Comparable, Value> {
    private(set) var entries: [(key: Key, value: Value)] = []

    subscript(key: Key) -> Value? {
        get {
            let index = firstIndex(notBelow: key)
            return index < entries.count && entries[index].key == key ? entries[index].value : nil
        }
        set {
            let index = firstIndex(notBelow: key)
            let isThere = index < entries.count && entries[index].key == key
            switch (newValue, isThere) {
            case (let value?, true): entries[index].value = value
            case (let value?, false): entries.insert((key, value), at: index)
            case (nil, true): entries.remove(at: index)
            case (nil, false): break
            }
        }
    }

    func firstIndex(notBelow key: Key) -> Int { firstIndex { $0 >= key } }
    func firstIndex(above key: Key) -> Int { firstIndex { $0 > key } }

    private func firstIndex(where isBeyond: (Key) -> Bool) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(entries[middle].key) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
