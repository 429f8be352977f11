import Engine
import Testing

/// 8.3: what happens between the hand-over and its outcome converts once the message is accepted.
struct ConversionTests {
    private func bench() -> Bench {
        var campaign = Campaign(id: "C", trigger: .event("cart"), messages: [.email, Message(channel: "sms")])
        campaign.conversions = [Conversion(.event("buy"), within: .seconds(100))]
        var follow = Campaign(
            id: "F",
            trigger: Occurrence(type: Event.conversion, configuration: ["campaign": "C"]),
            reEligibility: .after(.zero),
            messages: [.inApp()]
        )
        follow.launchedAt = .at(0)
        var bench = Bench(campaign, follow)
        bench.channels["sms"] = ChannelRules(queues: false)
        bench.event("cart", at: 10)
        #expect(bench.effects.handOvers.count == 2)
        return bench
    }

    private func settle(
        _ bench: inout Bench,
        _ channel: String,
        _ outcome: DeliveryOutcome,
        at seconds: Int64
    ) -> [Decision] {
        let send = bench.state.claims[0].send
        return bench.turn(at: seconds) { turn, _ in turn.settle(send: send, channel: channel, outcome) }
    }

    @Test("it is recorded with the acceptance, at the instant of its event, and told once for both channels")
    func accepted() {
        var bench = bench()
        #expect(bench.event("buy", at: 20).codes.isEmpty)
        let first = settle(&bench, "email", .accepted(id: ""), at: 30)
        #expect(first.codes.prefix(2) == [.delivered, .converted])
        #expect(first[1].at == .at(20))
        #expect(first[1].channel == "email")
        #expect(first.contains { $0.campaign == "F" && $0.code == .scheduled })
        let second = settle(&bench, "sms", .accepted(id: ""), at: 31)
        #expect(second.codes == [.delivered, .converted])
        #expect(second[1].channel == "sms")
        // 8.4: once for each channel.
        #expect(bench.event("buy", at: 40).codes.isEmpty)
        #expect(bench.state.conversionWindows.allSatisfy { !$0.isPending && $0.unrecorded.isEmpty })
    }

    @Test("where the message is refused nothing is recorded; the channel that is accepted still tells of it")
    func refused() {
        var bench = bench()
        bench.event("buy", at: 20)
        #expect(settle(&bench, "email", .refused(reason: "554"), at: 30).codes == [.providerRejected])
        let second = settle(&bench, "sms", .accepted(id: ""), at: 31)
        #expect(second.codes.prefix(2) == [.delivered, .converted])
        #expect(second.contains { $0.campaign == "F" && $0.code == .scheduled })
    }

    @Test("outside the window nothing converts, whenever the message is accepted")
    func outside() {
        var bench = bench()
        #expect(bench.event("buy", at: 110).codes.isEmpty)
        #expect(settle(&bench, "email", .accepted(id: ""), at: 200).codes == [.delivered])
    }

    @Test("a channel that was accepted tells of an event at once, and the other one does not again")
    func mixed() {
        var bench = bench()
        _ = settle(&bench, "email", .accepted(id: ""), at: 11)
        let bought = bench.event("buy", at: 20)
        #expect(bought.codes.first == .converted)
        #expect(bought.contains { $0.campaign == "F" })
        #expect(settle(&bench, "sms", .accepted(id: ""), at: 30).codes == [.delivered, .converted])
    }
}
