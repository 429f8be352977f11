import Engine
import Storage

/// The log on the simulated disk, and the view that follows it as far as chance lets it. Records, generations and
/// recovery are the real ones; files, tables and the thread that writes them are not.
final class SimulatedLog {
    private var disk = Disk()
    private var chance: Chance
    private let canary: Canary?
    private var writer: LogRecordWriter
    private var key = ProtobufWriter(capacity: 128)
    private let seal: UInt32
    private var memory: Generations
    /// What memory keeps of users.
    private let recentBytes: Int
    /// The last is written to; those before it wait for the view.
    private var stretches: [(file: Int, generation: Generation)] = []
    private var idle: [Int] = []
    /// Of the commit that comes next.
    private(set) var next: UInt64 = 1
    private var epoch: UInt32 = 1
    /// What the tables say, by family, and how far they are.
    private var tables = [[[UInt8]: [UInt8]]](repeating: [:], count: Family.allCases.count)
    private var view: ViewRecord
    /// Families of the oldest generation that are in tables already.
    private var ingested = 0
    /// The view follows no more until there is room again.
    private var isStuck = false
    /// What the file of that name says: one more than the number of the last commit that returned.
    private var committed: UInt64 = 1
    private(set) var bytes = 0

    init(_ canary: Canary?, _ chance: Chance) {
        (self.canary, self.chance) = (canary, chance)
        seal = UInt32(truncatingIfNeeded: self.chance.word())
        recentBytes = self.chance.one([0, 16 << 10, 64 << 10, 1 << 20])
        memory = Generations(recentBytes: recentBytes)
        writer = LogRecordWriter(seal: seal)
        view = ViewRecord(next: 1, epoch: 1, seal: seal)
        for _ in 0..<3 { idle.append(disk.make(Self.capacity)) }
        begin(idle.removeFirst())
    }

    private static let capacity = 16 * LogRecord.alignment

    func setStuck(_ isStuck: Bool) { self.isStuck = isStuck }

    // MARK: Committing

    /// It is written, and not flushed. False: no file is free.
    func write(_ changes: Changes) -> Bool {
        follow()
        let (capacity, number, epoch) = (capacity, next, epoch)
        let record = writer.encode(changes, number: number, epoch: epoch)
        let used = stretches[stretches.count - 1].generation.used
        if used + record.count > capacity {
            guard turn(room: record.count) else { return false }
        }
        let last = stretches[stretches.count - 1]
        disk.write(record, to: last.file, at: last.generation.used)
        return true
    }

    /// What was written becomes durable, and readers see it. Gives its entries as changes.
    func flush(_ changes: Changes) throws -> Changes {
        if canary != .unflushed { disk.flush() }
        let record = writer.encode(changes, number: next, epoch: epoch)
        guard let head = LogRecord.read(record, seal: seal) else { throw Violation("commit \(next) does not read") }
        memory.enter(record, head)
        bytes += record.count
        next += 1
        committed = next
        return try CommitCoding.decode(record, head)
    }

    func cutShort() {
        disk.cutShort(&chance)
        let last = stretches[stretches.count - 1]
        let zeros = [UInt8](repeating: 0, count: LogRecord.alignment)
        zeros.withUnsafeBytes { disk.write($0, to: last.file, at: last.generation.used) }
        disk.flush()
    }

    private var capacity: Int { stretches[stretches.count - 1].generation.capacity }

    private func turn(room: Int) -> Bool {
        if stretches.count > 1, canary == .reusedFile { idle.insert(stretches.removeFirst().file, at: 0) }
        while idle.isEmpty {
            guard !isStuck else { return false }
            ingest()
        }
        let large = max(room, Self.capacity)
        if let index = idle.firstIndex(where: { disk.files[$0].count >= large }) {
            begin(idle.remove(at: index))
        } else {
            disk.remove(idle.removeFirst())
            begin(disk.make(large))
        }
        return true
    }

    private func begin(_ file: Int) {
        let generation = Generation(capacity: disk.files[file].count, first: next)
        memory.append(generation)
        stretches.append((file, generation))
    }

    // MARK: The view

    private func follow() {
        guard !isStuck else { return }
        for _ in 0..<chance.one([0, 0, 1, 3, 40]) where stretches.count > 1 { ingest() }
    }

    /// One more family of the oldest generation.
    private func ingest() {
        let generation = stretches[0].generation
        let families = Family.allCases.filter { $0 != .meta } + [.meta]
        let family = families[ingested]
        let entries = generation.sorted(family)
        for index in 0..<entries.count {
            let entry = entries.entry(index, of: generation)
            tables[family.index][Array(entry.key)] = entry.value.map { Array($0) }
        }
        ingested += 1
        if family == .meta || canary == .earlyView {
            view = ViewRecord(next: generation.next, epoch: epoch, seal: seal)
        }
        guard ingested == families.count else { return }
        ingested = 0
        memory.remove(generation)
        idle.append(stretches.removeFirst().file)
    }

