import Engine
import Foundation
import Storage
import StorageRocksDB
import Testing

/// What every store promises. The one on disk is closed and opened again before it is read.
struct StoreContractTests {
    enum Kind: CaseIterable {
        case memory, rocksDB
    }

    /// Runs `write` on a store, then `read` on the same one, opened again where that can be.
    static func with(
        _ kind: Kind,
        write: (any Store) throws -> Void,
        read: (any Store) throws -> Void
    ) throws {
        switch kind {
        case .memory:
            let store = InMemoryStore(identity: "memory")
            try write(store)
            try read(store)
        case .rocksDB:
            let folder = FileManager.default.temporaryDirectory.appending(path: "triggerd-store-\(UUID().uuidString)")
                .path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let store = try RocksDBStore(folder: folder)
            let identity = store.identity
            try write(store)
            store.close()
            let again = try RocksDBStore(folder: folder)
            defer { again.close() }
            #expect(again.identity == identity)
            try read(again)
        }
    }

    static func commit(_ store: any Store, _ fill: (inout Changes) -> Void) throws {
        var changes = Changes()
        fill(&changes)
        try store.commit(changes)
    }

    @Test("a user comes back as it was, an unknown one not at all, a deleted one no more", arguments: Kind.allCases)
    func users(kind: Kind) throws {
        var random = Seeded(state: 7)
        let states = (0..<200).map { _ in UserState.random(&random) }
        try Self.with(kind) { (store) throws in
            for (index, state) in states.enumerated() {
                try Self.commit(store) { $0.users = [("user-\(index)", state)] }
            }
            try Self.commit(store) { $0.deletedUsers = ["user-0"] }
        } read: { (store) throws in
            let found = try store.users((0..<201).map { "user-\($0)" }).map(\.record)
            #expect(found[0] == nil)
            #expect(found[200] == nil)
            for index in 1..<200 { #expect(found[index] == states[index]) }
            #expect(try store.user("user-5") == states[5])
        }
    }

    @Test(
        "timers come in the order of instant and send, after and through, and go when removed",
        arguments: Kind.allCases
    )
    func timers(kind: Kind) throws {
        let timers = [-5, 0, 3, 3, 1_000].enumerated().map { index, at in
            Timer(
                at: Instant(milliseconds: at),
                send: UInt64(9 - index),
                user: "u\(index)",
                campaign: 7,
                isRateLimited: index == 3
            )
        }
        let never = Timer(at: .never, send: 1, user: "n", campaign: 2)
        try Self.with(kind) { (store) throws in
            try Self.commit(store) { $0.timersAdded = timers.reversed() + [never] }
            try Self.commit(store) { $0.timersRemoved = [timers[1]] }
        } read: { (store) throws in
            let left = [timers[0], timers[3], timers[2], timers[4]]
            #expect(try store.timers(after: nil, through: Instant(milliseconds: 1_000), limit: 10) == left)
            #expect(try store.timers(after: nil, through: .never, limit: 10) == left + [never])
            #expect(try store.timers(after: left[1], through: Instant(milliseconds: 999), limit: 10) == [left[2]])
            #expect(try store.timers(after: nil, through: .never, limit: 2) == Array(left.prefix(2)))
            // What is beside the key comes back too.
            let read = try store.timers(after: nil, through: Instant(milliseconds: 1_000), limit: 10)
            #expect(read.map(\.isRateLimited) == left.map(\.isRateLimited))
            #expect(read.allSatisfy { $0.campaign == 7 })
        }
    }

    @Test("a push token tells its owner, byte by byte, until it has none", arguments: Kind.allCases)
    func tokenOwners(kind: Kind) throws {
        let (nfc, nfd): (Text, Text) = ("jos\u{e9}", "jose\u{301}")
        try Self.with(kind) { (store) throws in
            try Self.commit(store) { $0.tokenOwners = [(nfc, "a"), (nfd, "b"), ("gone", "c"), ("moved", "a")] }
            try Self.commit(store) { $0.tokenOwners = [("gone", nil), ("moved", "b")] }
        } read: { (store) throws in
            let owners = try store.tokenOwners([nfc, nfd, "gone", "moved", "other"]).map { stored -> UserID? in
                if case .record(let owner) = stored { owner } else { nil }
            }
            #expect(owners == ["a", "b", nil, "b", nil])
        }
    }

    @Test("a timer added and removed in one commit is gone", arguments: Kind.allCases)
    func addedAndRemoved(kind: Kind) throws {
        let timer = Timer(at: Instant(milliseconds: 5), send: 1, user: "u", campaign: 1)
        try Self.with(kind) { (store) throws in
            try Self.commit(store) {
                $0.timersAdded = [timer]
                $0.timersRemoved = [timer]
            }
        } read: { (store) throws in
            #expect(try store.timers(after: nil, through: .never, limit: 10).isEmpty)
        }
    }

    @Test(
        "decisions are found by sequence and listed newest first; the next sequence follows",
        arguments: Kind.allCases
    )
    func decisions(kind: Kind) throws {
        let stored = (1...50).map { number in
            StoredDecision(
                decision: Decision(
                    sequence: UInt64(number),
                    at: Instant(milliseconds: Int64(number)),
                    user: "u",
                    campaign: number % 2 == 0 ? "c" : nil,
                    channel: number % 3 == 0 ? "email" : nil,
                    code: Decision.Code.allCases[number % Decision.Code.allCases.count],
                    rule: "4.9",
                    why: ["n": .integer(Int64(number)), "list": ["a", 1.5, true]],
                    next: number % 5 == 0 ? Instant(milliseconds: 9) : nil,
                    send: UInt64(number / 2)
                ),
                previous: UInt64(number - 1)
            )
        }
        try Self.with(kind) { (store) throws in
            #expect(try store.nextSequence() == 0)
            try Self.commit(store) { $0.decisions = stored }
        } read: { (store) throws in
            #expect(try store.nextSequence() == 51)
            #expect(try store.decision(17) == stored[16])
            #expect(try store.decision(51) == nil)
            #expect(try store.decisions(before: nil, limit: 3) == stored.suffix(3).reversed())
            #expect(try store.decisions(before: 3, limit: 10) == stored.prefix(2).reversed())
        }
    }

    @Test("ids of items, per user", arguments: Kind.allCases)
    func items(kind: Kind) throws {
        let now = Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
        let receipt = ItemReceipt(content: (1, .max), receivedAt: now, firstDecision: 5, decisionCount: 2)
        try Self.with(kind) { (store) throws in
            try Self.commit(store) { $0.items = [(ItemID(user: "u", id: "e"), receipt)] }
        } read: { (store) throws in
            let found = try store.receipts([
                ItemID(user: "v", id: "e"), ItemID(user: "u", id: "e"), ItemID(user: "u", id: "f"),
                ItemID(user: "ue", id: ""),
            ])
            #expect(found.map(\.record) == [nil, receipt, nil, nil])
        }
    }

    @Test("the outbox and the campaigns", arguments: Kind.allCases)
    func outbox(kind: Kind) throws {
        let messages = [(1, "email"), (2, "email"), (3, "em"), (4, "email")].map { (number: UInt64, channel: String) in
            var message = OutboxMessage(
                number: number,
                key: "key-\(number)",
                user: "u",
                version: CampaignVersion(number: 3, version: 2),
                campaign: "cart",
                send: 9,
                channel: channel,
                addresses: ["x@example.com", "y@example.com"],
                fields: ["subject": "Grüße", "n": 1],
                claimedAt: Instant(milliseconds: 77),
                // Before 1970, and 1970 itself: each is an instant, and not the claim's.
                eventAt: Instant(milliseconds: number == 1 ? -5 : 0),
                leads: number == 1 ? [FieldLead(field: "url", bytes: 8), FieldLead(field: "n", bytes: 0)] : []
            )
            if number == 1 { message.addressesSince = [Instant(milliseconds: 0), Instant(milliseconds: 76)] }
            return message
        }
        var state = OutboxState()
        state.attempts = 3
        state.notBefore = Instant(milliseconds: 9_000)
        state.reason = "451 later"
        (state.isHandedOver, state.isWithdrawn) = (true, true)
        state.deadAddresses = ["y@example.com"]
        let letters = messages.prefix(3).map {
            DeadLetter(
                message: $0,
                failedAt: Instant(milliseconds: 8_000),
                code: .providerGaveUp,
                reason: "no",
                attempts: 7
            )
        }
        let head = CampaignHead(
            id: "cart",
            number: 3,
            version: 2,
            launchedAt: Instant(milliseconds: 1),
            appliedAt: Instant(milliseconds: 2),
            isStopped: true,
            stops: [Instant(milliseconds: 3)]
        )
        let records = [1, 2].map { CampaignRecord(head: head, version: $0, definition: [1, 2, UInt8($0)]) }
        try Self.with(kind) { (store) throws in
            try Self.commit(store) {
                $0.outboxAdded = messages
                $0.campaigns = records
            }
            try Self.commit(store) {
                $0.outboxStates = [(messages[0].place, state), (messages[1].place, state)]
            }
            try Self.commit(store) {
                $0.outboxRemoved = [messages[1].place]
                $0.outboxStatesRemoved = [messages[1].place]
            }
            try Self.commit(store) { $0.deadLettersAdded = letters }
            try Self.commit(store) { $0.deadLettersRemoved = [2] }
        } read: { (store) throws in
            let email = [OutboxEntry(message: messages[0], state: state), OutboxEntry(message: messages[3])]
            #expect(try store.outbox("email", after: 0, limit: 10) == email)
            #expect(try store.outbox("email", after: 0, limit: 1) == [email[0]])
            #expect(try store.outbox("email", after: 1, limit: 10) == [email[1]])
            #expect(try store.outbox("email", after: 4, limit: 10) == [])
            #expect(try store.outbox("em", after: 0, limit: 10) == [OutboxEntry(message: messages[2])])
            #expect(try store.outbox("e", after: 0, limit: 10) == [])
            #expect(try store.outboxEntry(messages[0].place) == email[0])
            #expect(try store.outboxEntry(messages[1].place) == nil)
            #expect(try store.outboxCounts() == ["email": 2, "em": 1])
            #expect(try store.deadLetters(after: 0, limit: 10) == [letters[0], letters[2]])
            #expect(try store.deadLetters(after: 1, limit: 10) == [letters[2]])
            #expect(try store.deadLetter(3) == letters[2])
            #expect(try store.deadLetter(2) == nil)
            var dumped: [OutboxEntry] = []
            try store.dump(.outbox) { record in
                if case .outbox(let entry) = record { dumped.append(entry) }
                return true
            }
            #expect(dumped == [OutboxEntry(message: messages[2])] + email)
            #expect(try store.campaigns().sorted { $0.version < $1.version } == records)
            var counts = Changes()
            counts.tallies = [7: Tally(), 8: Tally()]
            counts.tallies[8]?.takeSlot(at: Instant(milliseconds: 60_000))
            counts.tallies[8]?.places = 3
            counts.workspace = [1, 2]
            try store.commit(counts)
            #expect(try store.tallies() == counts.tallies)
            #expect(try store.workspace() == [1, 2])
        }
    }

    @Test("a folder is opened once; the second is told by whom")
    func locked() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "triggerd-store-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try RocksDBStore(folder: folder)
        defer { store.close() }
        #expect(throws: StoreError.locked(pid: getpid())) { try RocksDBStore(folder: folder) }
    }

