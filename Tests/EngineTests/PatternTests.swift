import Engine
import Testing

@Suite struct PatternTests {
    @Test(
        "2.2, 13: found anywhere, whatever the case",
        arguments: [
            ("gmail\\.com$", "a@GMAIL.com", true), ("gmail\\.com$", "a@gmail.com.au", false), ("^a.c$", "abc", true),
            ("^a.c$", "a\nc", false), ("a{2,3}b", "xaab", true), ("^a{2,3}$", "aaaa", false), ("[^0-9]", "123", false),
            ("[a-cx]{3}", "BXA", true), ("\\d+\\s\\w", "12 é", true), ("\\bcat\\b", "a cat.", true),
            ("\\bcat\\b", "concat", false), ("(?:ab|cd)+e", "abcde", true), ("colou?r", "COLOR", true), ("", "", true),
            ("x*", "", true), ("[[:digit:]]", "a7", true), ("[\\]-]", "]", true), ("\\x{e9}", "É", true),
            ("a|", "zzz", true), ("(?s)a.c", "a\nc", true), ("(?m)^b$", "a\nb\nc", true), ("\\Qa.b\\E", "axb", false),
            ("(?<name>é+)", "été", true), ("[^a]", "A", false),
        ]
    )
    func finds(text: String, whole: String, expected: Bool) throws {
        var work = FilterWork()
        #expect(try Pattern(text).isFound(in: whole, within: &work) == expected)
    }

    @Test(
        "what is no expression, and what cannot be searched for in bounded time, is refused",
        arguments: ["(", "a{3,1}", "[z-a]", "*a", "(a)\\1", "(?=a)", "(?<!a)b", "a++", "\\p{Nonsense}", "a{5000}"]
    )
    func refuses(text: String) {
        #expect(throws: PatternFault.self) { try Pattern(text) }
    }

    @Test("an expression that would run for ever elsewhere is done at once", .timeLimit(.minutes(1)))
    func bounded() throws {
        let whole = String(repeating: "a", count: 5_000) + "!"
        var work = FilterWork()
        #expect(try Pattern("^(a+)+$").isFound(in: whole, within: &work) == false)
        #expect(try Pattern("(a|aa)*(a|aa)*(a|aa)*b").isFound(in: whole, within: &work) == false)
        #expect(throws: PatternFault.self) { try Pattern("((a{100}){100}){100}") }
    }

    @Test("a search has so many steps; over them no operator holds, negative ones neither", .timeLimit(.minutes(1)))
    func work() throws {
        let long: Value = .string(String(repeating: "a", count: 4 << 20))
        let path = try #require(PropertyPath("s"))
        for name in ["matches", "not_matches"] {
            let each = try Filter.Operator(name: name, operand: "a.{0,50}b")
            #expect(!Filter.subject(.property(path), [each]).holds(["s": long] as Object, now: .at(0)), "\(name)")
        }
        // Nor does a filter that turns one around.
        let positive = Filter.subject(.property(path), [try Filter.Operator(name: "matches", operand: "a.{0,50}b")])
        #expect(!Filter.not(positive).holds(["s": long] as Object, now: .at(0)))
        var full = FilterBudget()
        #expect(Filter.not(positive).verdict(["s": long] as Object, now: .at(0), within: &full) == nil)
        // What all operators of a filter take is counted together.
        let short: Object = ["s": .string(String(repeating: "a", count: 30_000))]
        let one = Filter.subject(.property(path), [try Filter.Operator(name: "not_matches", operand: "a.{0,50}b")])
        #expect(one.holds(short, now: .at(0)))
        #expect(!Filter.all([one, one, one]).holds(short, now: .at(0)))
    }

    @Test("all filters of one event have so many steps; an ordinary one is judged whatever others took")
    func budget() throws {
        let path = try #require(PropertyPath("s"))
        let costly = Filter.subject(.property(path), [try Filter.Operator(name: "not_matches", operand: "a.{0,50}b")])
        let ordinary = Filter.subject(.property(path), [try Filter.Operator(name: "any_of", operand: ["x", "y"])])
        let facts: Object = ["s": .string(String(repeating: "a", count: 30_000))]
        var budget = FilterBudget()
        let verdicts = (0..<100).map { _ in costly.verdict(facts, now: .at(0), within: &budget) }
        let judged = verdicts.prefix { $0 == true }.count
        #expect((2...3).contains(judged))
        #expect(verdicts.dropFirst(judged).allSatisfy { $0 == nil })
        #expect(ordinary.verdict(["s": "x"] as Object, now: .at(0), within: &budget) == true)
        #expect(costly.verdict(["s": "aab"] as Object, now: .at(0), within: &budget) == false)
    }

    @Test("10.8: a send whose abort_if takes too much work to judge is given up, and says so", .timeLimit(.minutes(1)))
    func abortRule() throws {
        let path = try #require(PropertyPath("s"))
        let rule = Filter.subject(.attribute(path), [try Filter.Operator(name: "matches", operand: "a.{0,50}b")])
        var campaign = Campaign(id: "C", trigger: .event("e"), reEligibility: .after(.zero), messages: [.email])
        campaign.abortIf = rule
        var bench = Bench(campaign)
        bench.state.profile["s"] = .string(String(repeating: "a", count: 200_000) + "b")
        let aborted = bench.event("e", at: 1)
        #expect(aborted.codes == [.scheduled, .templateAborted])
        #expect(aborted.last?.why["reason"]?.string?.contains("too much work") == true)
        bench.state.profile["s"] = "short"
        #expect(bench.event("e", at: 2).codes == [.scheduled])
    }

    @Test("the largest expression of a campaign can be searched for in 500 characters")
    func largest() throws {
        let pattern = try Pattern("(\(String(repeating: ".{0,499}", count: 3)))$b")
        #expect((2_900...CampaignLimits.patternSteps).contains(pattern.steps))
        var work = FilterWork()
        #expect(pattern.isFound(in: String(repeating: "a", count: 500), within: &work) == false)
    }

    static let bombs = [
        "((((){1000}){1000}){1000}){1000}",
        String(repeating: "[", count: 150) + "x" + String(repeating: "]", count: 150),
        String(repeating: "(", count: 16_000) + "x",
        String(repeating: "(?:", count: 180) + String(repeating: ")*", count: 180),
    ]

    @Test("what is small and compiles to much is done at once", .timeLimit(.minutes(1)), arguments: bombs)
    func bounded(text: String) {
        guard let pattern = try? Pattern(text) else { return }
        var work = FilterWork()
        _ = pattern.isFound(in: String(repeating: "k\u{212a}é", count: 1_000), within: &work)
    }

    @Test("a part is found in time in proportion to both", .timeLimit(.minutes(1)))
    func parts() {
        let long = Text(String(repeating: "a", count: 1 << 20))
        #expect(!long.contains(Text(String(repeating: "a", count: 1 << 19) + "b")))
        #expect(Text("aabaabaaab").contains("aabaaab") && !Text("aabaab").contains("aabaaab") && Text("").contains(""))
    }
}
