import Engine
import Testing

/// 2.3.1: what would have triggered but for `where` is told to who asks and remembered with the user, within bounds.
struct NearMissTests {
    private static func campaign(_ id: CampaignID, over least: Int64 = 100) -> Campaign {
        Campaign(
            id: id,
            trigger: .event(
                "cart",
                where: .subject(.property(PropertyPath("total")!), [.greaterOrEqual(.integer(least))])
            ),
            delay: .length(.seconds(60)),
            messages: [.email]
        )
    }

    @Test("of a campaign the newest three, and how many there were; the log has none of them")
    func newest() {
        var bench = Bench(Self.campaign("C"))
        for second in 1...5 as ClosedRange<Int64> {
            let told = bench.event("cart", at: second, ["total": .integer(second)])
            #expect(told.map(\.code) == [.propertyFilterMismatch])
            #expect(told[0].nearMiss == second)
            #expect(bench.effects.decisions.isEmpty)
        }
        #expect(bench.state.lastDecision == 0)
        let told = bench.state.nearMisses.flatMap { $0.decisions("u", bench.table) }
        #expect(told.map(\.nearMiss) == [3, 4, 5])
        #expect(told.map(\.at) == [.at(3), .at(4), .at(5)])
        #expect(told.last?.campaign == "C")
        #expect(told.last?.why["where"]?.string == "total gte 100")
        #expect(told.last?.why["found"] == .object(["total": 5]))
    }

    @Test("they stand among the decisions in order, and take no numbers from them")
    func order() {
        var bench = Bench(Self.campaign("A", over: 1), Self.campaign("B", over: 100), Self.campaign("C", over: 1))
        let told = bench.event("cart", at: 1, ["total": 5])
        #expect(told.map(\.code) == [.scheduled, .propertyFilterMismatch, .scheduled])
        #expect(bench.effects.decisions.map(\.decision.sequence) == [1, 2])
    }

    @Test("many campaigns: 128 of them, those that were missed last, and 128 near misses in all")
    func bounds() {
        var bench = Bench()
        for number in 0..<300 { bench.apply(Self.campaign("c\(number)")) }
        for second in 1...3 as ClosedRange<Int64> { bench.event("cart", at: second, ["total": 5]) }
        #expect(bench.state.nearMisses.map { bench.table.head($0.campaign)?.id } == (172..<300).map { "c\($0)" })
        #expect(bench.state.nearMisses.allSatisfy { $0.newest.count == 1 })
        var few = Bench()
        for number in 0..<50 { few.apply(Self.campaign("c\(number)")) }
        for second in 1...4 as ClosedRange<Int64> { few.event("cart", at: second, ["total": 5]) }
        #expect(few.state.nearMisses.allSatisfy { $0.count == 4 && (1...3).contains($0.newest.count) })
        #expect(few.state.nearMisses.reduce(0) { $0 + $1.newest.count } == 128)
    }

    @Test(
        "what was found is cut short, whatever it is",
        arguments: [
            Value.string(Text(String(repeating: "ü", count: 100_000))),
            .array(Array(repeating: .integer(1), count: 100_000)),
            .array(Array(repeating: .array([]), count: 100_000)),
            .object(Object((0..<1_000).map { Object.Member("a name of some length \($0)", "b") })),
        ]
    )
    func cut(total: Value) {
        var bench = Bench(Self.campaign("C"))
        bench.event("cart", at: 1, ["total": total])
        let found = bench.state.nearMisses[0].newest[0].found
        #expect(found.description.utf8.count < 600, "\(found.description.utf8.count)")
        #expect(found["total"] != nil)
    }
}
