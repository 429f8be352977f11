import Engine
import Patterns
import Testing

@Suite struct PatternTests {
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

    @Test("the largest expression of a campaign can be searched for in 500 bytes")
    func largest() throws {
        let pattern = try RE2.pattern(Text("(\(String(repeating: ".{0,499}", count: 6)))$b"))
        #expect((3_000...CampaignLimits.patternSteps).contains(pattern.steps))
        var work = FilterWork()
        #expect(pattern.isFound(in: Text(String(repeating: "a", count: 499)), within: &work) == false)
    }

    @Test("expressions are counted by campaign and by file: at the limit, and above")
    func counted() throws {
        let each = try RE2.pattern("a.{0,400}b").steps
        var patterns = PatternAllowance(RE2.pattern)
        for _ in 0..<(CampaignLimits.allPatternSteps / each) { _ = try patterns.pattern("a.{0,400}b") }
        #expect(throws: PatternFault.self) { try patterns.pattern("a.{0,400}b") }
    }

    @Test("what is refused has taken its time: a row of it is not compiled any more", .timeLimit(.minutes(1)))
    func refused() {
        var patterns = PatternAllowance(RE2.pattern)
        let large = Text(String(repeating: ".{1000}", count: 4_000))
        let faults = (0..<1_000).map { _ in #expect(throws: PatternFault.self) { try patterns.pattern(large) } }
        #expect(faults.count { $0?.text.contains("too large") == true } == 5)
        let classes = Text(String(repeating: "\\pL", count: CampaignLimits.patternClasses + 1))
        #expect(throws: PatternFault(text: "it has more than 200 of \\p")) { try patterns.pattern(classes) }
        let long = Text(String(repeating: "é", count: CampaignLimits.patternLength + 1))
        #expect(throws: PatternFault(text: "it is longer than 32764 characters")) { try patterns.pattern(long) }
    }

    @Test("what was taken once and is no expression any more is kept, told, and found nowhere")
    func stored() throws {
        var patterns = PatternAllowance(RE2.pattern, isStored: true)
        let found = try Filter.Operator(name: "not_matches", operand: "\\h+", patterns: &patterns)
        #expect(found.operand == "\\h+")
        let filter = Filter.subject(.property(try #require(PropertyPath("s"))), [found])
        var budget = FilterBudget()
        #expect(Filter.not(filter).verdict(["s": "x"] as Object, now: .at(0), within: &budget) == nil)
        var campaign = Campaign(id: "C", trigger: .event("e"), messages: [.email])
        campaign.audience = filter
        #expect(campaign.unreadablePatterns.map(\.fault) == [PatternFault(text: "invalid escape sequence: \\h")])
    }

    @Test("a part is found in time in proportion to both", .timeLimit(.minutes(1)))
    func parts() {
        let long = Text(String(repeating: "a", count: 1 << 20))
        #expect(!long.contains(Text(String(repeating: "a", count: 1 << 19) + "b")))
        #expect(Text("aabaabaaab").contains("aabaaab") && !Text("aabaab").contains("aabaaab") && Text("").contains(""))
    }
}