    // MARK: Crashes

    func crash() throws {
        disk.crash(&chance)
        try recovered { files, recovery in
            try checkDamageIsSeen(files, recovery)
        }
        epoch += 1
        view.epoch = epoch
        isStuck = false
    }

    private func recovered(_ check: ([UnsafeMutableRawBufferPointer], LogRecovery) throws -> Void) throws {
        let files = disk.files.map { file in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: file.count, alignment: 16)
            copy.copyBytes(from: file)
            return copy
        }
        defer { for file in files { file.deallocate() } }
        let recovery: LogRecovery
        do throws(LogRecovery.Damage) {
            let contents = files.map { UnsafeRawBufferPointer($0) }
            recovery = try LogRecovery(files: contents, view: view, committed: committed)
        } catch {
            throw Violation("a crash is taken for damage: \(error); next \(next), view \(view)")
        }
        memory = Generations(recentBytes: recentBytes)
        (stretches, idle, ingested) = ([], files.indices.filter { !files[$0].isEmpty }, 0)
        for index in recovery.order {
            let run = recovery.runs[index]
            let generation = Generation(capacity: files[index].count, first: run.first)
            for range in run.records {
                let record = UnsafeRawBufferPointer(rebasing: files[index][range])
                guard let head = LogRecord.read(record, seal: seal) else {
                    throw Violation("a record that was found is none")
                }
                generation.enter(record, head)
            }
            memory.append(generation)
            stretches.append((index, generation))
            idle.removeAll { $0 == index }
        }
        try check(files, recovery)
        // Where the last commit is known to be on disk, it may be that its number was not written yet.
        (next, committed) = (recovery.next, recovery.next)
        while stretches.count + idle.count < 3 { idle.append(disk.make(Self.capacity)) }
        if stretches.isEmpty { begin(idle.removeFirst()) }
    }

    /// A bit that is flipped in what the view lacks, or a file that is gone, is told.
    private func checkDamageIsSeen(_ files: [UnsafeMutableRawBufferPointer], _ recovery: LogRecovery) throws {
        var chance = chance
        guard chance.happens(200), !recovery.order.isEmpty else { return }  // Seldom enough to cost nothing.
        let index = chance.one(recovery.order)
        let start = chance.one(recovery.runs[index].records).lowerBound
        let record = UnsafeRawBufferPointer(rebasing: files[index][start...])
        guard let head = LogRecord.read(record, seal: seal) else { throw Violation("a record that was found is none") }
        var harmed = files.map { UnsafeRawBufferPointer($0) }
        let what: String
        let (place, bit) = (start + chance.number(head.bytes), UInt8(1) << UInt8(chance.number(8)))
        if chance.happens(700) {
            files[index][place] ^= bit
            what = "bit \(bit) of byte \(place) of file \(index) is another"
        } else {
            harmed.remove(at: index)
            what = "file \(index) is gone"
        }
        do throws(LogRecovery.Damage) {
            _ = try LogRecovery(files: harmed, view: view, committed: recovery.next)
        } catch {
            return  // It was noticed.
        }
        throw Violation("\(what), and nobody noticed")
    }

    // MARK: Reading

    /// The newest record of a user, wherever it stands.
    func user(_ id: UserID) -> Stored<UserState> {
        key.clear()
        key.userKey(id)
        func decoded(_ value: UnsafeRawBufferPointer) -> Stored<UserState> {
            do throws(ProtobufReader.Fault) {
                return .record(try UserRecord.decode(value))
            } catch {
                return .damaged("user \(id): \(error)")
            }
        }
        let newer = memory.reading { reader in
            reader.find(.users, key.bytes).map { $0.value.map(decoded) ?? .nothing }
        }
        return newer ?? tables[Family.users.index][Array(key.bytes)].map { $0.withUnsafeBytes(decoded) } ?? .nothing
    }

    /// All that tables and memory say together, in the order of families and keys.
    func all() throws -> Changes {
        var changes = Changes()
        for family in Family.allCases {
            var records = tables[family.index]
            var walk = memory.reading { $0.walk(family, KeyRange(), newestFirst: false) }
            while let entry = walk.current {
                records[Array(entry.key)] = entry.value.map { Array($0) }
                walk.advance()
            }
            for (key, value) in records.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                try key.withUnsafeBytes { key in
                    try value.withUnsafeBytes { try CommitCoding.add(family, key, $0, to: &changes) }
                }
            }
        }
        return changes
    }
}
