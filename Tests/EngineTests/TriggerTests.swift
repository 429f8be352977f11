import Engine
import Testing

struct TriggerTests {
    let cart = Campaign(id: "C", trigger: .event("cart"), delay: .length(.seconds(60)), messages: [.email])

    @Test("3.1: a send waits its delay, and goes exactly then")
    func delay() {
        var bench = Bench(cart)
        let decisions = bench.event("cart", at: 10)
        #expect(decisions.codes == [.scheduled])
        #expect(decisions[0].next == .at(70))
        #expect(bench.run(to: 69).isEmpty)
        bench.run(to: 70)
        #expect(bench.effects.handOvers.map(\.channel) == ["email"])
        #expect(bench.state.waits.isEmpty)
        #expect(bench.timers.isEmpty)
    }

    @Test("3.2.1, 3.2.2: the delay counts from the event's time; one that has elapsed sends at once")
    func late() {
        var bench = Bench(cart)
        #expect(bench.event("cart", at: 10, received: 40)[0].next == .at(70))
        var other = Bench(cart)
        other.event("cart", at: 10, received: 100)
        #expect(other.effects.handOvers.count == 1)
    }

    @Test("1.1.2: an event before the launch never qualifies, one at the launch does")
    func launch() {
        var launched = cart
        launched.launchedAt = .at(100)
        var bench = Bench(launched)
        #expect(bench.event("cart", at: 99, received: 200).codes == [.eventBeforeLaunch])
        #expect(bench.event("cart", at: 100, received: 200).ends.isEmpty)
    }

    @Test("2.3.1: a filter that does not hold is said, with what was found")
    func mismatch() {
        let path = PropertyPath("value")!
        var bench = Bench(
            Campaign(
                id: "C",
                trigger: .event("cart", where: .subject(.property(path), [.greater(100), .less(200)])),
                messages: [.email]
            )
        )
        let decision = bench.event("cart", at: 1, ["value": 100])[0]
        #expect(decision.code == .propertyFilterMismatch)
        #expect(decision.why["found"] == .object(["value": 100]))
        #expect(bench.event("cart", at: 2, ["value": 100.01]).codes == [.scheduled])
    }

    @Test("3.4: a stop ends what waits with its own instant, and a resume brings nothing back")
    func stop() {
        var bench = Bench(cart)
        bench.event("cart", at: 10)
        bench.stop("C", at: 30)
        bench.resume("C")
        let decisions = bench.turn(at: 200) { _, _ in }
        #expect(decisions.codes == [.campaignStopped])
        #expect(decisions[0].at == .at(30))
        #expect(bench.timers.isEmpty)
        #expect(bench.event("cart", at: 300).codes == [.scheduled])
    }

    @Test("3.4: a stopped campaign is not triggered")
    func notLive() {
        var bench = Bench(cart)
        bench.stop("C", at: 5)
        #expect(bench.event("cart", at: 10).codes == [.campaignNotLive])
    }

    @Test("3.4: a waiting send keeps the version it was made under")
    func version() {
        var bench = Bench(cart)
        bench.event("cart", at: 10)
        var edited = cart
        edited.delay = .length(.seconds(5))
        bench.apply(edited)
        #expect(bench.event("cart", at: 12)[0].next == .at(17))
        bench.run(to: 17)
        #expect(bench.effects.handOvers[0].version.version == 2)
        #expect(bench.state.waits.map(\.version.version) == [1])
        #expect(bench.run(to: 70).codes == [.alreadyReceived])
    }

    @Test("6: once for ever, counted from the receipt", arguments: [true, false])
    func once(received: Bool) {
        var bench = Bench(Campaign(id: "C", trigger: .event("cart"), messages: [.email]))
        bench.event("cart", at: 10)
        let send = bench.effects.handOvers[0].send
        bench.turn(at: 11) { turn, _ in
            turn.settle(send: send, channel: "email", received ? .accepted(id: "1") : .refused(reason: "no"))
        }
        // 6.4: refused is not received.
        #expect(bench.event("cart", at: 20).ends == (received ? [.alreadyReceived] : []))
    }

    @Test("6.2, 6.5: again at exactly receipt + W")
    func again() {
        var bench = Bench(
            Campaign(id: "C", trigger: .event("cart"), reEligibility: .after(.seconds(100)), messages: [.email])
        )
        bench.event("cart", at: 10)
        let refused = bench.event("cart", at: 109)
        #expect(refused.codes == [.reEligibilityPending])
        #expect(refused[0].next == .at(110))
        #expect(bench.event("cart", at: 110).codes == [.scheduled])
    }

