import Engine
import Patterns
import Testing

/// 14: `{property: PATH}` in an operand's place.
struct ComparisonTests {
    static let now = Instant(iso8601: "2026-03-02T10:00:00Z")!

    private static func read(
        _ name: String,
        _ operand: Value,
        of subject: Filter.Subject = .property(PropertyPath("a")!)
    ) throws(OperatorFault) -> Filter.Operator {
        var allowance = FilterAllowance(patterns: RE2.pattern)
        return try allowance.operator(name, operand, of: subject)
    }

    private static func filter(_ path: String, _ name: String, _ other: String) throws -> Filter {
        .subject(
            .property(try #require(PropertyPath(path))),
            [try read(name, .object(["property": .string(other)]))]
        )
    }

    static let cases: [(String, Value, Value, Bool)] = [
        ("eq", 1, 1.0, true), ("eq", "x", "x", true), ("eq", "1", 1, false), ("eq", true, true, true),
        ("eq", [1], [1], false), ("eq", .object(["n": 1]), .object(["n": 1]), false),
        ("eq", 9_007_199_254_740_993, 9_007_199_254_740_992, false), ("eq", "k", "\u{212a}", false),
        ("neq", 1, 2, true), ("neq", 1, 1.0, false), ("neq", "x", "y", true), ("neq", 1, "x", false),
        ("neq", true, 1, false), ("gt", 2, 1.5, true), ("gt", 2, 2, false), ("gte", 2, 2, true),
        ("lt", 1, 2, true), ("lte", 2.5, 2, false), ("lt", "1", "2", false), ("lt", 1, "2", false),
        ("before", "2026-03-02T10:30+01:00", "2026-03-02T10:00", true), ("before", "2026-03-02", "2026-03-02", false),
        ("after", "2026-03-03", "2026-03-02T23:59:59.999Z", true), ("after", "soon", "2026-03-02", false),
        ("after", 2, 1, false),
    ]

    @Test(
        "two values of one type are compared, nothing is coerced; absent on either side nothing holds",
        arguments: cases
    )
    func compares(name: String, left: Value, right: Value, holds: Bool) throws {
        let filter = try Self.filter("a", name, "o.b")
        #expect(filter.holds(["a": left, "o": .object(["b": right])] as Object, now: Self.now) == holds)
        #expect(!filter.holds(["a": left] as Object, now: Self.now))
        #expect(!filter.holds(["o": .object(["b": right])] as Object, now: Self.now))
    }

    @Test("2.3.6: of several values some pair, and of a negative operator none, with one that could")
    func several() throws {
        let event: Object = ["a": [1, "x"], "b": [2, 1, true], "c": ["y"], "d": []]
        for (name, left, right, holds) in [
            ("eq", "a[]", "b[]", true), ("neq", "a[]", "b[]", false), ("neq", "a[]", "c[]", true),
            ("neq", "b[]", "c[]", false), ("eq", "a[]", "d[]", false), ("neq", "a[]", "d[]", false),
            ("lt", "a[]", "b[]", true), ("gt", "a[]", "b[]", false), ("gte", "a[]", "b[]", true),
        ] {
            let filter = try Self.filter(left, name, right)
            #expect(filter.holds(event, now: Self.now) == holds, "\(left) \(name) \(right)")
        }
    }

    @Test("what no operator takes is refused, and says what does")
    func refuses() throws {
        let other = Value.object(["property": "b"])
        for name in Filter.Operator.names where Filter.Comparison(rawValue: name) == nil {
            let fault = #expect(throws: OperatorFault.self) { _ = try Self.read(name, other) }
            #expect(fault?.text.contains("eq, neq, gt, gte, lt, lte, before, after do") == true, "\(fault?.text ?? "")")
        }
        let faults: [(String, Value, Filter.Subject, String)] = [
            ("equals", other, .property(PropertyPath("a")!), "there is no operator"),
            ("gt", other, .attribute(PropertyPath("a")!), "is of the event"),
            ("gt", other, .eventCount("e", inLast: nil), "is of the event"),
            ("gt", .object(["property": 5]), .property(PropertyPath("a")!), "takes a value or `{property: PATH}`"),
            ("gt", .object(["attribute": "a"]), .property(PropertyPath("a")!), "takes a value or"),
            ("gt", .object(["property": "a..b"]), .property(PropertyPath("a")!), "is no path"),
        ]
        for (name, operand, subject, text) in faults {
            let fault = #expect(throws: OperatorFault.self) { _ = try Self.read(name, operand, of: subject) }
            #expect(fault?.text.contains(text) == true, "\(fault?.text ?? "")")
        }
    }

    @Test("it is written as it is read, and an explanation shows both properties")
    func written() throws {
        let filter = try Self.filter("new", "lt", "old.price")
        #expect(filter.description == #"new lt {"property": "old.price"}"#)
        let event: Object = ["new": 9, "old": .object(["price": 8])]
        #expect(filter.compared(event, now: Self.now) == ["new": 9, "old.price": 8])
        guard case .subject(let subject, let operators) = filter else { return }
        #expect(try Self.read(operators[0].name, operators[0].operand, of: subject) == operators[0])
    }

    @Test("every pair is work, long texts more: what costs too much is not judged")
    func work() throws {
        func event(_ count: Int, _ value: Value) -> Object {
            ["a": .array(Array(repeating: value, count: count)), "b": .array(Array(repeating: value, count: count))]
        }
        let filter = try Self.filter("a[]", "lt", "b[]")
        func verdict(_ event: Object) -> Bool? {
            var budget = FilterBudget()
            return filter.verdict(event, now: Self.now, within: &budget)
        }
        #expect(verdict(event(1_414, 1)) == false)
        #expect(verdict(event(1_415, 1)) == nil)
        let long = Value.string(String(repeating: "x", count: 16_000))
        #expect(verdict(event(44, long)) == false)
        #expect(verdict(event(45, long)) == nil)
    }
}
