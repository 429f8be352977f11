import Engine
import Storage
import Testing

/// What is committed and not yet in tables, against a plain dictionary.
struct GenerationTests {
    private static func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("of each key the newest entry is found, in whichever generation, and walks show each key once, in order")
    func newest() throws {
        var random = Seeded(state: 3)
        var writer = LogRecordWriter(seal: 3)
        let memory = Generations(recentBytes: 0)
        var number: UInt64 = 1
        var owners: [String: String?] = [:]
        for round in 0..<6 {
            memory.append(Generation(capacity: 1 << 20, first: number))
            for _ in 0..<40 {
                var changes = Changes()
                for _ in 0..<5 {
                    let token = "token \(random.next() % 150)"
                    let owner: String? = random.next() % 4 == 0 ? nil : "owner \(number) \(round)"
                    changes.tokenOwners.append((Text(token), owner.map { Text($0) }))
                    owners[token] = .some(owner)
                }
                let bytes = writer.encode(changes, number: number, epoch: 1)
                memory.enter(bytes, try #require(LogRecord.read(bytes, seal: 3)))
                number += 1
            }
            Self.check(memory, owners)
        }
    }

    @Test("a key may be as long as a client's text, and what is deleted has no value")
    func longKeys() throws {
        var writer = LogRecordWriter(seal: 3)
        var changes = Changes()
        let token = Text(String(repeating: "t", count: 70_000))
        changes.tokenOwners = [(token, "owner"), ("short", nil)]
        let bytes = writer.encode(changes, number: 1, epoch: 1)
        let memory = Generations(recentBytes: 0)
        memory.append(Generation(capacity: 1 << 20, first: 1))
        memory.enter(bytes, try #require(LogRecord.read(bytes, seal: 3)))
        let owners: [String: String?] = [token.string: "owner", "short": nil]
        Self.check(memory, owners)
    }

    private static func check(_ memory: Generations, _ owners: [String: String?]) {
        var key = ProtobufWriter()
        for (token, owner) in owners {
            key.clear()
            key.tokenKey(Text(token))
            memory.reading { reader in
                let entry = reader.find(.tokens, key.bytes)
                #expect(entry != nil)
                #expect(entry?.value.map(text) == owner)
            }
        }
        key.clear()
        key.tokenKey("never")
        #expect(memory.reading { $0.find(.tokens, key.bytes) == nil })
        for newestFirst in [false, true] {
            var walk = memory.reading { $0.walk(.tokens, KeyRange(), newestFirst: newestFirst) }
            var seen: [[UInt8]] = []
            while let entry = walk.current {
                seen.append(Array(entry.key))
                #expect(entry.value.map(text) == owners[text(UnsafeRawBufferPointer(rebasing: entry.key[8...]))]!)
                walk.advance()
            }
            #expect(seen.count == owners.count)
            let sorted = seen.sorted { $0.lexicographicallyPrecedes($1) }
            #expect(seen == (newestFirst ? sorted.reversed() : sorted))
            let (low, high) = (sorted[0], sorted[sorted.count - 1])
            var part = memory.reading {
                $0.walk(.tokens, KeyRange(lower: low + [0], upper: high), newestFirst: newestFirst)
            }
            var count = 0
            while part.current != nil {
                count += 1
                part.advance()
            }
            #expect(count == owners.count - 2)
        }
    }
}
