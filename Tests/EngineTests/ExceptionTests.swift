import Engine
import Testing

struct ExceptionTests {
    func campaign(_ exceptions: Occurrence..., messages: [Message] = [.email]) -> Campaign {
        Campaign(
            id: "C",
            trigger: .event("cart"),
            delay: .length(.seconds(600)),
            exceptions: exceptions,
            reEligibility: .after(.zero),
            messages: messages
        )
    }

    @Test("4.3, 4.4: any one that happens while it waits cancels")
    func cancels() {
        var bench = Bench(campaign(.event("buy"), .event("leave")))
        bench.event("cart", at: 10)
        #expect(bench.event("leave", at: 20).codes == [.cancelledByException])
        #expect(bench.timers.isEmpty)
        #expect(bench.run(to: 1_000).isEmpty)
    }

    @Test("4.4: one from before the trigger is ignored")
    func before() {
        var bench = Bench(campaign(.event("buy")))
        bench.event("cart", at: 10)
        #expect(bench.event("buy", at: 9, received: 20).isEmpty)
        #expect(bench.state.waits.count == 1)
    }

    @Test("4.6: of the trigger's own instant it counts only if stored after it")
    func sameInstant() {
        var stored = Bench(campaign(.event("buy")))
        stored.event("buy", at: 10)
        #expect(stored.event("cart", at: 10).codes == [.scheduled])
        #expect(stored.event("buy", at: 10).codes == [.cancelledByException])
    }

    @Test("4.7: every waiting send of the campaign is cancelled")
    func all() {
        var bench = Bench(campaign(.event("buy")))
        bench.event("cart", at: 10)
        bench.event("cart", at: 20)
        #expect(bench.event("buy", at: 30).codes == [.cancelledByException, .cancelledByException])
    }

    @Test("4.9: trigger = exception is a debounce: the last one counts, with its properties")
    func debounce() {
        var bench = Bench(campaign(.event("cart")))
        bench.event("cart", at: 0, ["n": 1])
        #expect(bench.event("cart", at: 599, ["n": 2]).codes == [.rescheduledByTrigger, .scheduled])
        // 4.5: exactly at the due instant, the event is handled first.
        #expect(bench.event("cart", at: 1_199, ["n": 3]).codes == [.rescheduledByTrigger, .scheduled])
        #expect(bench.state.waits.map(\.due) == [.at(1_799)])
        #expect(bench.state.waits[0].properties["n"] == 3)
    }

    @Test("4.9: matching only the exception is a plain cancellation")
    func narrower() {
        let path = PropertyPath("total")!
        var bench = Bench(
            Campaign(
                id: "C",
                trigger: .event("cart", where: .subject(.property(path), [.greater(100)])),
                delay: .length(.seconds(600)),
                exceptions: [.event("cart")],
                messages: [.email]
            )
        )
        bench.event("cart", at: 0, ["total": 150])
        #expect(bench.event("cart", at: 300, ["total": 50]).codes == [.cancelledByException, .propertyFilterMismatch])
    }

    @Test("4.12: an in-app message can be cancelled until it is seen")
    func queued() {
        var bench = Bench(campaign(.event("buy"), messages: [.inApp()]))
        bench.event("cart", at: 0)
        bench.run(to: 600)
        #expect(bench.state.queue.count == 1)
        #expect(bench.event("buy", at: 700).codes == [.cancelledByException])
        #expect(bench.state.queue.isEmpty)
        #expect(bench.timers.isEmpty)
    }

    @Test("4.13: one that is stored already cancels a trigger that arrives late, for 7 days")
    func outOfOrder() {
        let day: Int64 = 86_400
        var bench = Bench(campaign(.event("buy")))
        bench.event("buy", at: 30)
        #expect(bench.event("cart", at: 10, received: 40).codes == [.cancelledByException])
        #expect(bench.state.waits.isEmpty)
        #expect(bench.event("cart", at: 30, received: 41).codes == [.scheduled])
        var old = Bench(campaign(.event("buy")))
        old.event("buy", at: 30)
        #expect(old.event("cart", at: 10, received: 7 * day + 30).ends == [.cancelledByException])
        old.event("cart", at: 10, received: 7 * day + 31)
        #expect(old.effects.handOvers.count == 1)
    }

    @Test("4.13: of exceptions that agree in all but their time the newest is kept, in whichever order they come")
    func newestOfAKind() {
        var bench = Bench(campaign(.event("buy"), .event("page", same: "product")))
        for second in [30, 32, 31] as [Int64] {
            bench.event("buy", at: second, received: 40)
            bench.event("page", at: second, received: 40, ["product": "A"])
            bench.event("page", at: second, received: 40, ["product": "B"])
        }
        #expect(bench.state.seenExceptions.count == 3)
        #expect(bench.state.seenExceptions.allSatisfy { $0.time == .at(32) })
        #expect(bench.event("cart", at: 31, received: 41).codes == [.cancelledByException])
        #expect(bench.event("cart", at: 32, received: 42).codes == [.scheduled])
    }

    @Test("4.14: a correlated exception cancels only the send of the same product")
    func same() {
        var bench = Bench(campaign(.event("buy", same: "product_id")))
        bench.event("cart", at: 10, ["product_id": "A"])
        bench.event("cart", at: 11, ["product_id": "B"])
        #expect(bench.event("buy", at: 20).isEmpty)
        #expect(bench.event("buy", at: 21, ["product_id": "B"]).codes == [.cancelledByException])
        #expect(bench.state.waits.map { $0.properties["product_id"] } == ["A"])
    }

    @Test("an exception of a version that was edited away still ends that version's sends")
    func edited() {
        var bench = Bench(campaign(.event("buy")))
        bench.event("cart", at: 10)
        bench.apply(campaign(.event("leave")))
        #expect(bench.event("buy", at: 20).codes == [.cancelledByException])
    }
}
