import Engine
import Storage
import Testing

@testable import Core

/// 14: campaigns that are deleted or held, and versions for which nothing waits.
struct LeavingTests {
    static let cart = StepTests.cart

    /// Puts the campaigns of `body` in the place of the driver's.
    private func change(
        _ driver: inout Driver,
        at seconds: Int64,
        _ body: (inout CampaignTable, inout CampaignChange) -> Void
    ) throws -> Answer? {
        var table = driver.core.context.campaigns
        var change = CampaignChange(context: Driver.context(table), records: [])
        body(&table, &change)
        // Nothing is heard any more of what is deleted.
        var heard = table
        for number in change.deleted.keys { heard.delete(number, at: Driver.start) }
        change.context = Driver.context(heard).with(table)
        return try driver.step([.change(change)], at: seconds).answers[0]
    }

    private func track(_ driver: inout Driver, _ user: UserID, _ event: Text, at seconds: Int64) throws -> Step {
        try driver.step([.track(Track([Driver.item(user, event)]))], at: seconds).step
    }

    /// Messages of each version that stand somewhere in the store.
    private func standing(_ driver: Driver, _ users: [UserID]) -> [CampaignVersion: Int64] {
        var found: [CampaignVersion: Int64] = [:]
        for state in users.compactMap({ driver.store.user($0) }) {
            for wait in state.waits {
                found[wait.version, default: 0] += Int64(
                    driver.core.context.campaigns.campaign(wait.version)?.messages.count ?? 0
                )
            }
            for version in state.queue.map(\.wait.version) + state.claims.map(\.version) {
                found[version, default: 0] += 1
            }
        }
        return found
    }

    private func counted(_ driver: Driver) -> [CampaignVersion: Int64] {
        var found: [CampaignVersion: Int64] = [:]
        for (number, tally) in driver.core.tallies {
            for version in tally.versions where version.waiting != 0 {
                found[CampaignVersion(number: number, version: version.version)] = version.waiting
            }
        }
        return found
    }

    @Test(
        "of a campaign that is deleted what waits ends, what a channel has ends with its outcome, and nobody received it"
    )
    func deleted() throws {
        var now = Driver.campaign("now", on: "cart", by: "webhook")
        now.conversions = [Conversion(Occurrence(type: "buy"))]
        var driver = Driver(Self.cart, now)
        let claims = try track(&driver, "a", "cart", at: 0).claims
        #expect(claims.count == 1)
        let answer = try change(&driver, at: 10) { _, change in change.deleted = [1: [7], 2: [8]] }
        guard case .changed(let instant)? = answer else {
            Issue.record("\(String(describing: answer))")
            return
        }
        #expect(driver.store.campaigns().map(\.head.deletedAt) == [instant, instant])
        #expect(driver.core.context.campaigns.all.isEmpty)
        let (swept, _) = try driver.step([.sweep(["a"])], at: 20)
        #expect(swept.decided.map(\.code) == [.campaignDeleted])
        #expect(swept.decided.map(\.at) == [instant])
        #expect(swept.frees)
        #expect(driver.timers.isEmpty)
        #expect(try track(&driver, "a", "cart", at: 21).decided.isEmpty)
        // Something is under way of the second: it is known until that has ended.
        guard case .stillWaits? = try change(&driver, at: 22, { $1.gone = [2] }) else {
            Issue.record("it left with a message under way")
            return
        }
        let settle = Work.settle(claims[0], .accepted(id: "1"), attempts: 1, hasState: false, deadAddresses: [])
        let (settled, _) = try driver.step([settle], at: 23)
        #expect(settled.decided.map(\.code) == [.delivered])
        let state = try #require(driver.store.user("a"))
        #expect(state.receipts.isEmpty && state.conversionWindows.isEmpty)
        #expect(driver.core.tallies[2]?.waiting == 0)
        let left = try change(&driver, at: 24) { table, change in
            change.gone = [1, 2]
            change.records = [CampaignRecord(head: table.head(2)!, version: 1, definition: [])]
            for number in change.gone { table.forget(number) }
        }
        guard case .changed? = left else {
            Issue.record("\(String(describing: left))")
            return
        }
        #expect(driver.store.tallies().isEmpty)
        #expect(driver.store.campaigns().map(\.head.number) == [2])
        #expect(driver.core.context.campaigns.nextNumber == 3)
    }

