import Engine
import Foundation
import Storage
import Testing

@testable import StorageRocksDB

/// Damage among several logs, of which each is still needed, beside what `committed` knows.
struct FolderCheckTests {
    /// A copy of a folder as `kill -9` leaves it, and one of `committed` from some commits before.
    private final class Left {
        let folder: String
        let users: Set<String>
        let logs: [String]
        let earlier: Data

        init() throws {
            let root = FileManager.default.temporaryDirectory.appending(path: "triggerd-logs-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
            folder = root + "/left"
            let store = try RocksDBStore(folder: root + "/data")
            var users: Set<String> = []
            var earlier = Data()
            for round in 0..<3 {
                for number in 0..<20 {
                    let user = "u-\(round)-\(number)"
                    users.insert(user)
                    try StoreContractTests.commit(store) { changes in
                        changes.users = [(Text(user), UserState())]
                        changes.timersAdded = [
                            Timer(at: Instant(milliseconds: 5), send: UInt64(number), user: Text(user), campaign: 1)
                        ]
                    }
                    if round == 0, number == 10 {
                        earlier = try Data(contentsOf: URL(fileURLWithPath: root + "/data/committed"))
                    }
                }
                // The timers go into a table, and a new log begins; the users' are still only in the old one.
                if round < 2 { try store.compact(.timers) }
            }
            try FileManager.default.copyItem(atPath: root + "/data", toPath: folder)
            store.close()
            (self.users, self.earlier) = (users, earlier)
            logs = StoreFiles(folder + "/rocksdb").logs.map(StoreFiles(folder + "/rocksdb").log)
        }

        deinit {
            try? FileManager.default.removeItem(atPath: (folder as NSString).deletingLastPathComponent)
        }

        /// Opens a copy that was changed, and gives how many users it lacks.
        func lacking(_ change: (_ folder: String) throws -> Void) throws -> Int {
            let copy = (folder as NSString).deletingLastPathComponent + "/\(UUID().uuidString)"
            try FileManager.default.copyItem(atPath: folder, toPath: copy)
            defer { try? FileManager.default.removeItem(atPath: copy) }
            try change(copy)
            let store = try RocksDBStore(folder: copy)
            defer { store.close() }
            let found = try store.users(users.map { Text($0) })
            return found.count { $0.record == nil }
        }

        func name(_ log: String) -> String { "/rocksdb/" + (log as NSString).lastPathComponent }
    }

    private static func edit(_ path: String, _ body: (inout Data) -> Void) throws {
        let url = URL(fileURLWithPath: path)
        var bytes = try Data(contentsOf: url)
        body(&bytes)
        try bytes.write(to: url)
    }

    @Test("a commit whose first twelve bytes are cut in two by a block's end is in its order like any other")
    func cutHead() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "triggerd-head-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try RocksDBStore(folder: folder)
        let log = try #require(StoreFiles(folder + "/rocksdb").logs.map(StoreFiles(folder + "/rocksdb").log).last)
        func size() throws -> Int { try Data(contentsOf: URL(fileURLWithPath: log)).count }
        /// Gives by how much the log has grown.
        func commit(_ bytes: Int) throws -> Int {
            let before = try size()
            try StoreContractTests.commit(store) { changes in
                changes.workspace = [UInt8](repeating: 1, count: bytes)
            }
            return try size() - before
        }
        let block = 32_768
        let beside = try commit(1_000) - 1_000
        for left in 8..<19 {  // A record's own head, and 1 to 11 bytes of what it holds.
            var room = try block - size() % block
            while room > 12_000 {
                _ = try commit(10_000)
                room = try block - size() % block
            }
            if room < 1_000 { _ = try commit(2_000) }
            while try block - size() % block > 12_000 { _ = try commit(10_000) }
            room = try block - size() % block
            _ = try commit(room - left - beside)
            try #require(try block - size() % block == left)
            _ = try commit(1_000)
            _ = try commit(1_000)
        }
        store.close()
        try RocksDBStore(folder: folder).close()
    }

    @Test("as it was left it opens, also with an older `committed`, or with none")
    func whole() throws {
        let left = try Left()
        #expect(left.logs.count == 3)
        #expect(try left.lacking { _ in } == 0)
        #expect(try left.lacking { try FileManager.default.removeItem(atPath: $0 + "/committed") } == 0)
        let earlier = left.earlier
        #expect(try left.lacking { try earlier.write(to: URL(fileURLWithPath: $0 + "/committed")) } == 0)
    }

    @Test("each log that is cut, changed or missing is noticed", arguments: [0, 1, 2])
    func damagedLog(index: Int) throws {
        let left = try Left()
        let name = left.name(left.logs[index])
        #expect(throws: StoreError.self) {
            try left.lacking { try FileManager.default.removeItem(atPath: $0 + name) }
        }
        for part in [0, 0.2, 0.5, 0.99] as [Double] {
            #expect(throws: StoreError.self, "cut at \(part)") {
                try left.lacking { folder in
                    try Self.edit(folder + name) { $0 = $0.prefix(Int(Double($0.count) * part)) }
                }
            }
            #expect(throws: StoreError.self, "flipped at \(part)") {
                try left.lacking { folder in
                    try Self.edit(folder + name) { $0[Int(Double($0.count) * part)] ^= 0x10 }
                }
            }
        }
    }

    @Test("after a power cut `committed` may be some seconds old: all but the last commits is noticed all the same")
    func olderCommitted() throws {
        let left = try Left()
        let earlier = left.earlier
        for log in left.logs {
            let name = left.name(log)
            let isLast = log == left.logs.last
            #expect(throws: StoreError.self, "\(name) flipped") {
                try left.lacking { folder in
                    try earlier.write(to: URL(fileURLWithPath: folder + "/committed"))
                    try Self.edit(folder + name) { $0[$0.count / 2] ^= 0x10 }
                }
            }
            func cut() throws -> Int {
                try left.lacking { folder in
                    try earlier.write(to: URL(fileURLWithPath: folder + "/committed"))
                    try Self.edit(folder + name) { $0 = $0.prefix($0.count / 2) }
                }
            }
            if isLast {
                // Nobody can tell it from the torn end of commits that had not returned.
                #expect(try cut() > 0)
            } else {
                #expect(throws: StoreError.self, "\(name) cut") { try cut() }
            }
        }
    }
}