    @Test("6.5: a wait of 0 never blocks, a late event's included")
    func zero() {
        var bench = Bench(Campaign(id: "C", trigger: .event("cart"), reEligibility: .after(.zero), messages: [.email]))
        bench.event("cart", at: 100)
        bench.event("cart", at: 10, received: 200)
        #expect(bench.effects.handOvers.count == 1)
    }

    @Test("6.7: two waits inside one delay: the first delivers, the second is told why not")
    func twoWaits() {
        var bench = Bench(cart)
        bench.event("cart", at: 10)
        bench.event("cart", at: 20)
        bench.run(to: 70)
        #expect(bench.effects.handOvers.count == 1)
        #expect(bench.run(to: 80).codes == [.alreadyReceived])
    }

    struct Unreachable: Sendable {
        let set: Object
        let code: Decision.Code
    }

    @Test(
        "10.6: reachability, the address first",
        arguments: [
            Unreachable(set: ["email": .null], code: .noEmail),
            Unreachable(set: ["email_status": "hard_bounced"], code: .hardBounced),
            Unreachable(set: ["email_status": "spam"], code: .spamMarked),
            Unreachable(set: ["email_subscription": "unsubscribed"], code: .unsubscribed),
            Unreachable(set: ["email": .null, "email_subscription": "unsubscribed"], code: .noEmail),
        ]
    )
    func reachability(each: Unreachable) {
        var bench = Bench(Campaign(id: "C", trigger: .event("cart"), messages: [.email]))
        bench.turn(at: 1) { turn, _ in turn.set(each.set, at: turn.now) }
        let decisions = bench.event("cart", at: 2)
        #expect(decisions.ends == [each.code])
        #expect(decisions.last?.channel == "email")
        #expect(bench.effects.handOvers.isEmpty)
    }

    @Test("13, Hand-over: a dead address is marked; another address has not bounced")
    func deadAddress() {
        var bench = Bench(Campaign(id: "C", trigger: .event("cart"), messages: [.email]))
        bench.event("cart", at: 10)
        let send = bench.effects.handOvers[0].send
        let settled = bench.turn(at: 11) { turn, _ in
            turn.settle(
                send: send,
                channel: "email",
                .refused(reason: "550"),
                deadAddresses: ["u@example.com"]
            )
        }
        #expect(settled.codes == [.providerRejected])
        #expect(bench.event("cart", at: 12).ends == [.hardBounced])
        bench.turn(at: 13) { turn, _ in turn.set(["email": "new@example.com"], at: turn.now) }
        bench.event("cart", at: 14)
        #expect(bench.effects.handOvers.map(\.addresses) == [["new@example.com"]])
    }

    @Test("13: delivered carries the instant of the hand-over, and a second outcome changes nothing")
    func delivered() {
        var bench = Bench(Campaign(id: "C", trigger: .event("cart"), messages: [.email]))
        bench.event("cart", at: 10)
        let send = bench.effects.handOvers[0].send
        let first = bench.turn(at: 15) { turn, _ in turn.settle(send: send, channel: "email", .accepted(id: "x")) }
        #expect(first.codes == [.delivered])
        #expect(first[0].at == .at(10))
        #expect(
            bench.turn(at: 16) { turn, _ in turn.settle(send: send, channel: "email", .refused(reason: "late")) }
                .isEmpty
        )
        #expect(bench.event("cart", at: 20).codes == [.alreadyReceived])
    }

    @Test("10.8: a template ends its own send, which is no receipt")
    func abort() {
        var bench = Bench(Campaign(id: "C", trigger: .event("cart"), messages: [.email]))
        bench.render = { _ in .aborted("nothing to say") }
        let decisions = bench.event("cart", at: 10)
        #expect(decisions.ends == [.templateAborted])
        #expect(decisions.last?.why["reason"] == "nothing to say")
        bench.render = { _ in .failed("no such filter") }
        #expect(bench.event("cart", at: 11).ends == [.templateError])
    }

    @Test("14: what is no number is no change of what is no number")
    func notANumber() {
        let trigger = Occurrence(type: Event.attributeChanged)
        var bench = Bench(Campaign(id: "C", trigger: trigger, reEligibility: .after(.zero), messages: [.email]))
        let first = bench.turn(at: 1) { turn, _ in turn.set(["n": .decimal(.nan)], at: turn.now) }
        #expect(first.codes == [.scheduled])
        let again = bench.turn(at: 2) { turn, _ in turn.set(["n": .decimal(.nan)], at: turn.now) }
        #expect(again.isEmpty)
    }
}
