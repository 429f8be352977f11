import Engine
import Storage

// Reads that any thread may make: each sees one moment, and none waits for the writer.
extension RocksDBStore {
    package func timers(after: Timer?, through: Instant, limit: Int) throws(StoreError) -> [Timer] {
        var key = ProtobufWriter(capacity: 128)
        if let after {
            key.timerKey(after)
            key.append(byte: 0)
        }
        let lower = Array(key.bytes)
        key.clear()
        if through != .never { key.bigEndian(through.sortable + 1) }
        let upper = through == .never ? nil : Array(key.bytes)
        return try list(.timers, KeyRange(lower: lower, upper: upper), limit: limit, Self.timer)
    }

    package func outbox(_ channel: String, after: UInt64, limit: Int) throws(StoreError) -> [OutboxEntry] {
        guard limit > 0 else { return [] }
        var key = ProtobufWriter(capacity: 64)
        key.outboxKey(OutboxPlace(channel: channel, number: after == .max ? after : after + 1), .message)
        let lower = Array(key.bytes)
        let upper = Array(channel.utf8) + [1]
        return try access.read { database throws(StoreError) in
            var entries: [OutboxEntry] = []
            let range = KeyRange(lower: lower, upper: upper)
            try database.scan(.outbox, range, over: memory, damaged: damaged(.outbox), failing: fault) {
                (key, value) throws(StoreError) in
                decoding(.outbox, key) { () throws(ProtobufReader.Fault) in
                    try Self.add(key, value, to: &entries, limit: limit)
                } ?? true
            }
            return entries
        }
    }

    /// Gives whether to read on: the state of a message stands behind it.
    private static func add(
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        to entries: inout [OutboxEntry],
        limit: Int
    ) throws(ProtobufReader.Fault) -> Bool {
        var reader = ProtobufReader(key)
        let (place, part) = try reader.outboxKey(key)
        switch part {
        case .message:
            guard entries.count < limit else { return false }
            entries.append(OutboxEntry(message: try OutboxRecord.decode(value)))
        case .state:
            // One whose message has left is of no use.
            guard let last = entries.indices.last, entries[last].message.number == place.number else { return true }
            entries[last].state = try OutboxStateRecord.decode(value)
        }
        return true
    }

    package func outboxEntry(_ place: OutboxPlace) throws(StoreError) -> OutboxEntry? {
        // A message that leaves takes its state along: read first, the state is never of one that is missing.
        let state = try outboxPart(place, .state, OutboxStateRecord.decode)
        return try outboxPart(place, .message, OutboxRecord.decode).map { OutboxEntry(message: $0, state: state) }
    }