    @Test("one of the same name is another campaign, and ends of the first count for the first")
    func again() throws {
        var driver = Driver(Driver.campaign("now", on: "cart", by: "webhook"))
        let claims = try track(&driver, "a", "cart", at: 0).claims
        _ = try change(&driver, at: 1) { _, change in change.deleted = [1: []] }
        _ = try change(&driver, at: 2) { table, _ in
            let head = CampaignHead(
                id: "now",
                number: table.nextNumber,
                launchedAt: Driver.start,
                appliedAt: Driver.start
            )
            table.put(head, Driver.campaign("now", on: "cart", by: "webhook"))
        }
        let step = try track(&driver, "a", "cart", at: 3)
        #expect(step.claims.map(\.version.number) == [2])
        try driver.step(
            [.settle(claims[0], .refused(reason: "no"), attempts: 1, hasState: false, deadAddresses: [])],
            at: 4
        )
        #expect(driver.core.tallies[1]?[.providerRejected] == 1)
        #expect(driver.core.tallies[1]?.waiting == 0)
        #expect(driver.core.tallies[2]?[.providerRejected] == 0)
        // And a dead letter of what was deleted stays one.
        guard case .redriven(let answers)? = try driver.step([.redrive([claims[0].number])], at: 5).answers[0] else {
            Issue.record("not answered")
            return
        }
        #expect(answers.first?.refusal?.contains("campaign_deleted") == true)
    }

    @Test("while a campaign is held nothing triggers and nothing leaves; a corrected version takes over what waits")
    func held() throws {
        var two = Self.cart
        two.messages.append(Message(channel: "in_app"))
        var driver = Driver(two)
        let at = try #require(try track(&driver, "a", "cart", at: 0).changes.timersAdded.first)
        _ = try change(&driver, at: 1) { table, _ in table.put(table.head(1)!, two, isHeld: true) }
        #expect(try track(&driver, "a", "cart", at: 2).decided.isEmpty)
        let (due, _) = try driver.step([], timers: [at], at: 100)
        #expect(due.changes.isEmpty)
        #expect(driver.timers.contains(at))
        #expect(driver.store.timers(after: nil, through: .never, limit: 10) == [at])
        _ = try change(&driver, at: 101) { table, _ in
            var head = table.head(1)!
            head.version = 2
            table.put(head, Self.cart)
        }
        #expect(driver.core.tallies[1]?.mayLeave(1, at: Driver.start + .seconds(101)) == false)
        let (sent, _) = try driver.step([], timers: [at], at: 102)
        #expect(sent.claims.map(\.version) == [CampaignVersion(number: 1, version: 2)])
        #expect(sent.frees)
        #expect(driver.core.tallies[1]?.mayLeave(1, at: Driver.start + .seconds(102)) == true)
        #expect(driver.core.tallies[1]?.waiting == 1)
        #expect(counted(driver) == standing(driver, ["a"]))
    }

    @Test("a campaign that is held is stopped and deleted like any other")
    func heldEnds() throws {
        var driver = Driver(Self.cart)
        _ = try track(&driver, "a", "cart", at: 0)
        _ = try change(&driver, at: 1) { table, _ in table.put(table.head(1)!, Self.cart, isHeld: true) }
        try driver.step([.stop("cart", definition: [])], at: 2)
        let (step, _) = try driver.step([.sweep(["a"])], at: 3)
        #expect(step.decided.map(\.code) == [.campaignStopped])
    }