    @Test("bytes that are no record are an error, never a crash", arguments: [1, 2, 3] as [UInt64])
    func garbled(seed: UInt64) throws {
        var random = Seeded(state: seed)
        for _ in 0..<3_000 {
            var writer = ProtobufWriter()
            UserRecord.encode(.random(&random), into: &writer)
            var bytes = Array(writer.bytes)
            if Bool.random(using: &random) {
                bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            } else if !bytes.isEmpty {
                for _ in 0..<4 {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                        in: 0 ... .max,
                        using: &random
                    )
                }
            }
            bytes.withUnsafeBytes { _ = try? UserRecord.decode($0) }
        }
    }
}

struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 33
    }
}

extension UserState {
    /// Any state at all.
    static func random(_ random: inout Seeded) -> UserState {
        func number(_ below: Int) -> Int { Int.random(in: 0..<below, using: &random) }
        func instant() -> Instant {
            Instant(milliseconds: Int64.random(in: -1_000_000...2_000_000_000_000, using: &random))
        }
        func value(_ depth: Int = 0) -> Value {
            switch number(depth > 2 ? 5 : 7) {
            case 0: .boolean(Bool.random(using: &random))
            case 1: .integer(Int64.random(in: .min ... .max, using: &random))
            case 2: .decimal(Double.random(in: -1e9...1e9, using: &random))
            case 3: .string("")
            case 4: .string(String(repeating: "é", count: number(40)))
            case 5: .array((0..<number(4)).map { _ in value(depth + 1) })
            default: .object(object(depth + 1))
            }
        }
        func object(_ depth: Int = 0) -> Object {
            Object((0..<number(5)).map { Object.Member("name-\($0)", value(depth)) })
        }
        func version() -> CampaignVersion {
            CampaignVersion(number: UInt32(number(1_000)), version: UInt32(number(9)))
        }
        func wait() -> Wait {
            var wait = Wait(
                send: UInt64.random(in: 0 ... .max, using: &random),
                version: version(),
                epoch: UInt32(number(3)),
                trigger: instant(),
                due: instant(),
                properties: object()
            )
            if Bool.random(using: &random) { wait.firstDue = instant() }
            if Bool.random(using: &random) { wait.firstTrigger = instant() }
            wait.isRateLimited = Bool.random(using: &random)
            wait.depth = UInt8(number(17))
            wait.chain = UInt64(number(3))
            return wait
        }
        var state = UserState()
        state.profile = object()
        state.pushTokensSince = (0..<number(4)).map { _ in instant() } + [Instant(milliseconds: 0)]
        state.nearMisses = (0..<number(3)).map { _ in
            NearMisses(
                campaign: UInt32(number(9)),
                count: Int64(number(999)),
                newest: (0..<number(4)).map { _ in
                    NearMiss(at: instant(), version: UInt32(number(3)), found: object())
                }
            )
        }
        state.receipts = (0..<number(3)).map { _ in
            Receipt(
                campaign: UInt32(number(9)),
                at: instant(),
                send: UInt64(number(99)),
                isCertain: Bool.random(using: &random)
            )
        }
        state.waits = (0..<number(4)).map { _ in wait() }
        state.queue = (0..<number(3)).map { _ in
            var entry = QueueEntry(
                wait: wait(),
                channel: "in_app",
                sequence: UInt64(number(999)),
                available: instant(),
                expires: .never,
                lease: Bool.random(using: &random) ? Lease(token: 7, ends: instant(), device: "phone") : nil
            )
            if Bool.random(using: &random) {
                entry.lease?.exception = LeaseException(
                    name: "purchase lamp",
                    time: instant(),
                    depth: UInt8(number(17)),
                    chain: UInt64(number(3)),
                    isTrigger: Bool.random(using: &random),
                    raises: Bool.random(using: &random)
                )
            }
            entry.heldUntil = Bool.random(using: &random) ? instant() : nil
            return entry
        }
        state.claims = (0..<number(3)).map { _ in
            let version = version()
            var claim = Claim(
                send: UInt64(number(99)),
                campaign: version.number,
                channel: "email",
                at: instant(),
                version: version,
                depth: UInt8(number(17)),
                chain: UInt64(number(3)),
                tookSlot: Bool.random(using: &random),
                number: UInt64(number(99))
            )
            claim.isWithdrawn = Bool.random(using: &random)
            claim.isReaddressed = Bool.random(using: &random)
            claim.withdrawnFor = claim.isWithdrawn ? .noPushToken : nil
            return claim
        }
        state.seenExceptions = (0..<number(3)).map { _ in
            SeenException(
                campaign: UInt32(number(9)),
                occurrence: UInt64.random(in: 0 ... .max, using: &random),
                time: instant(),
                same: Bool.random(using: &random) ? value() : nil
            )
        }
        state.lastSession = Bool.random(using: &random) ? instant() : nil
        state.lastShown = Bool.random(using: &random) ? instant() : nil
        state.lastDecision = UInt64(number(9_999))
        state.counts = (0..<number(3)).map { EventCount(event: "e\($0)", count: Int64(number(9)), last: instant()) }
        state.happened = (0..<number(3)).map { Happened(event: "e\($0)", at: instant()) }
        state.spent = (0..<number(3)).map { _ in
            Spent(
                currency: "EUR",
                amount: ExactDecimal("\(Int64.random(in: .min ... .max, using: &random))e\(number(40) - 20)")!,
                at: Bool.random(using: &random) ? instant() : nil
            )
        }
        state.engagements = (0..<number(3)).map { _ in instant() }
        if Bool.random(using: &random) { state.position = Position(latitude: -1.5, longitude: 0, at: instant()) }
        state.conversionWindows = (0..<number(3)).map { _ in
            var window = ConversionWindow(
                version: version(),
                send: UInt64(number(99)),
                channel: Bool.random(using: &random) ? "push" : nil,
                opened: instant(),
                credited: Array(0..<number(3))
            )
            window.isPending = Bool.random(using: &random)
            window.unrecorded = (0..<number(3)).map { place in
                Credit(
                    place: place,
                    event: UInt64(number(99)),
                    name: "purchase",
                    time: instant(),
                    receivedAt: instant(),
                    depth: UInt8(number(17)),
                    chain: UInt64(number(3)),
                    raises: Bool.random(using: &random)
                )
            }
            return window
        }
        state.counted = (0..<number(3)).map { CountedMessage(channel: "push", send: UInt64($0), at: instant()) }
        state.places = (0..<number(3)).map { Place(campaign: UInt32($0), send: UInt64(number(99))) }
        state.chains = (0..<number(3)).map { Chain(id: UInt64($0), campaign: UInt32(number(9)), starts: 2) }
        return state
    }
}
