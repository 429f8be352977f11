import Engine
import Testing

struct InAppTests {
    func campaign(_ id: CampaignID, on event: String = "e", _ message: Message = .inApp()) -> Campaign {
        Campaign(id: id, trigger: .event(event), reEligibility: .after(.zero), messages: [message])
    }

    func acknowledge(_ bench: inout Bench, at seconds: Int64) -> Bool {
        let token = bench.effects.presented?.token ?? 0
        var held = false
        bench.turn(at: seconds) { turn, _ in held = turn.acknowledge(token: token) }
        return held
    }

    @Test("9.1, 9.2: queued when due, shown by the next session; one of the same instant counts")
    func nextSession() {
        var bench = Bench(campaign("A"))
        #expect(bench.event("e", at: 10).codes == [.scheduled, .queuedInApp])
        #expect(bench.effects.presented == nil)
        bench.session(at: 20)
        #expect(bench.effects.presented?.campaign == "A")
        var same = Bench(campaign("A"))
        same.session(at: 10)
        same.event("e", at: 10)
        #expect(same.effects.presented?.campaign == "A")
    }

    @Test("9.2: a session-start trigger without delay shows in that very session")
    func ownSession() {
        var bench = Bench(Campaign(id: "A", trigger: .session, messages: [.inApp()]))
        bench.session(at: 10)
        #expect(bench.effects.presented?.campaign == "A")
    }

    @Test("9.3: the highest priority; of equals the most recently created; the others stay")
    func priority() {
        var bench = Bench(campaign("A"), campaign("B", .inApp(.high)), campaign("D"))
        bench.event("e", at: 10)
        #expect(bench.session(at: 20).codes == [.inAppLowerPriority, .inAppLowerPriority])
        #expect(bench.effects.presented?.campaign == "B")
        #expect(acknowledge(&bench, at: 21))
        // 9.4: 30 s between two.
        #expect(bench.session(at: 50).codes == [.inAppMinimumInterval, .inAppMinimumInterval])
        bench.session(at: 51)
        #expect(bench.effects.presented?.campaign == "D")
    }

    @Test("9.5: strictly before its expiry; at it, it ends, session or not")
    func expiry() {
        var bench = Bench(campaign("A", .inApp(expires: 100)))
        bench.event("e", at: 10)
        bench.session(at: 110)
        #expect(bench.effects.presented == nil)
        let ended = bench.run(to: 110)
        #expect(ended.codes == [.inAppExpired])
        #expect(ended[0].at == .at(110))
        #expect(bench.timers.isEmpty)
    }

    @Test("9.6: one waiting entry a campaign")
    func already() {
        var bench = Bench(campaign("A"))
        bench.event("e", at: 10)
        #expect(bench.event("e", at: 11).ends == [.alreadyQueued])
    }

    @Test(
        "4.9, 9.11: a debounce whose trigger comes again while the message is leased leaves one message, the last one's"
    )
    func debounceWhileLeased() {
        var debounced = campaign("A")
        debounced.delay = .length(.seconds(2))
        debounced.exceptions = [.event("e")]
        var bench = Bench(debounced)
        bench.event("e", at: 10)
        bench.run(to: 12)
        bench.session(at: 13, device: "phone")
        #expect(bench.effects.presented != nil)
        bench.event("e", at: 14)
        bench.run(to: 16)
        #expect(bench.state.queue.count == 2)
        // Not acknowledged: the first ends with its lease.
        let ended = bench.run(to: 1_000)
        #expect(ended.codes.contains(.rescheduledByTrigger))
        #expect(bench.state.queue.map(\.wait.trigger) == [.at(14)])
        bench.session(at: 1_001, device: "phone")
        #expect(bench.effects.presented != nil)
    }

    @Test("9.11: two devices never both have it; unacknowledged it waits for the next session")
    func lease() {
        var bench = Bench(campaign("A"))
        bench.event("e", at: 10)
        bench.session(at: 20, device: "phone")
        let token = bench.effects.presented?.token
        bench.session(at: 21, device: "tablet")
        #expect(bench.effects.presented == nil)
        bench.turn(at: 22) { turn, _ in turn.lease(device: "phone") }
        #expect(bench.effects.presented?.token == token)
        #expect(bench.run(to: 50).isEmpty)
        #expect(!acknowledge(&bench, at: 50))
        bench.session(at: 60, device: "tablet")
        #expect(bench.effects.presented?.campaign == "A")
        #expect(acknowledge(&bench, at: 89))
        #expect(bench.state.queue.isEmpty)
        #expect(bench.timers.isEmpty)
    }

