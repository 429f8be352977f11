import Engine
import Testing

@Suite struct AccountTests {
    /// Messages that really stand somewhere.
    func standing(_ bench: Bench) -> Int64 {
        let waits = bench.state.waits.map { bench.table.campaign($0.version)?.messages.count ?? 0 }.reduce(0, +)
        return Int64(waits + bench.state.queue.count + bench.state.claims.count)
    }

    @Test("matched = waiting + the sum of all ends, whatever happens to two messages of one send")
    func close() {
        var campaign = Campaign(
            id: "C",
            trigger: .event("cart"),
            delay: .length(.seconds(60)),
            exceptions: [.event("buy")],
            reEligibility: .after(.seconds(300)),
            messages: [.email, .inApp()]
        )
        campaign.maxRecipients = 5
        var bench = Bench(campaign)
        func check(_ matched: Int64, _ ended: [Decision.Code: Int64]) {
            let tally = bench.tallies[1] ?? Tally()
            #expect(tally.matched == matched)
            #expect(tally.waiting == standing(bench))
            for code in Decision.Code.allCases { #expect(tally[code] == ended[code] ?? 0, "\(code)") }
        }
        bench.event("cart", at: 0)
        check(2, [:])
        bench.event("buy", at: 10)
        check(2, [.cancelledByException: 2])
        bench.event("cart", at: 100)
        bench.run(to: 160)
        check(4, [.cancelledByException: 2])  // the e-mail is claimed, the other queued
        bench.event("cart", at: 170)
        check(6, [.cancelledByException: 2, .reEligibilityPending: 2])
        if let claim = bench.state.claims.first {
            bench.turn(at: 171) { turn, _ in
                turn.settle(send: claim.send, channel: claim.channel, .accepted(id: ""))
            }
        }
        check(6, [.cancelledByException: 2, .reEligibilityPending: 2, .delivered: 1])
        // The next send finds the first one's message in the queue, and only its e-mail goes.
        bench.event("cart", at: 500)
        bench.run(to: 560)
        check(8, [.cancelledByException: 2, .reEligibilityPending: 2, .delivered: 1, .alreadyQueued: 1])
        // Without an address only the channel ends that needs one.
        bench.event("buy", at: 600)
        bench.state.profile["email"] = nil
        bench.state.receipts = []
        bench.event("cart", at: 700)
        bench.run(to: 760)
        check(
            10,
            [.cancelledByException: 3, .reEligibilityPending: 2, .delivered: 1, .alreadyQueued: 1, .noEmail: 1]
        )
        bench.stop("C", at: 800)
        bench.turn(at: 800) { _, _ in }
        check(
            10,
            [
                .cancelledByException: 3, .reEligibilityPending: 2, .delivered: 1, .alreadyQueued: 1, .noEmail: 1,
                .campaignStopped: 1,
            ]
        )
    }
}
