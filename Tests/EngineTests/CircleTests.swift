import Engine
import Testing

/// 13, 1.5: campaigns without a delay that trigger each other for ever.
struct CircleTests {
    private static func campaign(
        _ id: CampaignID,
        after other: CampaignID? = nil,
        type: String = Event.conversion,
        converts: Bool = true
    ) -> Campaign {
        var configuration = Object()
        if let other { configuration["campaign"] = .string(other) }
        var campaign = Campaign(
            id: id,
            trigger: Occurrence(type: type, configuration: configuration),
            messages: [.email]
        )
        if converts { campaign.conversions = [Conversion(.event("bought"))] }
        return campaign
    }

    private func circles(_ bench: Bench, from ids: CampaignID...) -> [[CampaignID]] {
        let starts = (ids.isEmpty ? bench.table.all.map(\.id) : ids).compactMap { bench.table.number(of: $0) }
        return bench.table.circles(from: starts, queues: { $0 == "in_app" }, most: 100)
    }

    @Test("two that convert each other, one that hears every conversion, a longer way round")
    func found() {
        #expect(circles(Bench(Self.campaign("a", after: "b"), Self.campaign("b", after: "a"))) == [["a", "b"]])
        #expect(circles(Bench(Self.campaign("any"))) == [["any"]])
        #expect(
            circles(
                Bench(
                    Self.campaign("a", after: "c"),
                    Self.campaign("b", after: "a"),
                    Self.campaign("c", after: "b"),
                    Self.campaign("beside", after: "a")
                )
            ).map(Set.init) == [["a", "b", "c"]]
        )
    }

    @Test("a delay breaks it, and so does one that raises nothing")
    func none() {
        var late = Self.campaign("b", after: "a")
        late.delay = .length(.seconds(1))
        #expect(circles(Bench(Self.campaign("a", after: "b"), late)).isEmpty)
        #expect(
            circles(Bench(Self.campaign("a", after: "b"), Self.campaign("b", after: "a", converts: false))).isEmpty
        )
        #expect(circles(Bench(Self.campaign("a", type: Event.exception))).isEmpty)
    }

    @Test("what an edit closes is found, and what it opens is not")
    func edited() {
        var bench = Bench(Self.campaign("a", after: "c"), Self.campaign("b", after: "a"), Self.campaign("c"))
        bench.apply(Self.campaign("c", after: "b"))
        #expect(circles(bench, from: "c").map(Set.init) == [["a", "b", "c"]])
        bench.apply(Self.campaign("c", after: "x"))
        #expect(circles(bench).isEmpty)
    }

    @Test("thousands that hear each other cost what hangs together, not its square")
    func many() {
        var bench = Bench()
        let count = 5_000
        for index in 0..<count { bench.apply(Self.campaign("c\(index)", after: "c\(index + 1)")) }
        #expect(circles(bench).isEmpty)
        bench.apply(Self.campaign("c\(count)", after: "c0"))
        #expect(circles(bench).map(\.count) == [count + 1])
        // All of them raise what all of them hear.
        for index in 0...count { bench.apply(Self.campaign("c\(index)")) }
        #expect(circles(bench).count == 100)
    }
}