    private func outboxPart<Record>(
        _ place: OutboxPlace,
        _ part: OutboxPart,
        _ decode: (UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> Record
    ) throws(StoreError) -> Record? {
        var key = ProtobufWriter(capacity: 64)
        key.outboxKey(place, part)
        return try one(.outbox, key.bytes, "message \(place.number) of \(place.channel)", decode)
    }

    package func outboxCounts() throws(StoreError) -> [String: Int] {
        var counts: [String: Int] = [:]
        try eachOutboxPlace { counts[$0.channel, default: 0] += 1 }
        return counts
    }

    private func eachOutboxPlace(_ body: (OutboxPlace) -> Void) throws(StoreError) {
        try access.read { database throws(StoreError) in
            try database.scan(.outbox, over: memory, damaged: damaged(.outbox), failing: fault) {
                (key, _) throws(StoreError) in
                let read = decoding(.outbox, key) { () throws(ProtobufReader.Fault) in
                    var reader = ProtobufReader(key)
                    return try reader.outboxKey(key)
                }
                if let (place, part) = read, part == .message { body(place) }
                return true
            }
        }
    }

    package func deadLetters(after: UInt64, limit: Int) throws(StoreError) -> [DeadLetter] {
        let lower = withUnsafeBytes(of: (after == .max ? after : after + 1).bigEndian) { Array($0) }
        let isShown: (DeadLetter) -> Bool = { !self.erasures.hides($0) }
        return try list(.failed, KeyRange(lower: lower), limit: limit, where: isShown) {
            (_, value) throws(ProtobufReader.Fault) in
            try DeadLetterRecord.decode(value)
        }
    }

    package func deadLetter(_ number: UInt64) throws(StoreError) -> DeadLetter? {
        try withUnsafeBytes(of: number.bigEndian) { key throws(StoreError) in
            let letter = try one(.failed, key, "dead letter \(number)", DeadLetterRecord.decode)
            return letter.flatMap { erasures.hides($0) ? nil : $0 }
        }
    }

    package func campaigns() throws(StoreError) -> [CampaignRecord] {
        try list(.campaigns, limit: .max, isWhole: true, Self.campaign)
    }

    package func tallies() throws(StoreError) -> [CampaignNumber: Tally] {
        Dictionary(uniqueKeysWithValues: try list(.tallies, limit: .max, isWhole: true, Self.tally))
    }

    package func workspace() throws(StoreError) -> [UInt8]? {
        var key = ProtobufWriter(capacity: 16)
        key.workspaceKey()
        return try one(.meta, key.bytes, "workspace") { Array($0) }
    }

    package func nextSequence() throws(StoreError) -> UInt64 {
        // Their keys are the numbers: whether the records read does not matter.
        func newest(_ family: Family) throws(StoreError) -> UInt64? {
            try list(family, newestFirst: true, limit: 1) { (key, _) throws(ProtobufReader.Fault) in
                var reader = ProtobufReader(key)
                return try reader.bigEndian64()
            }.first
        }
        var highest = [try newest(.decisions), try newest(.failed)].compactMap { $0 }
        try eachOutboxPlace { highest.append($0.number) }
        return highest.max().map { $0 + 1 } ?? 0
    }

    package func user(_ id: UserID) throws(StoreError) -> UserState? {
        var key = ProtobufWriter(capacity: 128)
        key.userKey(id)
        return try one(.users, key.bytes, "user \(id)", UserRecord.decode)
    }

    package func decision(_ sequence: UInt64) throws(StoreError) -> StoredDecision? {
        try withUnsafeBytes(of: sequence.bigEndian) { key throws(StoreError) in
            let stored = try one(.decisions, key, "decision \(sequence)") { value throws(ProtobufReader.Fault) in
                try DecisionRecord.decode(value, sequence: sequence)
            }
            return stored.flatMap { erasures.hides($0) ? nil : $0 }
        }
    }

    package func decisions(before: UInt64?, limit: Int) throws(StoreError) -> [StoredDecision] {
        let upper = before.map { withUnsafeBytes(of: $0.bigEndian) { Array($0) } }
        return try list(
            .decisions,
            KeyRange(upper: upper),
            newestFirst: true,
            limit: limit,
            where: { !self.erasures.hides($0) },
            Self.storedDecision
        )
    }

    package func decisions(after: UInt64, limit: Int) throws(StoreError) -> [StoredDecision] {
        guard after < .max else { return [] }  // Behind the last number there is none.
        return try list(
            .decisions,
            KeyRange(lower: withUnsafeBytes(of: (after + 1).bigEndian) { Array($0) }),
            limit: limit,
            where: { !self.erasures.hides($0) },
            Self.storedDecision
        )
    }

    package func events(since: Instant, _ body: (StoredEvent) throws -> Bool) throws {
        var key = ProtobufWriter(capacity: 16)
        key.eventKey(since, 0)
        let lower = Array(key.bytes)
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try access.read(orThrow: { $0 as any Error }) { database -> Void in
            try database.scan(.events, KeyRange(lower: lower), over: memory, damaged: damaged(.events), failing: fault)
            {
                key,
                value in
                let event = decoding(.events, key) { () throws(ProtobufReader.Fault) in try Self.event(key, value) }
                guard let event, !erasures.hides(event) else { return true }
                return try body(event)
            }
        }
    }

    package func trimEvents() throws(StoreError) {
        let oldest = try list(.events, limit: 1, Self.event).first?.receivedAt
        let newest = try list(.events, newestFirst: true, limit: 1, Self.event).first?.receivedAt
        guard let oldest, let newest else { return }  // There are none.
        try access.read { database throws(StoreError) in
            let size = database.size(of: .events)
            guard size > UInt64(Limits.events) else { return }  // All may stay.
            // Events come evenly enough: so much of the time holds so much of them. Whole tables go, so the rest is
            // dropped with the next look.
            let share = 1 - Double(Limits.events) / Double(size)
            let span = Double((newest - oldest).milliseconds) * share
            var key = ProtobufWriter(capacity: 16)
            key.eventKey(oldest + Length(milliseconds: Int64(span)), 0)
            try StoreError.doing("trim", folder) { () throws(RocksDBFault) in
                try database.dropTables(.events, below: key.bytes)
            }
        }
    }

    /// Holds the store open as it is: one that has to be opened again after a failed write waits for it.
    package func dump(
        _ family: Family,
        after: [UInt8]?,
        _ body: (_ key: UnsafeRawBufferPointer, Record) throws -> Bool
    ) throws {
        let range = KeyRange(lower: after.map { $0 + [0] } ?? [])
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try access.read(orThrow: { $0 as any Error }) { database -> Void in
            guard family != .outbox else { return try dumpOutbox(database, range, body) }
            try database.scan(family, range, over: memory, damaged: damaged(family), failing: fault) { key, value in
                let record = decoding(family, key) { () throws(ProtobufReader.Fault) in
                    try Self.record(family, key, value)
                }
                guard let record, !erasures.hides(record) else { return true }
                return try body(key, record)
            }
        }
    }

    /// A message and its state are one record, under the key of the message.
    private func dumpOutbox(
        _ database: Database,
        _ range: KeyRange,
        _ body: (_ key: UnsafeRawBufferPointer, Record) throws -> Bool
    ) throws {
        var last: (key: [UInt8], entry: OutboxEntry)?
        var isOver = false
        try database.scan(.outbox, range, over: memory, damaged: damaged(.outbox), failing: fault) { key, value in
            var entries = last.map { [$0.entry] } ?? []
            _ = decoding(.outbox, key) { () throws(ProtobufReader.Fault) in
                try Self.add(key, value, to: &entries, limit: 2)
            }
            let before = last
            last = entries.last.map { (entries.count == 1 ? before?.key ?? Array(key) : Array(key), $0) }
            guard entries.count == 2, let before else { return true }
            isOver = try !before.key.withUnsafeBytes { try body($0, .outbox(entries[0])) }
            return !isOver
        }
        guard !isOver, let last else { return }
        _ = try last.key.withUnsafeBytes { try body($0, .outbox(last.entry)) }
    }

    /// Writes what the log holds into tables and rewrites all of a family, dropping what is older than it is kept.
    package func compact(_ family: Family) throws(StoreError) {
        try log?.storeAll()
        try access.read { database throws(StoreError) in
            try StoreError.doing("compact", folder) { () throws(RocksDBFault) in try database.compact(family) }
        }
    }

    // MARK: -

    private func fault(_ fault: RocksDBFault) -> StoreError {
        fault.storeError(doing: "read", folder: folder)
    }

    private func damaged(_ family: Family) -> (RocksDBFault) -> Void {
        { fault in self.damage.found(fault.text, "\(family.name): \(fault.text)") }
    }

    /// A record that is damaged throws, and is told.
    private func one<Record>(
        _ family: Family,
        _ key: UnsafeRawBufferPointer,
        _ what: @autoclosure () -> String,
        _ decode: (UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> Record
    ) throws(StoreError) -> Record? {
        typealias Found = Result<Record, ProtobufReader.Fault>
        func decoded(_ value: UnsafeRawBufferPointer?) -> Found? {
            value.map { value in Result { () throws(ProtobufReader.Fault) in try decode(value) } }
        }
        let newer: Found?? = memory.reading { reader in reader.find(family, key).map { decoded($0.value) } }
        let found: Found?
        if let newer {
            found = newer
        } else {
            found = try access.read { database throws(StoreError) -> Found? in
                do throws(RocksDBFault) {
                    return try database.get(family, key) { decoded($0) }
                } catch {
                    if error.isCorruption { damaged(family)(error) }
                    throw error.storeError(doing: "read", folder: folder)
                }
            }
        }
        switch found {
        case nil: return nil
        case .success(let record): return record
        case .failure(let error):
            let what = what()
            damage.found(what, "\(what): \(error)")
            throw .corrupt("\(what): \(error)")
        }
    }

    /// Passes over what is damaged; where it `isWhole`, that throws.
    func list<Record>(
        _ family: Family,
        _ range: KeyRange = KeyRange(),
        newestFirst: Bool = false,
        limit: Int,
        isWhole: Bool = false,
        where isShown: (Record) -> Bool = { _ in true },
        _ decode: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> Record
    ) throws(StoreError) -> [Record] {
        guard limit > 0 else { return [] }
        var firstDamage: StoreError?
        let records = try access.read { database throws(StoreError) in
            var records: [Record] = []
            let damaged = { (fault: RocksDBFault) in
                self.damaged(family)(fault)
                firstDamage = firstDamage ?? self.fault(fault)
            }
            try database.scan(family, range, over: memory, newestFirst: newestFirst, damaged: damaged, failing: fault) {
                (key, value) throws(StoreError) in
                let record = decoding(family, key) { () throws(ProtobufReader.Fault) in try decode(key, value) }
                if let record {
                    if isShown(record) { records.append(record) }
                } else {
                    firstDamage = firstDamage ?? .corrupt(Self.name(family, key))
                }
                return records.count < limit
            }
            return records
        }
        if isWhole, let firstDamage { throw firstDamage }
        return records
    }

    /// Nil where it is damaged, which is told.
    private func decoding<Record>(
        _ family: Family,
        _ key: UnsafeRawBufferPointer,
        _ body: () throws(ProtobufReader.Fault) -> Record
    ) -> Record? {
        do throws(ProtobufReader.Fault) {
            return try body()
        } catch {
            let name = Self.name(family, key)
            damage.found(name, "\(name): \(error)")
            return nil
        }
    }

    private static func name(_ family: Family, _ key: UnsafeRawBufferPointer) -> String {
        "\(family.name), key " + key.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private static func record(
        _ family: Family,
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws(ProtobufReader.Fault) -> Record {
        var reader = ProtobufReader(key)
        switch family {
        case .meta: preconditionFailure("what the folder says of itself is no record")
        case .users: return .user(try reader.userKey(), try UserRecord.decode(value))
        case .timers: return .timer(try timer(key, value))
        case .decisions: return .decision(try storedDecision(key, value))
        case .items: return .item(try reader.itemKey(), try ItemRecord.decode(value))
        case .outbox: return .outbox(OutboxEntry(message: try OutboxRecord.decode(value)))
        case .failed: return .failed(try DeadLetterRecord.decode(value))
        case .campaigns: return .campaign(try campaign(key, value))
        case .events: return .event(try event(key, value))
        case .tokens:
            var owner = ProtobufReader(value)
            return .token(try reader.tokenKey(), try owner.restAsText())
        case .tallies:
            let (number, tally) = try tally(key, value)
            return .tally(number, tally)
        }
    }

    private static func timer(
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws(ProtobufReader.Fault) -> Timer {
        var reader = ProtobufReader(key)
        var timer = try reader.timerKey()
        try TimerRecord.decode(value, into: &timer)
        return timer
    }

    private static func storedDecision(
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws(ProtobufReader.Fault) -> StoredDecision {
        var reader = ProtobufReader(key)
        return try DecisionRecord.decode(value, sequence: try reader.bigEndian64())
    }

    private static func event(
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws(ProtobufReader.Fault) -> StoredEvent {
        var reader = ProtobufReader(key)
        let receivedAt = Instant(sortable: try reader.bigEndian64())
        return try EventRecord.decode(value, receivedAt: receivedAt, sequence: try reader.bigEndian64())
    }

    private static func tally(
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws(ProtobufReader.Fault) -> (CampaignNumber, Tally) {
        var reader = ProtobufReader(key)
        return (try reader.bigEndian32(), try TallyRecord.decode(value))
    }

    private static func campaign(
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws(ProtobufReader.Fault) -> CampaignRecord {
        var reader = ProtobufReader(key)
        return try CampaignRecord.decode(value, try reader.campaignKey())
    }
}
