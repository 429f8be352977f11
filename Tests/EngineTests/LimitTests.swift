import Engine
import Testing

@Suite struct LimitTests {
    func campaign(_ change: (inout Campaign) -> Void) -> Campaign {
        var campaign = Campaign(id: "C", trigger: .event("cart"), reEligibility: .after(.zero), messages: [.email])
        change(&campaign)
        return campaign
    }

    @discardableResult
    func settle(_ bench: inout Bench, _ outcome: DeliveryOutcome, at seconds: Int64) -> [Decision] {
        guard let claim = bench.state.claims.first else { return [] }
        return bench.turn(at: seconds) { turn, _ in turn.settle(send: claim.send, channel: claim.channel, outcome) }
    }

    @Test("10.3: beyond the minute's slots a send waits for the next minute, and goes then")
    func rateLimit() {
        var bench = Bench(campaign { $0.rateLimit = 1 })
        #expect(bench.event("cart", at: 10).codes == [.scheduled])
        let held = bench.event("cart", at: 11)
        #expect(held.codes == [.scheduled, .deferredRateLimit])
        #expect(held.last?.next == .at(60))
        #expect(bench.state.claims.count == 1)
        bench.run(to: 59)
        #expect(bench.state.claims.count == 1)
        bench.run(to: 60)
        #expect(bench.state.claims.count == 2)
        #expect(bench.tallies[1]?.slots(at: .at(60)) == 1)
    }

    @Test("14, 10.3: a slot that comes back is told of, and the head of the queue takes it")
    func slotComesBack() {
        var bench = Bench(campaign { $0.rateLimit = 1 })
        bench.event("cart", at: 10)
        bench.event("cart", at: 11)
        let head = bench.timers.filter(\.isRateLimited)
        #expect(head.map(\.at) == [.at(60)])
        settle(&bench, .refused(reason: "554"), at: 12)
        #expect(bench.effects.slotsFreed == [1])
        bench.turn(at: 12) { turn, _ in
            let took = turn.takeFreeSlot(head[0])
            #expect(took)
        }
        #expect(bench.effects.handOvers.count == 1)
        #expect(bench.timers.isEmpty)
        // There is no second slot, and a slot of another minute is none of this one's.
        bench.event("cart", at: 13)
        let next = bench.timers.filter(\.isRateLimited)
        bench.turn(at: 14) { turn, _ in
            let took = turn.takeFreeSlot(next[0])
            #expect(!took)
        }
        settle(&bench, .refused(reason: "554"), at: 70)
        #expect(bench.effects.slotsFreed.isEmpty)
    }

    @Test("13, Hand-over: what a provider refuses gives slot, place, cap and receipt back")
    func givesBack() {
        var bench = Bench(
            campaign {
                $0.rateLimit = 1
                $0.maxRecipients = 1
                $0.reEligibility = .once
            }
        )
        bench.workspace.frequencyCaps = [FrequencyCap(atMost: 1, per: .days(1))]
        bench.event("cart", at: 10)
        #expect(bench.tallies[1]?.slots(at: .at(10)) == 1)
        #expect(bench.tallies[1]?.places == 1)
        #expect(bench.state.counted.count == 1)
        #expect(settle(&bench, .refused(reason: "554"), at: 12).codes == [.providerRejected])
        #expect(bench.tallies[1]?.slots(at: .at(12)) == 0)
        #expect(bench.tallies[1]?.places == 0)
        #expect(bench.state.counted.isEmpty && bench.state.receipts.isEmpty)
        // All of it is free again, so the next send goes in the same minute.
        #expect(bench.event("cart", at: 20).codes == [.scheduled])
        #expect(settle(&bench, .gaveUp(reason: "no answer"), at: 30).codes == [.providerGaveUp])
        bench.event("cart", at: 40)
        #expect(settle(&bench, .accepted(id: ""), at: 41).codes == [.delivered])
        #expect(bench.tallies[1]?.places == 1)
        #expect(bench.event("cart", at: 50).ends == [.alreadyReceived])
    }

    @Test("10.2: a cap counts what was handed over, and names itself")
    func cap() {
        var bench = Bench(campaign { _ in })
        bench.workspace.frequencyCaps = [FrequencyCap(atMost: 1, channel: "email", per: .rolling(.seconds(3_600)))]
        bench.event("cart", at: 0)
        let capped = bench.event("cart", at: 3_599)
        #expect(capped.ends == [.frequencyCapped])
        #expect(capped.last?.why["cap"] == "at most 1 email per 1h")
        #expect(bench.event("cart", at: 3_600).codes == [.scheduled])
    }

    @Test("10.7, step 12: a channel that needs an address of another kind")
    func noAddress() {
        var bench = Bench(campaign { $0.messages = [Message(channel: "sms")] })
        bench.channels["sms"] = ChannelRules(queues: false, addressField: "phone")
        #expect(bench.event("cart", at: 0).ends == [.noAddress])
    }

    @Test("8.3, 8.4: a receipt converts once for each conversion, until its time is over")
    func conversions() {
        var bench = Bench(
            campaign {
                $0.conversions = [Conversion(.event("buy"), within: .seconds(100)), Conversion(.event("view"))]
            }
        )
        bench.event("cart", at: 0)
        settle(&bench, .accepted(id: ""), at: 6)
        let converted = bench.event("buy", at: 50)
        #expect(converted.codes == [.converted])
        #expect(converted.first?.conversion == 1)
        #expect(bench.event("buy", at: 60).isEmpty)
        #expect(bench.event("view", at: 200).first?.conversion == 2)
        bench.event("cart", at: 1_000)
        settle(&bench, .accepted(id: ""), at: 1_001)
        #expect(bench.event("buy", at: 1_100).isEmpty, "the deadline is out")
    }

