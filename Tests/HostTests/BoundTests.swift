import Engine
import Schema
import Testing

@testable import Core
@testable import Host

/// What bounds requests, queues and replies.
struct BoundTests {
    // MARK: Decoding

    private static func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
        var (length, size) = (bytes.count, [UInt8]())
        while length >= 128 {
            size.append(UInt8(length & 127) | 128)
            length >>= 7
        }
        return [UInt8(number << 3 | 2)] + size + [UInt8(length)] + bytes
    }

    private static func item(_ payload: [UInt8]) throws -> Item {
        try payload.withUnsafeBytes { bytes in
            try Arena.use { arena in
                try Item(
                    arena.unpack(Triggerd__V1__Item.self, schema_item(), bytes, mostFields: ItemLimits.fields)
                )
            }
        }
    }

    /// A custom event with properties, each an entry of its map.
    private static func event(_ properties: [[UInt8]]) -> [UInt8] {
        field(1, [0x75]) + field(5, field(1, [0x65]) + properties.flatMap { field(2, $0) })
    }

    @Test("whatever is within the limits of an item decodes, however small its parts are")
    func withinLimits() throws {
        // 1,000 properties with the shortest names, and lists of nothing in one of them.
        let names = (0..<ItemLimits.properties).map { Array(String($0, radix: 36).utf8) }
        var properties = names.map { Self.field(1, $0) + Self.field(2, []) }
        let nothing = (0..<(ItemLimits.values - ItemLimits.properties)).flatMap { _ in Self.field(1, []) }
        properties[0] = Self.field(1, names[0]) + Self.field(2, Self.field(5, nothing))
        let item = try Self.item(Self.event(properties))
        #expect(item.occurred?.properties.members.count == ItemLimits.properties)
        #expect(ObjectSize(item.occurred?.properties ?? Object()).values == ItemLimits.values)
        properties[1] = Self.field(1, names[1]) + Self.field(2, Self.field(5, Self.field(1, [])))
        #expect(throws: ItemProblem.self) { try Self.item(Self.event(properties)) }
    }

    @Test("a small payload that would take much more is refused at once")
    func amplified() {
        // Two million empty elements; a message within a message merged with itself again and again.
        let elements = [UInt8](repeating: 0, count: 4 << 20).enumerated().map { $0.offset % 2 == 0 ? UInt8(0x0a) : 0 }
        let merged = (0..<200_000).flatMap { _ in Self.field(5, Self.field(2, [])) }
        let clock = ContinuousClock()
        let took = clock.measure {
            for payload in [Self.event([Self.field(2, Self.field(5, elements))]), merged] {
                #expect(throws: PayloadError.self) { try Self.item(payload) }
            }
        }
        #expect(took < .seconds(5))
    }

    // MARK: Profiles

    @Test("a profile grows to its limit and not past it; what is replaced or removed does not count")
    func profiles() {
        let full = Object((0..<ItemLimits.profileAttributes).map { Object.Member("a\($0)", 1) })
        var checks = ProfileChecks()
        func set(_ object: Object, of user: UserID, _ known: Object? = nil, isHistory: Bool = false) -> String? {
            checks.problem(setting: object, isHistory: isHistory, of: user) { known }
        }
        #expect(set(["a1": 2, "a2": 3], of: "u", full) == nil)
        #expect(set(["b": 1], of: "u")?.contains("past 1000 attributes") == true)
        #expect(set(["a1": .null], of: "x", full) == nil)
        #expect(set(["b": 1], of: "x") == nil)
        #expect(set(["c": 1], of: "x") != nil)
        let text = Value.string(String(repeating: "x", count: ItemLimits.profileBytes / 2))
        #expect(set(["t": text], of: "v") == nil)
        #expect(set(["t": text], of: "v") == nil)
        #expect(set(["s": text], of: "v")?.contains("bytes") == true)
        // One that is larger already may become smaller.
        let old = Object([Object.Member("t", .string(String(repeating: "x", count: 4 << 20)))])
        #expect(set(["t": "y"], of: "w", old) == nil)
        // What the profile has stays where history would set it, larger or smaller (14).
        let half = Object([Object.Member("t", text)])
        #expect(set(["t": "y"], of: "h", half, isHistory: true) == nil)
        #expect(set(["s": text], of: "h") != nil)
        let small: Object = ["t": "y"]
        #expect(set(["t": text], of: "i", small, isHistory: true) == nil)
        #expect(set(["r": text], of: "i", isHistory: true) == nil)
        #expect(set(["r": .null], of: "i", isHistory: true) == nil)
        #expect(set(["s": text], of: "i") != nil)
    }

    // MARK: Users

    @Test("users are kept by what they take in memory: one who takes much pushes out others, and is not kept alone")
    func cache() {
        func state(_ bytes: Int) -> UserState {
            var state = UserState()
            state.profile["text"] = .string(String(repeating: "x", count: bytes))
            return state
        }
        var cache = UserCache(capacity: 100, bytes: 100_000)
        for number in 0..<300 { cache.put(UserID("u\(number)"), state(100)) }
        #expect((0..<300).count { cache.contains(UserID("u\($0)")) } == 100)
        cache.put("large", state(90_000))
        #expect(cache.contains("large"))
        #expect((0..<300).count { cache.contains(UserID("u\($0)")) } < 15)
        cache.put("larger", state(200_000))
        #expect(!cache.contains("larger"))
        for number in 0..<300 { cache.put(UserID("v\(number)"), state(100)) }
        #expect((0..<300).count { cache.contains(UserID("v\($0)")) } > 90)
        #expect(cache.take(UserID("v299"))?.state == state(100))
        #expect(!cache.contains(UserID("v299")))
    }

    // MARK: Turns

    @Test("who comes with little is served next, whatever others put in before; each in its own order")
    func turns() {
        final class Party {}
        let (flood, small, other) = (Party(), Party(), Party())
        var line = FairLine<String>()
        for number in 0..<100 { line.add("flood \(number)", weight: 500, of: ObjectIdentifier(flood)) }
        #expect((0..<3).map { _ in line.popFirst()?.0 } == ["flood 0", "flood 1", "flood 2"])
        line.add("small 0", weight: 1, of: ObjectIdentifier(small))
        line.add("small 1", weight: 1, of: ObjectIdentifier(small))
        line.add("large", weight: 1_200, of: ObjectIdentifier(other))
        line.add("own 0", weight: 1, of: nil)
        line.add("own 1", weight: 1, of: nil)
        let next = (0..<8).map { _ in line.popFirst()?.0 }
        #expect(next == ["own 0", "own 1", "small 0", "small 1", "large", "flood 3", "flood 4", "flood 5"])
        while line.popFirst() != nil {}
        #expect(line.isEmpty)
        // Of something large that is done in part the rest comes after who came meanwhile, and not after all of them.
        line.add("much", weight: 10_000, of: ObjectIdentifier(flood))
        let (much, turn) = line.popFirst() ?? ("", nil)
        for number in 0..<200 { line.add("little \(number)", weight: 1, of: ObjectIdentifier(small)) }
        line.putBack(much, turn, weight: 9_000, isBegun: true)
        line.add("after much", weight: 1, of: ObjectIdentifier(flood))
        let all = (0..<202).map { _ in line.popFirst()?.0 }
        #expect(all.firstIndex(of: "much").map { (100..<150).contains($0) } == true)
        #expect(all.last == "after much")
        // What had no time at all has its turn.
        for name in ["a", "b"] { line.add(name, weight: 1, of: ObjectIdentifier(small)) }
        let taken = (0..<2).compactMap { _ in line.popFirst() }
        for (name, turn) in taken { line.putBack(name, turn, weight: 1, isBegun: false) }
        line.add("c", weight: 1, of: ObjectIdentifier(small))
        #expect((0..<3).map { _ in line.popFirst()?.0 } == ["a", "b", "c"])
        // Nobody is made to wait for what was served.
        line.add("later", weight: 1, of: ObjectIdentifier(flood))
        line.add("then", weight: 1, of: ObjectIdentifier(small))
        #expect([line.popFirst()?.0, line.popFirst()?.0] == ["later", "then"])
    }

    // MARK: Shares

    private final class Client {}

    @Test("a full queue refuses who filled it, takes from who has little, and nobody at twice its limit")
    func shares() {
        var shares = Shares<ObjectIdentifier>(limit: QueueLoad(count: 100, bytes: 1_000))
        let (flood, small) = (Client(), Client())
        let one = QueueLoad(count: 1, bytes: 10)
        while shares.admits(one, of: ObjectIdentifier(flood)) { shares.add(one, of: ObjectIdentifier(flood)) }
        #expect(shares.all == QueueLoad(count: 100, bytes: 1_000))
        #expect(shares.admits(one, of: ObjectIdentifier(small)))
        #expect(!shares.admits(QueueLoad(count: 60, bytes: 10), of: ObjectIdentifier(small)))
        shares.add(one, of: ObjectIdentifier(small))
        let others = (0..<500).map { _ in Client() }
        for other in others where shares.admits(one, of: ObjectIdentifier(other)) {
            shares.add(one, of: ObjectIdentifier(other))
        }
        #expect(shares.all.count <= 200)
        for _ in 0..<100 { shares.remove(one, of: ObjectIdentifier(flood)) }
        shares.remove(one, of: ObjectIdentifier(small))
        #expect(shares.all.count < 100)
    }

    // MARK: Replies

    @Test("a page holds what fits, and at least one row")
    func pages() {
        var page = ReplyPage<Int>(limit: 3)
        let added = [page.add(1, ReplyRoom.bytes - 10), page.add(2, 20), page.add(2, 10)]
        #expect(added == [true, false, true])
        #expect(page.rows == [1, 2])
        var large = ReplyPage<Int>()
        let first = large.add(1, 5 << 20)
        let second = large.add(2, 1)
        #expect(first && !second)
    }

    @Test("what is cut keeps its front, at the edge of a character, and never takes more than it may")
    func cutting() {
        let object = Object([
            Object.Member("a", .string(String(repeating: "é", count: 1_000))),
            Object.Member("b", .array((0..<100).map { .integer($0) })),
            Object.Member("c", .object(["d": .string(String(repeating: "z", count: 500))])),
        ])
        #expect(object.cut(to: object.replySize) == object)
        for bytes in 0..<object.replySize {
            let cut = object.cut(to: bytes)
            #expect(cut.replySize <= bytes)
        }
        #expect(object.cut(to: 500).members.map(\.name) == ["a"])
        #expect("aé…b".cut(to: 5) == "a…")
    }
}
