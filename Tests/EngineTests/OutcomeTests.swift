import Engine
import Testing

/// What becomes of messages that were handed over: tries that fail, users who leave meanwhile, dead letters.
struct OutcomeTests {
    private func claimed(at seconds: Int64 = 10, email: Value? = nil) -> Bench {
        var bench = Bench(Campaign(id: "C", trigger: .event("cart"), messages: [.email]))
        if let email { bench.state.profile["email"] = email }
        bench.event("cart", at: seconds)
        return bench
    }

    private var failed: FailedTry { FailedTry(reason: "451 later", attempt: 2, next: .at(40)) }

    @Test("a try that fails ends nothing, and says when the next one is")
    func putOff() {
        var bench = claimed()
        let send = bench.effects.handOvers[0].send
        let decisions = bench.turn(at: 20) { turn, _ in turn.putOff(send: send, channel: "email", failed) }
        #expect(decisions.codes == [.deferredProvider])
        #expect(decisions[0].next == .at(40))
        #expect(decisions[0].why["reason"] == "451 later")
        #expect(decisions[0].why["attempt"] == 2)
        #expect(bench.tallies.values.first?.waiting == 1)
        let end = bench.turn(at: 41) { turn, _ in turn.settle(send: send, channel: "email", .accepted(id: "x")) }
        #expect(end.codes == [.delivered])
    }

    @Test("a send whose channel is not loaded by then ends in a decision, and is counted")
    func notLoaded() {
        var bench = Bench(Campaign(id: "C", trigger: .event("cart"), messages: [.email]))
        bench.channels["email"] = nil
        #expect(bench.event("cart", at: 10).codes == [.scheduled, .noAddress])
        #expect(bench.tallies.values.first?.waiting == 0)
        #expect(bench.state.waits.isEmpty)
    }

    @Test("what ends counts among its own version's messages, whatever the campaign's newest one has")
    func ownVersion() {
        var bench = Bench(Campaign(id: "C", trigger: .event("cart"), delay: .length(.seconds(60)), messages: [.email]))
        bench.event("cart", at: 10)
        bench.apply(
            Campaign(id: "C", trigger: .event("cart"), delay: .length(.seconds(60)), messages: [.email, .inApp()])
        )
        bench.event("cart", at: 20)
        #expect(bench.tallies.values.first?.waiting == 3)
        bench.stop("C", at: 30)
        bench.turn(at: 40) { _, _ in }
        #expect(bench.tallies.values.first?.waiting == 0)
    }

    @Test("tokens that are dead leave the profile, whatever became of the message, and are told")
    func deadTokens() {
        var bench = Bench(
            Campaign(id: "C", trigger: .event("cart"), messages: [Message(channel: "push", fields: ["title": "x"])])
        )
        bench.channels["push"] = ChannelRules(queues: false, addressField: "push_tokens")
        bench.turn(at: 1) { turn, _ in turn.set(["push_tokens": ["a", "b", "c"]], at: turn.now) }
        bench.event("cart", at: 10)
        let send = bench.effects.handOvers[0].send
        bench.turn(at: 11) { turn, _ in
            turn.putOff(send: send, channel: "push", failed, deadAddresses: ["b"])
        }
        #expect(bench.state.profile["push_tokens"] == ["a", "c"])
        let end = bench.turn(at: 12) { turn, _ in
            turn.settle(send: send, channel: "push", .accepted(id: ""), deadAddresses: ["c"])
        }
        #expect(end[0].why["dead_addresses"] == ["c"])
        #expect(bench.state.profile["push_tokens"] == ["a"])
    }