    @Test("9.11: delivered and the receipt are of the acknowledgement's instant")
    func acknowledged() {
        var bench = Bench(Campaign(id: "A", trigger: .event("e"), messages: [.inApp()]))
        bench.event("e", at: 10)
        bench.session(at: 20)
        let token = bench.effects.presented?.token ?? 0
        let decisions = bench.turn(at: 25) { turn, _ in _ = turn.acknowledge(token: token) }
        #expect(decisions.codes == [.delivered])
        #expect(decisions[0].at == .at(25))
        #expect(bench.state.receipts.map(\.at) == [.at(25)])
        #expect(bench.event("e", at: 30).codes == [.alreadyReceived])
    }

    @Test(
        "13, 9.11: an exception during the lease counts at its end, unless it was acknowledged",
        arguments: [true, false]
    )
    func exceptedWhileLeased(seen: Bool) {
        var bench = Bench(
            Campaign(
                id: "A",
                trigger: .event("e"),
                delay: .length(.seconds(1)),
                exceptions: [.event("buy")],
                messages: [.inApp()]
            )
        )
        bench.event("e", at: 9)
        bench.run(to: 10)
        bench.session(at: 20)
        let token = bench.effects.presented?.token ?? 0
        #expect(bench.event("buy", at: 25).isEmpty)
        if seen {
            #expect(bench.turn(at: 30) { turn, _ in _ = turn.acknowledge(token: token) }.codes == [.delivered])
            #expect(bench.run(to: 50).isEmpty)
        } else {
            let ended = bench.run(to: 50)
            #expect(ended.codes == [.cancelledByException])
            #expect(ended[0].at == .at(50))
        }
    }

    @Test("9.8: a stop ends a queued entry; a leased one only at the end of its lease")
    func stopped() {
        var bench = Bench(campaign("A"))
        bench.event("e", at: 10)
        bench.stop("A", at: 15)
        #expect(bench.session(at: 20).codes == [.campaignStopped])
        var leased = Bench(campaign("A"))
        leased.event("e", at: 10)
        leased.session(at: 20)
        leased.stop("A", at: 25)
        #expect(leased.turn(at: 26) { _, _ in }.isEmpty)
        #expect(leased.run(to: 50).codes == [.campaignStopped])
    }

    @Test("9.9: rendered at display; a template that aborts gives its place to the next")
    func renderedAtDisplay() {
        var bench = Bench(campaign("A"), campaign("B"))
        bench.event("e", at: 10)
        bench.render = { $0.campaign == "B" ? .aborted("no") : .fields(["title": "A"]) }
        #expect(bench.session(at: 20).codes == [.templateAborted])
        #expect(bench.effects.presented?.campaign == "A")
    }

    @Test("9.12: beside e-mail, the first delivery is the receipt, and what ends the entry names its channel")
    func beside() {
        var bench = Bench(
            Campaign(
                id: "A",
                trigger: .event("e"),
                delay: .length(.seconds(1)),
                exceptions: [.event("buy")],
                messages: [.email, .inApp()]
            )
        )
        bench.event("e", at: 9)
        bench.run(to: 10)
        #expect(bench.effects.handOvers.count == 1)
        let cancelled = bench.event("buy", at: 20)
        #expect(cancelled.map(\.channel) == ["in_app"])
        #expect(bench.state.receipts.map(\.at) == [.at(10)])
    }

    @Test("clicked and dismissed: seen, and reported as interactions that other campaigns listen to")
    func actions() {
        for action in ["in_app_clicked", "in_app_dismissed"] {
            var bench = Bench(
                campaign("A"),
                Campaign(
                    id: "B",
                    trigger: Occurrence(type: Event.campaignInteraction),
                    reEligibility: .after(.zero),
                    messages: [.email]
                )
            )
            bench.event("e", at: 10)
            bench.session(at: 20)
            let token = bench.effects.presented?.token ?? 0
            let decisions = bench.turn(at: 21) { turn, _ in
                let done = turn.acknowledge(token: token, action: action)
                #expect(done)
            }
            #expect(decisions.first?.code == .delivered)
            // One for having seen it, one for what was done with it.
            #expect(decisions.filter { $0.campaign == "B" && $0.code == .scheduled }.count == 2)
        }
    }

    @Test("held for later: the lease is over, and it is shown by the first session that is late enough")
    func hold() {
        var bench = Bench(campaign("A"))
        bench.event("e", at: 10)
        bench.session(at: 20)
        let token = bench.effects.presented?.token ?? 0
        let held = bench.turn(at: 21) { turn, _ in
            let done = turn.hold(token: token, until: .at(600))
            #expect(done)
        }
        #expect(held.codes == [.inAppHeld])
        #expect(held[0].next == .at(600))
        #expect(bench.timers.allSatisfy { $0.at == .never })
        bench.turn(at: 22) { turn, _ in
            let done = turn.acknowledge(token: token)
            #expect(!done)
        }
        bench.session(at: 599)
        #expect(bench.effects.presented == nil)
        bench.session(at: 600)
        #expect(bench.effects.presented?.campaign == "A")
        bench.turn(at: 601) { turn, _ in
            let done = turn.hold(token: token, until: .at(700))
            #expect(!done)
        }
    }

