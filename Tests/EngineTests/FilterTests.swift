import Engine
import Testing

struct FilterTests {
    static let now = Instant(iso8601: "2026-03-02T10:00:00Z")!

    struct Case: Sendable, CustomTestStringConvertible {
        let path: String
        let name: String
        let operand: Value
        let properties: Object
        let holds: Bool
        var testDescription: String { "\(path) \(name) \(operand) of \(properties)" }

        init(_ path: String, _ name: String, _ operand: Value, _ properties: Object, _ holds: Bool) {
            (self.path, self.name, self.operand, self.properties, self.holds) = (path, name, operand, properties, holds)
        }
    }

    @Test(
        "2.2, 2.3: operators",
        arguments: [
            // 2.3.8: whole numbers exactly to 64 bits.
            Case("n", "eq", 9_007_199_254_740_993, ["n": 9_007_199_254_740_992], false),
            Case("n", "eq", 9_007_199_254_740_993, ["n": 9_007_199_254_740_993], true),
            Case("n", "eq", 1, ["n": 1.0], true),
            Case("n", "gt", 100, ["n": 100], false), Case("n", "gt", 100, ["n": 100.01], true),
            Case("n", "gte", 100, ["n": 100], true), Case("n", "lt", 200, ["n": 200], false),
            Case("n", "lte", 200, ["n": 200], true), Case("n", "neq", 1, ["n": 2], true),
            // 2.3.3: absent or of another type, every operator is false, negative ones too.
            Case("n", "neq", 1, [:], false), Case("n", "neq", 1, ["n": "x"], false),
            // 14: `eq` and `neq` take texts and booleans too, `any_of` and `none_of` numbers.
            Case("s", "eq", "gold", ["s": "gold"], true), Case("s", "eq", "gold", ["s": "Gold"], false),
            Case("s", "neq", "gold", ["s": "silver"], true), Case("s", "neq", "gold", ["s": 5], false),
            Case("b", "eq", true, ["b": true], true), Case("b", "eq", true, ["b": 1], false),
            Case("b", "neq", true, ["b": false], true),
            Case("n", "any_of", [5, 7], ["n": 7], true), Case("n", "any_of", [5], ["n": 5.0], true),
            Case("n", "any_of", [5], ["n": "5"], false), Case("n", "none_of", [5], ["n": 6], true),
            Case("n", "none_of", [5], ["n": "x"], false),
            // 14: a number in quotes is one where only a number can be meant.
            Case("n", "gt", "100", ["n": 150], true), Case("n", "gt", "100", ["n": "150"], false),
            // 14: lists.
            Case("a", "is", "empty", ["a": []], true), Case("a", "is", "empty", ["a": [1]], false),
            Case("a", "is", "empty", [:], false), Case("a", "is", "empty", ["a": ""], false),
            Case("a", "is", "not_empty", ["a": [1]], true), Case("a", "is", "not_empty", ["a": []], false),
            Case("a", "is", "not_empty", ["a": "x"], false),
            // 2.3.4: nothing is coerced.
            Case("n", "gt", 100, ["n": "150"], false), Case("b", "is", "true", ["b": 1], false),
            Case("s", "any_of", ["Red"], ["s": "red"], false), Case("s", "any_of", ["Red"], ["s": "Red"], true),
            Case("s", "none_of", ["Red"], [:], false), Case("s", "none_of", ["Red"], ["s": "red"], true),
            Case("s", "contains_any_of", ["ed"], ["s": "Red"], true),
            Case("s", "contains_none_of", ["ed"], ["s": "Red"], false),
            // 2.3.2: absent and null are blank, an empty string is not.
            Case("s", "is", "blank", [:], true), Case("s", "is", "blank", ["s": .null], true),
            Case("s", "is", "blank", ["s": ""], false), Case("s", "is", "not_blank", ["s": ""], true),
            Case("b", "is", "true_or_unset", [:], true), Case("b", "is", "false_or_unset", ["b": true], false),
            Case("b", "is", "false_or_unset", ["b": false], true),
            // 2.3.7: dates are instants.
            Case("d", "after", "2026-03-02T00:00:00Z", ["d": "2026-03-02T00:30:00+01:00"], false),
            Case("d", "after", "2026-03-02T00:00:00Z", ["d": "2026-03-02T01:30:00+01:00"], true),
            Case("d", "before", "2026-03-02", ["d": "2026-03-01T23:59"], true),
            Case("d", "before", "2026-03-02", ["d": "soon"], false),
            Case("d", "more_than_days_ago", 1, ["d": "2026-03-01T09:59:59Z"], true),
            Case("d", "less_than_days_ago", 1, ["d": "2026-03-01T10:00:01Z"], true),
            Case("d", "less_than_days_ago", 1, ["d": "2026-03-01T10:00:00Z"], false),
            Case("a", "includes", "x", ["a": ["x", 1]], true), Case("a", "excludes", "x", ["a": ["x", 1]], false),
            Case("a", "excludes", "x", [:], false),
            // 2.3.6: into arrays; positive: some element, negative: no element, and one exists.
            Case("i[].sku", "any_of", ["B"], ["i": [.object(["sku": "A"]), .object(["sku": "B"])]], true),
            Case("i[].sku", "none_of", ["B"], ["i": [.object(["sku": "A"]), .object(["sku": "B"])]], false),
            Case("i[].sku", "none_of", ["C"], ["i": []], false),
            // ... of mixed types: what could not equal it anyway does not count.
            Case("i[]", "none_of", ["B"], ["i": ["A", 5]], true),
            Case("i[]", "none_of", ["B"], ["i": ["B", 5]], false),
            Case("i[]", "none_of", ["B"], ["i": [5]], false), Case("i[]", "neq", 5, ["i": ["A", 6]], true),
            Case("i[]", "not_matches", "^b", ["i": ["A", 5]], true),
            Case("i[]", "contains_none_of", ["b"], ["i": ["A", true]], true),
            Case("i[]", "excludes", "x", ["i": [["y"], 5]], true),
            Case("a.b", "eq", 1, ["a": .object(["b": 1])], true), Case("\"a.b\"", "eq", 1, ["a.b": 1], true),
        ]
    )
    func operators(each: Case) throws {
        let filter = Filter.subject(
            .property(try #require(PropertyPath(each.path))),
            [try Filter.Operator(name: each.name, operand: each.operand)]
        )
        #expect(filter.holds(each.properties, now: Self.now) == each.holds)
    }

    @Test("2.3.1, 13: groups; each operator is judged by itself")
    func groups() {
        let price = PropertyPath("items[].price")!
        let range = Filter.subject(.property(price), [.greater(10), .less(20)])
        let items: Object = ["items": [.object(["price": 5]), .object(["price": 25])]]
        #expect(range.holds(items, now: Self.now))
        #expect(!Filter.not(range).holds(items, now: Self.now))
        #expect(Filter.any([.not(range), range]).holds(items, now: Self.now))
        #expect(!Filter.all([.not(range), range]).holds(items, now: Self.now))
    }

    @Test("a path that names nothing is none", arguments: ["", ".", "a.", "a..b", "\"a", "[]", "a[", "a[]b"])
    func badPaths(text: String) {
        #expect(PropertyPath(text) == nil)
    }

    static let wrong: [(String, Value)] = [
        ("gt", "many"), ("gt", "18446744073709550593"), ("any_of", []), ("any_of", [["a"]]), ("eq", ["a"]),
        ("eq", .null), ("contains_any_of", ["a", 1]), ("before", "soon"), ("is", "maybe"),
        ("more_than_days_ago", -1), ("includes", ["x"]), ("equals", 1),
    ]

    @Test("an operand of the wrong type is no operator", arguments: wrong)
    func badOperands(name: String, operand: Value) {
        #expect(throws: OperatorFault.self) { try Filter.Operator(name: name, operand: operand) }
    }
}

struct InstantTests {
    @Test(
        "1.1.6: ISO 8601, without an offset UTC, a bare date midnight; finer digits are cut",
        arguments: [
            ("1970-01-01", 0), ("1970-01-01T00:00:01Z", 1_000), ("1970-01-01T01:00+01:00", 0),
            ("1970-01-01T00:00:00.1239Z", 123), ("1970-01-01T00:00:00.5", 500), ("1969-12-31T23:59:59.999Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600_000), ("2028-02-29", 1_835_395_200_000),
            ("1970-01-01T00:00:00-0130", 5_400_000), ("1970-01-01T01:00:00+01", 0),
            // The basic form.
            ("20260704T123000Z", 1_783_168_200_000), ("20260704T1430+0200", 1_783_168_200_000),
            ("20260704T143000.250+02:00", 1_783_168_200_250), ("20260704T1030-02", 1_783_168_200_000),
            ("20260704", 1_783_123_200_000), ("19700101 0000", 0),
            // The end of a day is the next one's beginning.
            ("1970-01-01T24:00", 86_400_000), ("1970-01-01T24:00:00.000Z", 86_400_000), ("19700101T2400Z", 86_400_000),
            ("1969-12-31T24:00:00+00:00", 0), ("2027-12-31T24:00", 1_830_297_600_000),
            // A leap second is the one after it.
            ("2016-12-31T23:59:60Z", 1_483_228_800_000), ("2016-12-31T23:59:60.500Z", 1_483_228_800_500),
            ("20161231T235960Z", 1_483_228_800_000), ("2017-01-01T00:59:60+01:00", 1_483_228_800_000),
            ("2017-01-01T05:29:60+05:30", 1_483_228_800_000),
        ]
    )
    func reads(text: String, milliseconds: Int64) {
        #expect(Instant(iso8601: text)?.milliseconds == milliseconds)
    }

    @Test(
        "what no calendar has is no instant",
        arguments: [
            "", "soon", "2026-13-01", "2027-02-29", "2026-03-02T10", "2026-03-02T10:00:00Zx", "2026-3-2",
            "2026-03-02T24:01", "2026-03-02T24:00:01", "2026-03-02T24:00:00.001", "20260302T2401", "2026-03-02T25:00",
            "2026-03-02T23:59:61Z", "2026-03-02T10:30:60Z", "2026-03-02T23:59:60+05:30", "9999-12-31T24:00",
            "20260302T10:00", "2026-03-02T100000", "2026-0302", "202603-02", "2026030", "202603021000", "2026-03-02T",
            "2026-03-02T10:00+01:", "20260302T10", "20260302T100",
        ]
    )
    func refuses(text: String) {
        #expect(Instant(iso8601: text) == nil)
    }

    @Test(
        "an instant is written as it is read",
        arguments: [0, 1, -1, 951_825_600_000, 1_772_445_600_250, -62_135_596_800_000]
    )
    func roundTrip(milliseconds: Int64) {
        let instant = Instant(milliseconds: milliseconds)
        #expect(Instant(iso8601: instant.description) == instant)
    }

    @Test(
        "lengths of time",
        arguments: [
            ("0s", 0), ("90s", 90_000), ("30m", 1_800_000), ("2h", 7_200_000), ("1d", 86_400_000),
            ("2w", 1_209_600_000),
        ]
    )
    func lengths(text: String, milliseconds: Int64) {
        #expect(Length(text)?.milliseconds == milliseconds)
    }

    @Test("no lengths of time", arguments: ["", "s", "10", "-1s", "+1s", "1.5h", "1 h", "1y", "9223372036854775807w"])
    func badLengths(text: String) {
        #expect(Length(text) == nil)
    }
}

struct HashTests {
    @Test("1.1.4: the order of members is no difference; a value, a name, a type is")
    func content() {
        func hash(_ object: Object) -> UInt64 {
            var hash = StableHash()
            hash.combine(object)
            return hash.value
        }
        #expect(hash(["a": 1, "b": "x"]) == hash(["b": "x", "a": 1]))
        let others: [Object] = [
            ["a": 1], ["a": 2], ["a": "1"], ["a": 1.0], ["b": 1], ["a": [1]], ["a": .object(["a": 1])], [:],
        ]
        #expect(Set(others.map(hash)).count == others.count)
    }
}