    @Test("a profile knows since when it has a token, however often it is set, and a hand-over says so")
    func tokensSince() {
        var bench = Bench(
            Campaign(id: "C", trigger: .event("cart"), messages: [Message(channel: "push", fields: ["title": "x"])])
        )
        bench.channels["push"] = ChannelRules(queues: false, addressField: "push_tokens")
        bench.turn(at: 10) { turn, _ in turn.set(["push_tokens": ["a", "b"]], at: turn.now) }
        // Told late of what happened before, and of what is yet to happen.
        bench.turn(at: 20) { turn, _ in turn.set(["push_tokens": ["c", "b", ""]], at: .at(15)) }
        #expect(bench.state.pushTokensSince == [.at(15), .at(10), .at(15)])
        bench.turn(at: 30) { turn, _ in turn.set(["push_tokens": ["b", "c", "d"]], at: .at(99)) }
        #expect(bench.state.pushTokensSince == [.at(10), .at(15), .at(30)])
        bench.turn(at: 31) { turn, _ in turn.lose(token: "b") }
        bench.turn(at: 32) { turn, _ in turn.set(["push_tokens": ["c", "d"], "plan": "gold"], at: turn.now) }
        bench.event("cart", at: 40)
        #expect(bench.effects.handOvers[0].addresses == ["c", "d"])
        #expect(bench.effects.handOvers[0].addressesSince == [.at(15), .at(30)])
        let send = bench.effects.handOvers[0].send
        bench.turn(at: 41) { turn, _ in
            turn.settle(send: send, channel: "push", .accepted(id: ""), deadAddresses: ["c"])
        }
        #expect(bench.state.pushTokensSince == [.at(30)])
        // A record of before this was kept.
        bench.state.pushTokensSince = []
        bench.event("cart", at: 50)
        bench.turn(at: 51) { turn, _ in turn.set(["push_tokens": ["d", "e"]], at: turn.now) }
        #expect(bench.state.pushTokensSince == [Instant(milliseconds: 0), .at(51)])
        bench.turn(at: 52) { turn, _ in turn.set(["push_tokens": .null], at: turn.now) }
        #expect(bench.state.pushTokensSince.isEmpty)
    }

    @Test(
        "10.6: a token that another profile registered leaves this one, and what waits for its next try goes elsewhere"
    )
    func tokenLost() {
        var bench = Bench(
            Campaign(id: "C", trigger: .event("cart"), messages: [Message(channel: "push", fields: ["title": "x"])])
        )
        bench.channels["push"] = ChannelRules(queues: false, addressField: "push_tokens")
        bench.turn(at: 1) { turn, _ in turn.set(["push_tokens": ["a", "b"]], at: turn.now) }
        #expect(bench.effects.tokensGained == ["a", "b"])
        bench.event("cart", at: 10)
        let number = bench.effects.handOvers[0].number
        bench.turn(at: 11) { turn, _ in turn.lose(token: "a") }
        #expect(bench.state.profile["push_tokens"] == ["b"])
        #expect(bench.effects.tokensLost == ["a"])
        #expect(bench.effects.decisions.isEmpty)
        #expect(bench.effects.readdressed.map(\.number) == [number])
        #expect(bench.effects.readdressed.map(\.addresses) == [["b"]])
        bench.turn(at: 12) { turn, _ in turn.lose(token: "b") }
        #expect(bench.effects.withdrawn.map(\.number) == [number], "nobody is left to be reached")
    }

    @Test("an address that changes while a message waits for its next try is where that try goes")
    func addressChanged() {
        var bench = claimed()
        let handOver = bench.effects.handOvers[0]
        bench.turn(at: 11) { turn, _ in turn.set(["email": "new@example.com"], at: turn.now) }
        #expect(bench.effects.readdressed.map(\.addresses) == [["new@example.com"]])
        bench.turn(at: 12) { turn, _ in
            let addresses = turn.newAddresses(send: handOver.send, channel: "email")
            #expect(addresses == ["new@example.com"])
        }
    }

    @Test("a list of addresses: one letter goes to all, a dead one leaves the list, the last one ends it")
    func deadAddressOfSeveral() {
        var bench = Bench(Campaign(id: "C", trigger: .event("cart"), reEligibility: .after(.zero), messages: [.email]))
        bench.turn(at: 1) { turn, _ in turn.set(["email": ["a@x", "b@x"]], at: turn.now) }
        bench.event("cart", at: 10)
        #expect(bench.effects.handOvers.map(\.addresses) == [["a@x", "b@x"]])
        for (second, dead, left) in [(11, "a@x", ["b@x"]), (12, "b@x", [])] as [(Int64, Text, Value)] {
            let send = bench.effects.handOvers[0].send
            bench.turn(at: second) { turn, _ in
                turn.settle(send: send, channel: "email", .accepted(id: ""), deadAddresses: [dead])
            }
            #expect(bench.state.profile["email"] == left)
            #expect(bench.state.profile["email_status"] == nil)
            bench.event("cart", at: second)
        }
        #expect(bench.event("cart", at: 13).ends == [.noEmail])
    }

