import Engine
import Foundation
import Storage
import Testing

@testable import StorageRocksDB

/// What is kept of a user who is forgotten.
struct ErasureTests {
    private static let secret = "u-\(UUID().uuidString)"

    private static func event(_ user: UserID, _ at: Int64, _ sequence: UInt64) -> StoredEvent {
        StoredEvent(
            receivedAt: Instant(milliseconds: at),
            sequence: sequence,
            user: user,
            time: nil,
            set: ["email": .string("\(user)@example.com")],
            type: "custom_event",
            subject: "e",
            properties: Object()
        )
    }

    private static func fill(_ changes: inout Changes, _ user: UserID, _ at: Int64, _ number: UInt64) {
        var state = UserState()
        state.profile = ["email": .string("\(user)@example.com")]
        state.lastDecision = number
        changes.users.append((user, state))
        changes.events.append(event(user, at, number))
        changes.items.append(
            (
                ItemID(user: user, id: "\(user)-item-\(number)"),
                ItemReceipt(
                    content: (1, 2),
                    receivedAt: Instant(milliseconds: at),
                    firstDecision: number,
                    decisionCount: 1
                )
            )
        )
        let decision = Decision(
            sequence: number,
            at: Instant(milliseconds: at),
            user: user,
            campaign: "c",
            code: .scheduled,
            rule: "1",
            why: ["cart": .string("of \(user)")]
        )
        changes.decisions.append(StoredDecision(decision: decision, previous: 0))
        let message = OutboxMessage(
            number: number,
            key: "k",
            user: user,
            version: CampaignVersion(number: 1, version: 1),
            campaign: "c",
            send: number,
            channel: "email",
            addresses: ["\(user)@example.com"],
            fields: Object(),
            claimedAt: Instant(milliseconds: at)
        )
        changes.deadLettersAdded.append(
            DeadLetter(
                message: message,
                failedAt: Instant(milliseconds: at),
                code: .providerRejected,
                reason: "",
                attempts: 1
            )
        )
    }

    /// Who is told of, by kind of record.
    private static func shown(_ store: any Store) throws -> [String: Set<String>] {
        var shown: [String: Set<String>] = [:]
        for kind in Family.ofRecords {
            try store.dump(kind) { record in
                switch record {
                case .user(let user, _): shown["users", default: []].insert(user.string)
                case .decision(let stored): shown["decisions", default: []].insert(stored.decision.user.string)
                case .item(let id, _): shown["items", default: []].insert(id.user.string)
                case .failed(let letter): shown["failed", default: []].insert(letter.message.user.string)
                case .event(let event): shown["events", default: []].insert(event.user.string)
                case .timer, .outbox, .campaign, .tally, .token: break
                }
                return true
            }
        }
        return shown
    }

    private static let now = Int64(Date().timeIntervalSince1970 * 1_000)

