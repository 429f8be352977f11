import Engine
import Testing

/// 14: items of history count, whenever they are told, and do nothing.
struct HistoryTests {
    private static func bench() -> Bench {
        let campaign = Campaign(
            id: "A",
            trigger: .event("e"),
            delay: .days(1, at: .best(fallback: ClockTime(milliseconds: 0)), .user),
            reEligibility: .after(.zero),
            messages: [.email]
        )
        var counts = Campaign(id: "B", trigger: .event("f"), messages: [.email])
        counts.audience = .all([
            .subject(.eventCount("v", inLast: Filter.Recent(.days(30))), [.isBlank]),
            .subject(.purchaseTotal("EUR", inLast: Filter.Recent(.days(30))), [.isBlank]),
        ])
        return Bench(campaign, counts)
    }

    private static func tell(_ bench: inout Bench, _ event: Event) -> [Decision] {
        var event = event
        event.isHistory = true
        return bench.turn(at: event.receivedAt.milliseconds / 1_000) { turn, _ in turn.handle(event) }
    }

    @Test("of what is kept, the newest stays: history that is told later is older all the same")
    func order() {
        var bench = Self.bench()
        let day: Int64 = 86_400
        for number in 0..<4_096 { bench.event("v", at: 20 * day + Int64(number)) }
        for number in 0..<100 { bench.session(at: 20 * day + 4_096 + Int64(number)) }
        let kept = (bench.state.happened, bench.state.engagements)
        for number in 0..<200 {
            let (at, received) = (Instant.at(10 * day + Int64(number)), Instant.at(21 * day))
            let view = Event(type: Event.customEvent, subject: "v", user: "u", time: at, receivedAt: received)
            #expect(Self.tell(&bench, view).isEmpty)
            let session = Event(type: Event.sessionStart, user: "u", time: at, receivedAt: received)
            #expect(Self.tell(&bench, session).isEmpty)
        }
        #expect(bench.state.happened == kept.0)
        #expect(bench.state.engagements == kept.1)
        #expect(bench.state.counts.first { $0.event == "v" }?.count == 4_296)
        #expect(bench.state.counts.first { $0.event == "v" }?.last == .at(20 * day + 4_095))
        #expect(bench.state.lastSession == .at(20 * day + 4_195))
    }

    @Test("of purchases beyond those that are kept the oldest are one sum, whenever they are told")
    func spent() {
        var bench = Self.bench()
        let day: Int64 = 86_400
        func purchase(_ at: Int64) -> Event {
            Event(
                type: Event.purchase,
                subject: "p",
                user: "u",
                time: .at(at),
                receivedAt: .at(21 * day),
                properties: ["price": 1, "currency": "EUR", "quantity": 1]
            )
        }
        for number in 0..<4_096 { _ = Self.tell(&bench, purchase(20 * day + Int64(number))) }
        for number in 0..<10 { _ = Self.tell(&bench, purchase(10 * day + Int64(number))) }
        #expect(bench.state.spent.count == 4_097)
        #expect(bench.state.spent.filter { $0.at == nil }.map(\.amount.description) == ["10"])
        #expect(bench.state.spent.compactMap(\.at).min() == .at(20 * day))
    }

    @Test("a session of history is no session to show something in, at its own instant either")
    func session() {
        let inbox = Campaign(id: "I", trigger: .event("e"), messages: [.inApp()])
        var bench = Bench(inbox)
        let session = Event(type: Event.sessionStart, user: "u", time: .at(10), receivedAt: .at(10))
        #expect(Self.tell(&bench, session).isEmpty)
        #expect(bench.event("e", at: 10).codes == [.scheduled, .queuedInApp])
        #expect(bench.effects.presented == nil)
        #expect(Self.tell(&bench, session).isEmpty)
        #expect(bench.effects.presented == nil && bench.state.lastSession == nil)
    }
}
