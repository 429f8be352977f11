import Testing

@testable import Storage

/// Records that are kept when their generation leaves, against a plain dictionary.
struct RecentRecordsTests {
    @Test("what is found is what was written last, and what was deleted or has left is not found", arguments: 1...4)
    func newest(seed: UInt64) {
        var random = Seeded(state: seed)
        // Sizes that fit their old room, outgrow it, and are too large.
        var recent = RecentRecords(capacity: 40_000)
        var written: [String: [UInt8]] = [:]
        var found = 0
        for round in 0..<30_000 {
            let key = "user \(random.next() % 400)"
            if random.next() % 10 == 0 {
                written[key] = nil
                set(&recent, key, nil)
            } else {
                let bytes = Int(random.next() % (random.next() % 8 == 0 ? 200 : 60))
                let value = (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ round) }
                written[key] = value
                set(&recent, key, value)
            }
            let asked = "user \(random.next() % 400)"
            if let value = get(recent, asked) {
                found += 1
                #expect(value == written[asked], "\(asked) in round \(round)")
            }
            // What was written just now is there, if it is not too large.
            if let value = written[key], value.count + key.utf8.count + 16 <= 128 { #expect(get(recent, key) == value) }
        }
        #expect(found > 5_000)
        #expect(recent.count > 100)
    }

    @Test("what is written again in its old room takes no other's")
    func oldRoom() {
        var recent = RecentRecords(capacity: 32 * 256)
        for user in 0..<100 { set(&recent, "\(user)", [1, 2, 3]) }
        for round in 0..<10_000 { set(&recent, "7", [UInt8(truncatingIfNeeded: round)]) }
        #expect(get(recent, "0") == [1, 2, 3])
        #expect(recent.count == 100)
    }

    @Test("those that were written longest ago make room")
    func oldestLeave() {
        var recent = RecentRecords(capacity: 32 * 256)
        for user in 0..<1_000 { set(&recent, "\(user)", [UInt8(truncatingIfNeeded: user)]) }
        #expect(recent.count == 256)
        #expect(get(recent, "743") == nil)
        #expect(get(recent, "744") == [232])
        #expect(get(recent, "999") == [231])
    }

    @Test("where nothing is to be kept, nothing is")
    func none() {
        var recent = RecentRecords(capacity: 0)
        set(&recent, "a", [1])
        #expect(get(recent, "a") == nil)
    }

    /// Few hashes, so that keys meet in the table.
    private func hash(_ key: String) -> UInt64 {
        let last = key.utf8.last.map { UInt64($0) } ?? 0
        return last % 3 == 0 ? last << 32 : UInt64(key.utf8.reduce(5_381) { $0 &* 33 &+ UInt32($1) }) << 32
    }

    private func set(_ recent: inout RecentRecords, _ key: String, _ value: [UInt8]?) {
        Array(key.utf8).withUnsafeBytes { key in
            if let value {
                value.withUnsafeBytes { recent.set(key, $0, hash: hash(String(decoding: key, as: UTF8.self))) }
            } else {
                recent.set(key, nil, hash: hash(String(decoding: key, as: UTF8.self)))
            }
        }
    }

    private func get(_ recent: borrowing RecentRecords, _ key: String) -> [UInt8]? {
        Array(key.utf8).withUnsafeBytes { recent.find($0, hash: hash(key)).map { Array($0) } }
    }
}