    @Test("14, 10.2: a cap that is applied today counts what was sent in the last 31 days")
    func capAppliedLater() {
        var bench = Bench(campaign { _ in })
        bench.event("cart", at: 0)
        settle(&bench, .accepted(id: ""), at: 1)
        bench.workspace.frequencyCaps = [FrequencyCap(atMost: 1, per: .days(30))]
        #expect(bench.event("cart", at: 29 * 86_400).ends == [.frequencyCapped])
        #expect(bench.event("cart", at: 30 * 86_400).codes == [.scheduled])
    }

    @Test("14, 10.2: messages of older than 31 days are forgotten, and no user keeps more than the limit")
    func countedMessages() {
        var bench = Bench(campaign { _ in })
        for day in 0..<40 {
            bench.event("cart", at: Int64(day) * 86_400)
            settle(&bench, .accepted(id: ""), at: Int64(day) * 86_400)
        }
        #expect(bench.state.counted.count == 32)  // today, and 31 days back, that instant included
        #expect(bench.state.counted.first?.at == .at(8 * 86_400))
        bench.state.counted = (0..<4_096).map { CountedMessage(channel: "email", send: $0, at: .at(40 * 86_400)) }
        bench.event("cart", at: 41 * 86_400)
        #expect(bench.state.counted.count == 4_096)
        #expect(bench.state.counted.first?.send == 1)
    }

    @Test("14, 7.3: single events are kept by name, and no name pushes out another's")
    func happenedPerName() {
        let audience = Filter.all([
            .subject(.eventCount("page", inLast: .init(.days(3))), [.greaterOrEqual(0)]),
            .subject(.eventCount("buy", inLast: .init(.days(3))), [.equal(1)]),
        ])
        var bench = Bench(campaign { $0.audience = audience })
        bench.event("buy", at: 1)
        bench.turn(at: 2) { turn, _ in
            for _ in 0..<5_000 {
                turn.handle(
                    Event(type: Event.customEvent, subject: "page", user: "u", time: turn.now, receivedAt: turn.now)
                )
            }
        }
        #expect(bench.state.happened.count { $0.event == "page" } == 4_096)
        #expect(bench.event("cart", at: 3).codes == [.scheduled])
    }

    @Test("7.3: of the names that a user did those that a campaign asks for are kept, whatever else a client makes up")
    func countedNames() {
        var bench = Bench(campaign { $0.audience = .subject(.eventCount("first", inLast: nil), [.equal(1)]) })
        bench.event("first", at: 1)
        bench.turn(at: 2) { turn, _ in
            turn.handle(Event(type: Event.sessionStart, subject: "", user: "u", time: turn.now, receivedAt: turn.now))
            for number in 0..<5_000 {
                let name = Text("n\(number)")
                turn.handle(
                    Event(type: Event.customEvent, subject: name, user: "u", time: turn.now, receivedAt: turn.now)
                )
            }
        }
        #expect(bench.state.counts.count == 4_096)
        #expect(bench.state.counts.contains { $0.event == Text(Event.sessionStart) })
        #expect(bench.event("cart", at: 3).codes == [.scheduled])
    }

    @Test("7.3: a campaign that looks further back than those before finds what was stored since the first looked")
    func furtherBack() {
        func back(_ days: Int64) -> Campaign {
            campaign { $0.audience = .subject(.eventCount("x", inLast: .init(.days(days))), [.equal(2)]) }
        }
        var bench = Bench(back(1))
        bench.event("x", at: 0)
        bench.event("x", at: 5 * 86_400)
        #expect(bench.event("cart", at: 5 * 86_400 + 1).codes == [.notInSegmentAtTrigger])
        bench.apply(back(30))
        #expect(bench.event("cart", at: 5 * 86_400 + 2).codes == [.scheduled])
    }

    @Test("4.13: exceptions are remembered each for itself, and none pushes out another")
    func seenExceptions() {
        var bench = Bench(
            campaign {
                $0.delay = .length(.seconds(60))
                $0.exceptions = [.event("buy"), .event("page", same: "product")]
            }
        )
        bench.event("buy", at: 20)
        for index in 0..<300 { bench.event("page", at: 21, ["product": .integer(Int64(index))]) }
        #expect(bench.state.seenExceptions.count == 257)
        let late = bench.event("cart", at: 10, received: 30)
        #expect(late.codes == [.cancelledByException])
    }

    @Test("a user has so many messages without an end, and so many bytes of properties with them, and no more")
    func waiting() {
        var bench = Bench(campaign { $0.delay = .length(.days(30)) })
        let decisions = bench.turn(at: 1) { turn, _ in
            for _ in 0..<4_097 {
                turn.handle(
                    Event(type: Event.customEvent, subject: "cart", user: "u", time: turn.now, receivedAt: turn.now)
                )
            }
        }
        #expect(decisions.count { $0.code == .scheduled } == 4_096)
        #expect(decisions.last?.code == .tooManyWaiting)
        #expect(bench.state.waits.count == 4_096)

        bench = Bench(campaign { $0.delay = .length(.days(30)) })
        let large = String(repeating: "x", count: 1 << 20)
        for second in 0..<9 { bench.event("cart", at: Int64(second), ["text": .string(large)]) }
        #expect(bench.state.waits.count == 8)
        bench.run(to: 31 * 86_400)
        #expect(bench.event("cart", at: 31 * 86_400).codes == [.scheduled], "what has ended takes no room")
    }
}