    @Test("an open window keeps its version for as long as something may convert in it, and a redriven message does")
    func windows() throws {
        var now = Driver.campaign("now", on: "cart", by: "webhook")
        now.conversions = [Conversion(Occurrence(type: "buy"), within: .days(1))]
        var driver = Driver(now)
        let claims = try track(&driver, "a", "cart", at: 0).claims
        _ = try change(&driver, at: 1) { table, _ in
            var head = table.head(1)!
            head.version = 2
            table.put(head, now)
        }
        func mayLeave(_ days: Int64) -> Bool? { driver.core.tallies[1]?.mayLeave(1, at: Driver.start + .days(days)) }
        #expect(mayLeave(100) == false)
        try driver.step(
            [.settle(claims[0], .refused(reason: "no"), attempts: 1, hasState: false, deadAddresses: [])],
            at: 2
        )
        #expect(mayLeave(30) == false)
        #expect(mayLeave(31) == true)
        try driver.step([.redrive([claims[0].number])], at: 3)
        #expect(mayLeave(100) == false)
        let answer = try change(&driver, at: 100 * 86_400) { table, change in
            change.leaving = [CampaignVersion(number: 1, version: 1)]
            table.remove(change.leaving[0])
        }
        guard case .stillWaits? = answer else {
            Issue.record("it left with a message under way")
            return
        }
        #expect(driver.core.context.campaigns.versionCount(of: 1) == 2)
    }

    @Test("what is counted of each version is what stands of it, after any edits, ends and outcomes")
    func counts() throws {
        let users: [UserID] = ["a", "b", "c", "d"]
        var seed: UInt64 = 11
        func chance(_ below: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % below
        }
        func campaign() -> Campaign {
            var campaign = Driver.campaign(
                "c",
                on: "cart",
                delay: .seconds([0, 30, 90][chance(3)]),
                by: ["webhook", "push"][chance(2)]
            )
            if chance(2) == 0 { campaign.messages.append(Message(channel: "in_app", expiresAfter: .seconds(200))) }
            if chance(3) == 0 { campaign.rateLimit = 1 }
            return campaign
        }
        var driver = Driver(campaign())
        var claims: [OutboxMessage] = []
        for step in 0..<3_000 {
            let now = Int64(step) * 7
            let user = users[chance(users.count)]
            switch chance(12) {
            case 0:
                _ = try change(&driver, at: now) { table, _ in
                    var head = table.head(1)!
                    head.version += 1
                    table.put(head, campaign(), isHeld: chance(4) == 0)
                }
            case 1: try driver.step([.delete(user)], at: now)
            case 2: try driver.step([.stop("c", definition: [])], at: now)
            case 3, 4: try driver.step([.resume("c", definition: [])], at: now)
            case 5:
                let set: Object = ["push_tokens": chance(2) == 0 ? .null : .array([.string(user)])]
                try driver.step([.track(Track([Driver.item(user, "", set: set)]))], at: now)
            case 6, 7:
                guard let claim = claims.popLast() else { continue }
                let outcome: DeliveryOutcome = chance(2) == 0 ? .accepted(id: "1") : .gaveUp(reason: "no")
                try driver.step(
                    [.settle(claim, outcome, attempts: 1, hasState: false, deadAddresses: [])],
                    at: now
                )
            case 8:
                let letters = driver.store.deadLetters(after: 0, limit: 1).map(\.message.number)
                claims += try driver.step([.redrive(letters)], at: now).step.claims
            case 9:
                let due = driver.timers.filter { $0.at < Driver.start + .seconds(now) }.sorted()
                claims += try driver.step([], timers: due, at: now).step.claims
            default: claims += try track(&driver, user, "cart", at: now).claims
            }
            #expect(counted(driver) == standing(driver, users), "step \(step)")
            let tally = driver.core.tallies[1] ?? Tally()
            #expect(tally.waiting == standing(driver, users).values.reduce(0, +), "step \(step)")
        }
        #expect((driver.core.tallies[1]?.matched ?? 0) > 300)
    }
}