    @Test("held for later, an exception that happened while it was leased counts now")
    func holdExcepted() {
        var excepted = campaign("A")
        excepted.delay = .length(.seconds(5))
        excepted.exceptions = [.event("x")]
        var bench = Bench(excepted)
        bench.event("e", at: 10)
        bench.run(to: 15)
        bench.session(at: 20)
        let token = bench.effects.presented?.token ?? 0
        bench.event("x", at: 21)
        let held = bench.turn(at: 22) { turn, _ in
            let done = turn.hold(token: token, until: .at(600))
            #expect(done)
        }
        #expect(held.codes == [.cancelledByException])
        #expect(bench.state.queue.isEmpty)
    }

    /// An excepted entry that a client has on lease, and a campaign that hears of exceptions.
    private func excepted(_ change: (inout Campaign) -> Void = { _ in }) -> Bench {
        var excepted = campaign("A")
        excepted.delay = .length(.seconds(5))
        excepted.exceptions = [.event("x")]
        change(&excepted)
        let follow = Campaign(
            id: "F",
            trigger: Occurrence(type: Event.exception, configuration: ["campaign": "A"]),
            reEligibility: .after(.zero),
            messages: [.email]
        )
        var bench = Bench(excepted, follow)
        bench.event("e", at: 10)
        bench.run(to: 15)
        bench.session(at: 20)
        #expect(bench.event("x", at: 21).isEmpty)
        return bench
    }

    @Test(
        "1.4: what a lease's end raises is handled whatever comes first, and has the time of its cause",
        arguments: ["timer", "lease", "acknowledge", "hold", "nothing"]
    )
    func raisedAtTheEnd(first: String) {
        var bench = excepted()
        let token = bench.state.queue[0].lease?.token ?? 0
        let decisions =
            switch first {
            case "timer": bench.run(to: 50)
            case "lease": bench.turn(at: 51) { turn, _ in turn.lease(device: "") }
            case "acknowledge": bench.turn(at: 51) { turn, _ in _ = turn.acknowledge(token: token) }
            case "hold": bench.turn(at: 51) { turn, _ in _ = turn.hold(token: token, until: .at(90)) }
            default: bench.turn(at: 51) { _, _ in }
            }
        #expect(decisions.codes == [.cancelledByException, .scheduled])
        #expect(decisions[0].at == .at(50))
        #expect(decisions[0].why["exception_at"] == .string(Instant.at(21).description))
        #expect(decisions.last?.campaign == "F")
        #expect(decisions.last?.why["event_at"] == .string(Instant.at(21).description))
        #expect(bench.effects.handOvers.map(\.campaign) == ["F"])
    }

    @Test(
        "14: the chain of a debounce goes on where a client did not show the message, and is over where it did",
        arguments: [true, false]
    )
    func leasedDebounce(isSeen: Bool) {
        var debounced = campaign("A")
        debounced.delay = .length(.seconds(40))
        debounced.debouncesAtMost = .seconds(85)
        debounced.exceptions = [.event("e")]
        debounced.reEligibility = .after(.zero)
        var bench = Bench(debounced)
        bench.event("e", at: 10)
        bench.run(to: 50)
        bench.session(at: 51)
        let token = bench.effects.presented?.token ?? 0
        #expect(bench.event("e", at: 60).codes == [.scheduled])
        #expect(bench.state.waits.map(\.due) == [.at(100)])
        if isSeen { bench.turn(at: 70) { turn, _ in _ = turn.acknowledge(token: token) } }
        bench.run(to: 90)
        #expect(bench.state.waits.map(\.due) == [.at(isSeen ? 100 : 95)])
        #expect(bench.state.waits.map(\.firstTrigger) == [.at(isSeen ? 60 : 10)])
        #expect(bench.run(to: 95).codes == (isSeen ? [] : [.queuedInApp]))
    }

    @Test("4.9: where the exception was the trigger too, the end of the lease is no exception to others")
    func raisesNothing() {
        var bench = excepted { $0.exceptions = [.event("e")] }
        bench.event("e", at: 22)
        let decisions = bench.turn(at: 51) { _, _ in }
        #expect(decisions.codes == [.rescheduledByTrigger])
        #expect(bench.effects.handOvers.isEmpty)
    }
}