    @Test(
        "once forgotten, nothing of a user is shown that was kept before; whoever comes back under the id is new",
        arguments: StoreContractTests.Kind.allCases
    )
    func hidden(kind: StoreContractTests.Kind) throws {
        let user = Text(Self.secret)
        try StoreContractTests.with(kind) { (store) throws in
            try StoreContractTests.commit(store) { changes in
                Self.fill(&changes, user, Self.now, 10)
                Self.fill(&changes, "other", Self.now, 11)
            }
            try StoreContractTests.commit(store) { changes in
                changes.deletedUsers = [user]
                changes.erasures = [
                    (user, Erasure(at: Instant(milliseconds: Self.now), eventsBefore: 20, numbersBefore: 20))
                ]
            }
            try StoreContractTests.commit(store) { Self.fill(&$0, "third", Self.now, 21) }
        } read: { (store) throws in
            let kinds = ["users", "decisions", "items", "failed", "events"]
            for (kind, users) in try Self.shown(store) { #expect(users == ["other", "third"], "\(kind)") }
            #expect(try Self.shown(store).count == kinds.count)
            #expect(try store.decision(10) == nil && store.deadLetter(10) == nil)
            #expect(try store.decisions(before: nil, limit: 9).map(\.decision.sequence) == [21, 11])
            #expect(try store.deadLetters(after: 0, limit: 9).map(\.message.number) == [11, 21])
            #expect(try store.receipts([ItemID(user: user, id: "\(user)-item-10")])[0].record == nil)
            var seen = 0
            try store.events(since: Instant(milliseconds: 0)) { event in
                #expect(event.user != user)
                seen += 1
                return true
            }
            #expect(seen == 2)
            // The same id again: what comes now is shown.
            try StoreContractTests.commit(store) { Self.fill(&$0, user, Self.now, 30) }
            for (kind, users) in try Self.shown(store) { #expect(users.contains(user.string), "\(kind)") }
            #expect(try store.decision(30) != nil && store.decision(10) == nil)
        }
    }

    @Test("taken from the disk, no file holds a byte of theirs, and others are as they were")
    func erased() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "triggerd-erase-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let user = Text(Self.secret)
        // In tables of an earlier run, and in the log of this one.
        let first = try RocksDBStore(folder: folder)
        try StoreContractTests.commit(first) { Self.fill(&$0, user, Self.now, 10) }
        first.close()
        let store = try RocksDBStore(folder: folder)
        try StoreContractTests.commit(store) { changes in
            Self.fill(&changes, user, Self.now, 12)
            Self.fill(&changes, "other", Self.now, 13)
        }
        #expect(try Self.files(folder, holding: Self.secret) > 0)
        try StoreContractTests.commit(store) { changes in
            changes.deletedUsers = [user]
            changes.deadLettersRemoved = [10, 12]
            changes.erasures = [
                (user, Erasure(at: Instant(milliseconds: Self.now), eventsBefore: 20, numbersBefore: 20))
            ]
        }
        #expect(store.oldestErasure == Instant(milliseconds: Self.now))
        try store.endErasures(try store.erase())
        #expect(store.oldestErasure == nil)
        #expect(try Self.files(folder, holding: Self.secret) == 0)
        for (kind, users) in try Self.shown(store) { #expect(users == ["other"], "\(kind)") }
        try StoreContractTests.commit(store) { Self.fill(&$0, "later", Self.now, 40) }
        store.close()
        let again = try RocksDBStore(folder: folder)
        defer { again.close() }
        for (kind, users) in try Self.shown(again) { #expect(users == ["other", "later"], "\(kind)") }
        #expect(try Self.files(folder, holding: Self.secret) == 0)
    }

    @Test(
        "a rewriting that was stopped, or that met damage, forgets nobody who is still on disk",
        arguments: [false, true]
    )
    func interrupted(isDamaged: Bool) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "triggerd-erase-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let user = Text(Self.secret)
        let first = try RocksDBStore(folder: folder)
        for number in 10..<400 as Range<UInt64> {
            try StoreContractTests.commit(first) {
                Self.fill(&$0, number == 200 ? user : "u\(number)", Self.now, number)
            }
        }
        try first.compact(.events)
        first.close()
        if isDamaged {
            let tables = try FileManager.default.contentsOfDirectory(atPath: folder + "/rocksdb")
                .filter { $0.hasSuffix(".sst") }.map { URL(fileURLWithPath: folder + "/rocksdb/" + $0) }
            let largest = try #require(try tables.max { try Data(contentsOf: $0).count < Data(contentsOf: $1).count })
            var bytes = try Data(contentsOf: largest)
            bytes[1_000] ^= 4
            try bytes.write(to: largest)
        }
        let store = try RocksDBStore(folder: folder)
        defer { store.close() }
        try StoreContractTests.commit(store) { changes in
            changes.deletedUsers = [user]
            changes.erasures = [
                (user, Erasure(at: Instant(milliseconds: Self.now + 1), eventsBefore: 500, numbersBefore: 500))
            ]
        }
        let begun = DispatchSemaphore(value: 0)
        let stopper = Thread {
            begun.signal()
            while !Thread.current.isCancelled { store.stopErasing() }
        }
        if !isDamaged {
            stopper.start()
            begun.wait()
        }
        #expect(throws: StoreError.self) { _ = try store.erase() }
        stopper.cancel()
        #expect(store.oldestErasure != nil)
        #expect(try Self.shown(store)["events"]?.contains(Self.secret) == false)
    }

    /// Tables of so few records are hardly packed: what stands in them stands there as it is, or as a part of it.
    private static func files(_ folder: String, holding text: String) throws -> Int {
        var count = 0
        let part = Data(text.suffix(12).utf8)
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)) else { continue }
            if bytes.range(of: part) != nil { count += 1 }
        }
        return count
    }
}
