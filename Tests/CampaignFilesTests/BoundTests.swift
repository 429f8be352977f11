import CampaignFiles
import Engine
import Testing

/// What a file may cost (14, docs/campaigns.md "Limits").
@Suite struct BoundTests {
    let reader = CampaignReaderTests().reader

    func problems(_ text: String) -> [CampaignProblem] {
        if case .failure(let errors) = reader.read(file: "f.yaml", text: text) { errors.all } else { [] }
    }

    static let head = "campaign: a\ntrigger: {type: session_start}\nmessages: [{channel: in_app, title: x}]\n"

    /// Lists of two aliases of the one before: the last stands for 2^count conditions.
    static func doubling(_ count: Int) -> String {
        let first = "  - &a0 {attribute: plan, eq: gold}\n"
        let others = (1...count).map { "  - &a\($0) {any: [*a\($0 - 1), *a\($0 - 1)]}\n" }
        return head + "audience:\n  all:\n" + first + others.joined()
    }

    @Test("what aliases stand for is counted before it exists", .timeLimit(.minutes(1)), arguments: [18, 30, 60])
    func aliases(count: Int) throws {
        let found = try #require(problems(Self.doubling(count)).first)
        #expect(found.code == .invalidCampaign && found.text.contains("the aliases up to here stand for more than"))
        #expect(found.line > 10)
    }

    @Test("a few aliases are what they stand for")
    func fewAliases() throws {
        let text = Self.head + "audience: {all: [&a {attribute: plan, eq: gold}, {not: *a}]}\n"
        let campaign = try #require(try reader.read(file: "f", text: text).get().campaigns.first)
        guard case .all(let filters) = campaign.audience else { throw Unexpected() }
        #expect(filters.count == 2 && filters[1] == .not(filters[0]))
    }

    struct Unexpected: Error {}

    @Test("a list of aliases of a long text stands for all of it")
    func longText() {
        let long = String(repeating: "x", count: 100_000)
        let text = Self.head + "audience: {attribute: a, any_of: [&t \(long), *t, *t, *t]}\n"
        #expect(problems(text).first?.text.contains("stand for more than") == true)
    }

    static let deep: [(String, String)] = [
        ("lists", head + "audience: " + String(repeating: "[", count: 500)),
        ("lists without end", head + "audience: " + String(repeating: "[", count: 100_000)),
        ("blocks", head + "audience:\n  " + String(repeating: "- ", count: 100_000)),
        ("mappings", head + "audience: " + String(repeating: "{not: ", count: 90) + String(repeating: "}", count: 90)),
        ("keys", String(repeating: "? ", count: 5_000)),
        (
            "aliases of aliases",
            "a: &a0 [x]\n" + (1...3_000).map { "b\($0): &a\($0) [[[[[[[[[[*a\($0 - 1)]]]]]]]]]]\n" }.joined()
        ),
    ]

    @Test("what stands too deep is refused", .timeLimit(.minutes(1)), arguments: deep)
    func depth(name: String, text: String) throws {
        let found = try #require(problems(text).first)
        #expect(found.text.contains("deep") || found.text.contains("not YAML") || found.text.contains("a key is"))
    }

    static func filters(_ count: Int) -> String {
        head + "audience: {any: [" + (0..<count).map { "{attribute: p\($0), eq: 1}" }.joined(separator: ", ") + "]}\n"
    }

    @Test("conditions are counted: at the limit, and above")
    func conditions() {
        let most = (CampaignLimits.conditions - 1) / 2
        #expect(problems(Self.filters(most)).isEmpty)
        let found = problems(Self.filters(most + 1))
        #expect(found.first?.text.contains("more than \(CampaignLimits.conditions) conditions") == true)
        #expect(found.first?.line == 4)
    }

    @Test("conditions within each other are counted: at the limit, and above", arguments: [false, true])
    func nested(isAbove: Bool) {
        let count = CampaignLimits.depth - (isAbove ? 0 : 1)
        let filter =
            String(repeating: "{not: ", count: count) + "{attribute: a, eq: 1}" + String(repeating: "}", count: count)
        #expect(problems(Self.head + "audience: \(filter)\n").isEmpty != isAbove)
    }

