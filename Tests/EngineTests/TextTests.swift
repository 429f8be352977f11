import Engine
import Testing

/// 14, Identity: ids, names and texts are compared by their bytes.
struct TextTests {
    /// What Unicode calls equal, and bytes do not.
    static let pairs: [(String, String)] = [
        ("Kate", "\u{212A}ate"),  // KELVIN SIGN
        ("jos\u{e9}", "jose\u{301}"),
        ("\u{c5}", "\u{212B}"),  // ANGSTROM SIGN
        ("\u{3a9}", "\u{2126}"),  // OHM SIGN
        (";", "\u{37E}"),  // GREEK QUESTION MARK
        ("a\u{323}\u{307}", "a\u{307}\u{323}"),  // of as many bytes
        ("\u{ac00}", "\u{1100}\u{1161}"),  // HANGUL
    ]

    @Test("two spellings are two texts, wherever they are compared", arguments: pairs)
    func twoTexts(left: String, right: String) {
        #expect(left == right, "Unicode calls them equal, or the pair proves nothing")
        #expect(Text(left) != Text(right))
        #expect(Text(left) < Text(right) || Text(right) < Text(left))
        #expect(Set([Text(left), Text(right)]).count == 2)
        #expect([Text(left): 1][Text(right)] == nil)
        #expect(Value.string(left) != Value.string(right))
        #expect(!Value.string(left).equals(.string(right)))

        var object = Object([.init(left, 1)])
        #expect(object[right] == nil)
        object[right] = 2
        #expect(object[left] == 1)
        #expect(object.members.count == 2)
        object[right] = nil
        #expect(object[left] == 1)
    }

    @Test("a path names the property of those bytes, and a mark behind a dot belongs to the name")
    func paths() throws {
        let path = try #require(PropertyPath("jos\u{e9}"))
        #expect(path.values(in: ["jos\u{e9}": 1]) == [1])
        #expect(path.values(in: ["jose\u{301}": 1]).isEmpty)
        let marked = try #require(PropertyPath("a.\u{301}b"))
        #expect(marked.values(in: ["a": .object(["\u{301}b": 1])]) == [1])
    }

    @Test("filters compare bytes", arguments: pairs)
    func filters(left: String, right: String) throws {
        let facts: Object = ["name": .string(left)]
        func holds(_ name: String, _ text: String) throws -> Bool {
            let path = try #require(PropertyPath("name"))
            let filter = Filter.subject(
                .property(path),
                [try Filter.Operator(name: name, operand: .array([.string(text)]))]
            )
            return filter.holds(facts, now: .at(0))
        }
        #expect(try holds("any_of", left))
        #expect(try !holds("any_of", right))
        #expect(try holds("none_of", right))
        #expect(try holds("contains_any_of", left))
        #expect(try holds("contains_none_of", right))
    }

    @Test("counts, and the exceptions that are told apart by a property, go by bytes")
    func turns() {
        var campaign = Campaign(id: "C", trigger: .event("cart"), messages: [.inApp()])
        campaign.audience = .subject(.eventCount("caf\u{e9}", inLast: nil), [.greaterOrEqual(1)])
        var bench = Bench(campaign)
        bench.event("cafe\u{301}", at: 1)
        #expect(bench.event("cart", at: 2).map(\.code) == [.notInSegmentAtTrigger])
        bench.event("caf\u{e9}", at: 3)
        #expect(bench.event("cart", at: 4).map(\.code).contains(.scheduled))
    }

    @Test("many members set at once are what they are set one by one")
    func setsMany() {
        var random = SystemRandomNumberGenerator()
        func object(_ count: Int, _ names: Int, nulls: Bool) -> Object {
            Object(
                (0..<count).map { _ in
                    let value: Value = nulls && Bool.random(using: &random) ? .null : .integer(.random(in: 0..<9))
                    return Object.Member("n\(Int.random(in: 0..<names, using: &random))", value)
                }
            )
        }
        for count in [0, 3, 16, 17, 200] {
            for names in [5, 100, 1_000] {
                var one = Object()
                for member in object(300, names, nulls: false).members { one[member.name] = member.value }
                var all = one
                let changes = object(count, names, nulls: true)
                for change in changes.members { one[change.name] = change.value }
                all.set(changes)
                #expect(all == one)
                #expect(all.values(of: changes) == changes.members.map { one[$0.name] })
            }
        }
    }
}