    @Test("a death from before the user had the token again says nothing of it")
    func deadBeforeItCameBack() {
        var bench = Bench(
            Campaign(
                id: "C",
                trigger: .event("cart"),
                reEligibility: .after(.zero),
                messages: [Message(channel: "push", fields: ["title": "x"])]
            )
        )
        bench.channels["push"] = ChannelRules(queues: false, addressField: "push_tokens")
        bench.turn(at: 1) { turn, _ in turn.set(["push_tokens": ["a", "b"]], at: turn.now) }
        bench.event("cart", at: 10)
        let handOver = bench.effects.handOvers[0]
        let judged = Dictionary(uniqueKeysWithValues: zip(handOver.addresses, handOver.addressesSince))
        bench.turn(at: 11) { turn, _ in turn.set(["push_tokens": ["b"]], at: turn.now) }
        bench.turn(at: 12) { turn, _ in turn.set(["push_tokens": ["a", "b"]], at: turn.now) }
        bench.turn(at: 13) { turn, _ in
            let dead = turn.believedDead(["a", "b"], of: "push", judged: judged)
            #expect(dead == ["b"])
        }
    }

    @Test("a message whose token was away for a moment ends as what it was: without a token")
    func tokenAwayForAMoment() {
        var bench = Bench(
            Campaign(
                id: "C",
                trigger: .event("cart"),
                reEligibility: .after(.zero),
                messages: [Message(channel: "push", fields: ["title": "x"])]
            )
        )
        bench.channels["push"] = ChannelRules(queues: false, addressField: "push_tokens")
        bench.turn(at: 1) { turn, _ in turn.set(["push_tokens": ["a"]], at: turn.now) }
        bench.event("cart", at: 10)
        let handOver = bench.effects.handOvers[0]
        bench.turn(at: 11) { turn, _ in turn.set(["push_tokens": .array([])], at: turn.now) }
        bench.turn(at: 12) { turn, _ in turn.set(["push_tokens": ["a"]], at: turn.now) }
        let end = bench.turn(at: 13) { turn, _ in turn.settle(send: handOver.send, channel: "push", .withdrawn) }
        #expect(end.codes == [.noPushToken])
    }

    @Test("whoever unsubscribes is not tried again: the claim is withdrawn once, and its end is the consent's")
    func withdrawn() {
        var bench = claimed()
        let handOver = bench.effects.handOvers[0]
        bench.turn(at: 20) { turn, _ in turn.set(["plan": "gold"], at: turn.now) }
        #expect(bench.effects.withdrawn.isEmpty)
        bench.turn(at: 21) { turn, _ in turn.set(["email_subscription": "unsubscribed"], at: turn.now) }
        #expect(bench.effects.withdrawn.map(\.number) == [handOver.number])
        bench.turn(at: 22) { turn, _ in turn.set(["plan": "silver"], at: turn.now) }
        #expect(bench.effects.withdrawn.isEmpty)
        let end = bench.turn(at: 23) { turn, _ in
            turn.settle(send: handOver.send, channel: "email", .withdrawn)
        }
        #expect(end.codes == [.unsubscribed])
        #expect(bench.state.claims.isEmpty)
        // 6.4: nothing was received.
        #expect(bench.state.receipts.isEmpty)
    }

    @Test("a message under way when its user left, and accepted all the same, is delivered")
    func withdrawnTooLate() {
        var bench = claimed()
        let send = bench.effects.handOvers[0].send
        bench.turn(at: 21) { turn, _ in turn.set(["email_subscription": "unsubscribed"], at: turn.now) }
        let end = bench.turn(at: 22) { turn, _ in turn.settle(send: send, channel: "email", .accepted(id: "")) }
        #expect(end.codes == [.delivered])
    }

    @Test("an outcome that nobody knows, where it is never sent again, ends as given up")
    func unknown() {
        var bench = claimed()
        let send = bench.effects.handOvers[0].send
        let end = bench.turn(at: 22) { turn, _ in
            turn.settle(send: send, channel: "email", .unknown(reason: "a crash"))
        }
        #expect(end.codes == [.providerGaveUp])
        #expect(bench.state.receipts.isEmpty)
    }

    @Test("6.4: of two sends that were claimed and both failed, nothing stays reserved, in whatever order they end")
    func bothFail() {
        for firstEnds in [true, false] {
            var bench = claimed()
            let first = bench.effects.handOvers[0]
            bench.turn(at: 11) { turn, _ in turn.settle(send: first.send, channel: "email", .refused(reason: "554")) }
            bench.event("cart", at: 12)
            let second = bench.effects.handOvers[0]
            bench.turn(at: 13) { turn, _ in
                let fault = turn.redrive(letter(first))
                #expect(fault == nil)
            }
            for send in firstEnds ? [first.send, second.send] : [second.send, first.send] {
                #expect(bench.event("cart", at: 14).codes == [.alreadyReceived], "one is still under way")
                bench.turn(at: 15) { turn, _ in turn.settle(send: send, channel: "email", .refused(reason: "554")) }
            }
            #expect(bench.state.receipts.isEmpty)
            #expect(bench.event("cart", at: 16).codes == [.scheduled])
        }
    }