    static func exceptions(_ count: Int) -> String {
        head + "delay: 1h\nexceptions: ["
            + String(repeating: "{type: custom_event, event: e}, ", count: count) + "]\n"
    }

    @Test("exceptions are counted: at the limit, and above")
    func exceptions() {
        #expect(problems(Self.exceptions(CampaignLimits.exceptions)).isEmpty)
        let found = problems(Self.exceptions(CampaignLimits.exceptions + 1))
        #expect(found.map(\.field) == ["exceptions"] && found[0].code == .invalidCampaign)
    }

    static let large: [(String, String)] = [
        ("audience", "audience: {attribute: \(String(repeating: "a", count: 1_025)), eq: 1}"),
        ("audience", "audience: {attribute: a, any_of: [\(String(repeating: "x, ", count: 2_001))]}"),
        ("audience", "audience: {attribute: a, matches: \"\(String(repeating: "x", count: 40_000))\"}"),
        ("audience", "audience: {attribute: a, matches: \".{999}.{999}.{999}.{999}.{999}\"}"),
        ("control_group", "control_group: {users: [\(String(repeating: "u, ", count: 10_001))]}"),
        ("messages", "messages: [{channel: email, subject: \"\(String(repeating: "x", count: 1 << 20))\"}]"),
        ("conversions", "conversions: [\(String(repeating: "{type: session_start}, ", count: 101))]"),
    ]

    @Test("what is too large is refused, and the refusal is short", arguments: large)
    func sizes(field: String, text: String) throws {
        let base = field == "messages" ? "campaign: a\ntrigger: {type: session_start}\n" : Self.head
        let found = problems(base + text + "\n")
        let first = try #require(found.first)
        #expect(found.count == 1 && first.code == .invalidCampaign && first.description.utf8.count < 1_000)
        #expect(first.field.hasPrefix(field) || first.text.contains("are read"))
    }

    @Test("of many faults the first hundred are told", .timeLimit(.minutes(1)))
    func faults() {
        let many = problems(Self.head + (0..<50_000).map { "k\($0): 1\n" }.joined())
        #expect(many.count == 100 && many.last?.text.contains("what else is wrong is not told") == true)
        let documents = problems(String(repeating: "--- x\n", count: 100_000))
        #expect(documents.count == 100)
        let long = problems("\(String(repeating: "k", count: 900_000)): 1\n")
        #expect(long.allSatisfy { $0.description.utf8.count < 1_000 })
    }

    @Test("every %TAG line costs all before it", .timeLimit(.minutes(1)))
    func directives() {
        let text = (0..<60_000).map { "%TAG !t\($0)! x\n" }.joined() + "--- {}\n"
        #expect(problems(text).map(\.line) == [17])
    }

    @Test("what merge keys take from aliases is counted like them", .timeLimit(.minutes(1)), arguments: [14, 30])
    func mergeKeys(count: Int) throws {
        let lines = (1...count).map { "- &a\($0) {x\($0): *a\($0 - 1), <<: [*a\($0 - 1), *a\($0 - 1)]}\n" }
        let text = "x-shared:\n- &a0 {k: \(String(repeating: "x", count: 100))}\n\(lines.joined())\(Self.head)"
        let found = try #require(problems(text).first)
        #expect(found.text.contains("the aliases up to here stand for more than"))
        #expect(problems("x-a: &a {}\nx-b: {<<: [\(String(repeating: "*a, ", count: 5_000))]}\n\(Self.head)").isEmpty)
    }

    @Test("what all expressions of a file take is counted")
    func expressions() {
        func campaign(_ number: Int) -> String {
            let filters = (0..<5).map { "{attribute: a\($0), matches: \".{999}.{999}.{999}.{990}\"}" }
            return """
                - campaign: c\(number)
                  trigger: {type: session_start}
                  audience: {all: [\(filters.joined(separator: ", "))]}
                  messages: [{channel: in_app, title: x}]

                """
        }
        #expect(problems("campaigns:\n" + (0..<10).map(campaign).joined()).isEmpty)
        let found = problems("campaigns:\n" + (0..<12).map(campaign).joined())
        #expect(found.first?.text.contains("those of a file") == true)
    }
}
