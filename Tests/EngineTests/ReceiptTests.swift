import Engine
import Testing

/// 6.3, 9.12: a send sets its receipt once, at its first delivery.
struct ReceiptTests {
    private func bench(_ reEligibility: ReEligibility) -> Bench {
        Bench(Campaign(id: "C", trigger: .event("e"), reEligibility: reEligibility, messages: [.email, .inApp()]))
    }

    private func settle(_ bench: inout Bench, _ send: UInt64, _ outcome: DeliveryOutcome, at seconds: Int64) {
        bench.turn(at: seconds) { turn, _ in turn.settle(send: send, channel: "email", outcome) }
    }

    private func view(_ bench: inout Bench, at seconds: Int64) {
        bench.session(at: seconds)
        let token = bench.effects.presented?.token ?? 0
        let codes = bench.turn(at: seconds) { turn, _ in
            let held = turn.acknowledge(token: token)
            #expect(held)
        }.codes
        #expect(codes == [.delivered])
    }

    private var last: (Bench) -> Instant? { { $0.state.receipts.filter(\.isCertain).map(\.at).max() } }

    @Test("a view of an older send does not move the receipt that a newer send has set")
    func lateView() {
        var bench = bench(.after(.seconds(100)))
        bench.event("e", at: 10)
        settle(&bench, bench.effects.handOvers[0].send, .accepted(id: ""), at: 11)
        bench.event("e", at: 110)  // again at exactly 10 + 100
        settle(&bench, bench.effects.handOvers[0].send, .accepted(id: ""), at: 111)
        #expect(last(bench) == .at(110))
        view(&bench, at: 150)
        #expect(last(bench) == .at(110), "the send of 10 s has its receipt")
        #expect(bench.event("e", at: 209).codes == [.reEligibilityPending])
        #expect(bench.event("e", at: 210).codes.contains(.scheduled))
        #expect(bench.state.receipts.filter(\.isCertain).count == 1, "no receipt stays without its reason")
    }

    @Test("a view is the receipt where the other channel was refused, and an acceptance that comes later is not")
    func viewFirst() {
        var bench = bench(.after(.seconds(100)))
        bench.event("e", at: 10)
        let send = bench.effects.handOvers[0].send
        settle(&bench, send, .refused(reason: "554"), at: 11)
        #expect(bench.state.receipts.isEmpty)
        view(&bench, at: 50)
        #expect(last(bench) == .at(50))

        bench = self.bench(.after(.seconds(100)))
        bench.event("e", at: 10)
        let other = bench.effects.handOvers[0].send
        view(&bench, at: 50)
        settle(&bench, other, .accepted(id: ""), at: 60)
        #expect(last(bench) == .at(10), "accepted, it was delivered when it was handed over")

        bench = self.bench(.after(.seconds(100)))
        bench.event("e", at: 10)
        let refused = bench.effects.handOvers[0].send
        view(&bench, at: 50)
        settle(&bench, refused, .refused(reason: "554"), at: 60)
        #expect(last(bench) == .at(50))
    }
}
