import Engine
import Foundation
import Storage
import StorageRocksDB
import Testing

/// Folders that are opened beside a daemon, or with other files than it left.
struct OpeningTests {
    private static func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "triggerd-opening-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private static func decision(_ sequence: UInt64) -> StoredDecision {
        StoredDecision(
            decision: Decision(
                sequence: sequence,
                at: Instant(milliseconds: 1_000),
                user: "u",
                campaign: "c",
                code: .scheduled,
                rule: "1"
            ),
            previous: 0
        )
    }

    @Test("a reader finds what stands in tables that the daemon has rewritten since")
    func rewrittenTables() throws {
        try Self.inFolder { folder in
            let store = try RocksDBStore(folder: folder)
            defer { store.close() }
            let count: UInt64 = 40
            for sequence in 1...count {
                try StoreContractTests.commit(store) { $0.decisions = [Self.decision(sequence)] }
                try store.compact(.tallies)  // A table of decisions each.
            }
            let reader = try RocksDBStore(reading: folder)
            defer { reader.close() }
            try store.compact(.decisions)
            let found = try reader.decisions(before: nil, limit: 100).map(\.decision.sequence)
            #expect(found == (1...count).reversed())
        }
    }

    @Test("files of the log that nobody needs do not stay for ever")
    func filesLeftOver() throws {
        try Self.inFolder { folder in
            let log = folder + "/log"
            try RocksDBStore(folder: folder).close()
            for name in ["71", "72", "73"] {
                try FileManager.default.copyItem(atPath: log + "/3", toPath: log + "/" + name)
            }
            let store = try RocksDBStore(folder: folder)
            defer { store.close() }
            #expect(try FileManager.default.contentsOfDirectory(atPath: log).count == 3)
        }
    }

    @Test("two files with the same commits are refused, and both readings are not mixed")
    func sameCommits() throws {
        try Self.inFolder { folder in
            let store = try RocksDBStore(folder: folder)
            try StoreContractTests.commit(store) { $0.decisions = [Self.decision(1)] }
            store.close()
            try FileManager.default.copyItem(atPath: folder + "/log/1", toPath: folder + "/log/9")
            let error = #expect(throws: StoreError.self) { try RocksDBStore(folder: folder) }
            #expect("\(error!)".contains("begins with commit 1, which another file has as well"))
        }
    }
}
