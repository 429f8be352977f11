import Engine
import Foundation
import Storage
import Testing

@testable import StorageRocksDB

/// Damage in a folder that `kill -9` left, beside what `committed` knows.
struct FolderCheckTests {
    /// A copy of a folder as `kill -9` leaves it, and one of `committed` from some commits before.
    private final class Left {
        let folder: String
        let users: Set<String>
        let log = "/log/1"
        let earlier: Data

        init() throws {
            let root = FileManager.default.temporaryDirectory.appending(path: "triggerd-logs-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
            folder = root + "/left"
            let store = try RocksDBStore(folder: root + "/data")
            var users: Set<String> = []
            var earlier = Data()
            for number in 0..<60 {
                let user = "u-\(number)"
                users.insert(user)
                try StoreContractTests.commit(store) { changes in
                    changes.users = [(Text(user), UserState())]
                    changes.timersAdded = [
                        Timer(at: Instant(milliseconds: 5), send: UInt64(number), user: Text(user), campaign: 1)
                    ]
                }
                if number == 10 { earlier = try Data(contentsOf: URL(fileURLWithPath: root + "/data/committed")) }
            }
            try FileManager.default.copyItem(atPath: root + "/data", toPath: folder)
            store.close()
            (self.users, self.earlier) = (users, earlier)
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
    }

    private static func edit(_ path: String, _ body: (inout Data) -> Void) throws {
        let url = URL(fileURLWithPath: path)
        var bytes = try Data(contentsOf: url)
        body(&bytes)
        try bytes.write(to: url)
    }

    @Test("as it was left it opens, also with an older `committed`, or with none")
    func whole() throws {
        let left = try Left()
        #expect(try left.lacking { _ in } == 0)
        #expect(try left.lacking { try FileManager.default.removeItem(atPath: $0 + "/committed") } == 0)
        let earlier = left.earlier
        #expect(try left.lacking { try earlier.write(to: URL(fileURLWithPath: $0 + "/committed")) } == 0)
    }

    @Test("a log that is cut, changed or missing is noticed, and the error says what to do")
    func damagedLog() throws {
        let left = try Left()
        let log = left.log
        func refusal(_ change: (_ folder: String) throws -> Void) throws -> String {
            var said = ""
            do {
                let lacking = try left.lacking(change)
                Issue.record("opened, \(lacking) users lacking")
            } catch let error as StoreError {
                said = "\(error)"
            }
            return said
        }
        #expect(try refusal { try FileManager.default.removeItem(atPath: $0 + log) }.contains("rm "))
        for commit in [0, 1, 30, 59] {
            let at = commit * 4_096
            #expect(try refusal { try Self.edit($0 + log) { $0 = $0.prefix(at + 40) } }.contains("committed"))
            let flipped = try refusal { try Self.edit($0 + log) { $0[at + 33] ^= 0x10 } }
            #expect(flipped.contains(commit == 59 ? "lacks the last 1 commits" : "truncate -s \(at) "), "\(flipped)")
        }
    }

    @Test("after a power cut `committed` may be some seconds old: all but the last commits is noticed all the same")
    func olderCommitted() throws {
        let left = try Left()
        let (log, earlier) = (left.log, left.earlier)
        #expect(throws: StoreError.self, "flipped") {
            try left.lacking { folder in
                try earlier.write(to: URL(fileURLWithPath: folder + "/committed"))
                try Self.edit(folder + log) { $0[30 * 4_096 + 33] ^= 0x10 }
            }
        }
        // Nobody can tell it from the torn end of a commit that had not returned.
        let lacking = try left.lacking { folder in
            try earlier.write(to: URL(fileURLWithPath: folder + "/committed"))
            try Self.edit(folder + log) { $0 = $0.prefix(30 * 4_096 + 33) }
        }
        #expect(lacking == 30)
    }

    @Test("what the error says to do works: all but what was damaged is there")
    func cure() throws {
        let left = try Left()
        let log = left.log
        let lacking = try left.lacking { folder in
            try Self.edit(folder + log) { $0[40 * 4_096 + 33] ^= 0x10 }
            try Self.edit(folder + log) { $0 = $0.prefix(40 * 4_096) }
            try FileManager.default.removeItem(atPath: folder + "/committed")
        }
        #expect(lacking == 20)
    }
}