    @Test("6.1: of two sends that were claimed one delivery is enough, in whatever order they end")
    func oneDelivers() {
        for firstEnds in [true, false] {
            var bench = claimed()
            let first = bench.effects.handOvers[0]
            bench.turn(at: 11) { turn, _ in turn.settle(send: first.send, channel: "email", .refused(reason: "554")) }
            bench.event("cart", at: 12)
            let second = bench.effects.handOvers[0]
            bench.turn(at: 13) { turn, _ in
                let fault = turn.redrive(letter(first))
                #expect(fault == nil)
            }
            let accepted = { (turn: inout Turn) in
                turn.settle(send: second.send, channel: "email", .accepted(id: ""))
            }
            let refused = { (turn: inout Turn) in
                turn.settle(send: first.send, channel: "email", .refused(reason: "554"))
            }
            for end in firstEnds ? [accepted, refused] : [refused, accepted] {
                bench.turn(at: 15) { turn, _ in _ = end(&turn) }
            }
            #expect(bench.event("cart", at: 16).codes == [.alreadyReceived])
            #expect(bench.state.receipts.map(\.at) == [.at(12)])
        }
    }

    @Test("an outcome of a message that was forgotten with its user changes nothing, and says so")
    func forgotten() {
        var bench = claimed()
        let send = bench.effects.handOvers[0].send
        bench.state = UserState()
        let decisions = bench.turn(at: 11) { turn, _ in
            let done = turn.settle(send: send, channel: "email", .refused(reason: "554"))
            #expect(!done)
        }
        #expect(decisions.isEmpty)
    }

    private func letter(
        _ handOver: HandOver,
        _ code: Decision.Code = .providerRejected,
        dead: [Text] = []
    ) -> Redrive {
        Redrive(
            key: handOver.key,
            version: handOver.version,
            campaign: handOver.campaign,
            send: handOver.send,
            channel: handOver.channel,
            fields: handOver.fields,
            code: code,
            addresses: handOver.addresses,
            deadAddresses: dead
        )
    }

    @Test("a dead letter goes again under its key, to the address of now; accounts close at every step")
    func redrive() {
        var bench = claimed()
        let first = bench.effects.handOvers[0]
        bench.turn(at: 11) { turn, _ in turn.settle(send: first.send, channel: "email", .refused(reason: "554")) }
        #expect(bench.tallies.values.first?.waiting == 0)
        bench.turn(at: 12) { turn, _ in turn.set(["email": "new@example.com"], at: turn.now) }
        let redriven = bench.turn(at: 13) { turn, _ in
            let done = turn.redrive(letter(first))
            #expect(done == nil)
        }
        #expect(redriven.codes == [.redriven])
        let again = bench.effects.handOvers[0]
        #expect(again.key == first.key)
        #expect(again.number > first.number)
        #expect(again.addresses == ["new@example.com"])
        #expect(bench.tallies.values.first?.waiting == 1)
        // Its receipt is reserved again.
        #expect(bench.event("cart", at: 14).codes == [.alreadyReceived])
        let end = bench.turn(at: 15) { turn, _ in
            turn.settle(send: again.send, channel: "email", .accepted(id: ""))
        }
        #expect(end.codes == [.delivered])
        #expect(bench.tallies.values.first?[.providerRejected] == 0)
        #expect(bench.tallies.values.first?[.delivered] == 1)
    }

    @Test("a place stays as long as the user has the campaign from any send, whatever becomes of the others")
    func keepsPlace() {
        var campaign = Campaign(
            id: "C",
            trigger: .event("cart"),
            reEligibility: .after(.zero),
            messages: [.email, Message(channel: "push", fields: ["title": "x"])]
        )
        campaign.maxRecipients = 1
        for isFirst in [true, false] {
            var bench = Bench(campaign)
            bench.channels["push"] = ChannelRules(queues: false)
            bench.event("cart", at: 10)
            let first = bench.effects.handOvers[0].send
            bench.event("cart", at: 11)
            let second = bench.effects.handOvers[0].send
            func end(_ send: UInt64, _ channel: String, _ isAccepted: Bool, at: Int64) {
                bench.turn(at: at) { turn, _ in
                    turn.settle(send: send, channel: channel, isAccepted ? .accepted(id: "") : .refused(reason: "554"))
                }
            }
            // The first has it by one channel, or the second alone has it.
            end(first, "email", isFirst, at: 12)
            end(second, "email", true, at: 13)
            end(second, "push", true, at: 14)
            end(first, "push", false, at: 15)
            #expect(bench.tallies.values.first?.places == 1)
            #expect(bench.state.places.count == 1)
        }
    }

    @Test("a dead letter that goes again takes a place, and gives it back where it fails again")
    func redriveTakesPlace() {
        var campaign = Campaign(id: "C", trigger: .event("cart"), messages: [.email])
        campaign.maxRecipients = 1
        var bench = Bench(campaign)
        bench.event("cart", at: 10)
        let first = bench.effects.handOvers[0]
        func places() -> [Int64?] { [bench.tallies.values.first?.places, Int64(bench.state.places.count)] }
        bench.turn(at: 11) { turn, _ in turn.settle(send: first.send, channel: "email", .refused(reason: "554")) }
        #expect(places() == [0, 0])
        for at in [12, 14] as [Int64] {
            bench.turn(at: at) { turn, _ in
                let done = turn.redrive(letter(first))
                #expect(done == nil)
            }
            #expect(places() == [1, 1])
            bench.turn(at: at + 1) { turn, _ in
                turn.settle(send: first.send, channel: "email", at == 12 ? .refused(reason: "554") : .accepted(id: ""))
            }
            #expect(places() == (at == 12 ? [0, 0] : [1, 1]))
        }
    }

    @Test("a dead letter of a user who must not be reached stays where it is")
    func redriveRefused() {
        var bench = claimed()
        let first = bench.effects.handOvers[0]
        bench.turn(at: 11) { turn, _ in turn.settle(send: first.send, channel: "email", .refused(reason: "554")) }
        bench.turn(at: 12) { turn, _ in turn.set(["email_subscription": "unsubscribed"], at: turn.now) }
        let decisions = bench.turn(at: 13) { turn, _ in
            let fault = turn.redrive(letter(first))
            #expect(fault?.0 == .unsubscribed)
        }
        #expect(decisions.isEmpty)
        #expect(bench.effects.handOvers.isEmpty)
    }

    @Test("a dead letter whose address was called dead goes to it again; one of another address leaves the mark")
    func redriveRevives() {
        for (now, isRevived) in [("u@example.com", true), ("new@example.com", false)] as [(Text, Bool)] {
            var bench = claimed()
            let first = bench.effects.handOvers[0]
            let dead = first.addresses
            bench.turn(at: 11) { turn, _ in
                turn.settle(send: first.send, channel: "email", .refused(reason: "550"), deadAddresses: dead)
            }
            #expect(bench.state.profile["email_status"] == "hard_bounced")
            bench.turn(at: 12) { turn, _ in
                if !isRevived {
                    turn.set(["email": .string(now), "email_status": "hard_bounced"], at: turn.now)
                }
            }
            bench.turn(at: 13) { turn, _ in
                let fault = turn.redrive(letter(first, dead: dead))
                #expect(fault?.0 == (isRevived ? nil : .hardBounced))
            }
            #expect(bench.state.profile["email_status"] == (isRevived ? nil : "hard_bounced"))
            #expect(bench.effects.handOvers.map(\.addresses) == (isRevived ? [dead] : []))
        }
    }

    @Test("addresses that left a list come back to it with their dead letter")
    func redriveRevivesAList() {
        var bench = claimed(email: .array(["a@example.com", "b@example.com"]))
        let first = bench.effects.handOvers[0]
        bench.turn(at: 11) { turn, _ in
            turn.settle(
                send: first.send,
                channel: "email",
                .refused(reason: "550"),
                deadAddresses: first.addresses.reversed()
            )
        }
        #expect(bench.state.profile["email"] == .array([]))
        bench.turn(at: 13) { turn, _ in
            let fault = turn.redrive(letter(first, dead: first.addresses.reversed()))
            #expect(fault == nil)
        }
        #expect(bench.state.profile["email"] == .array(["a@example.com", "b@example.com"]))
        #expect(bench.effects.handOvers.map(\.addresses) == [first.addresses])
    }
}
