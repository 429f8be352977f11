import Engine
import Storage
import Testing

@testable import Core

/// What each kind of work does, and what it answers.
struct WorkTests {
    static let cart = StepTests.cart

    @Test("an id stands for one content: within a request, a step, and for ever")
    func ids() throws {
        var driver = Driver(Self.cart)
        let one = Driver.item("u", "cart", id: "1")
        let other = Driver.item("u", "other", id: "1")
        let (_, answers) = try driver.step(
            [.track(Track([one, one])), .track(Track([one])), .track(Track([other]))],
            at: 0
        )
        #expect(answers[0]?.codes == [[.scheduled], [.scheduled]])
        #expect(answers[1]?.codes == [[.scheduled]])
        guard case .refused(.idUsedOtherwise(item: 0, id: "1"))? = answers[2] else {
            Issue.record("\(String(describing: answers[2]))")
            return
        }
        let (step, later) = try driver.step([.track(Track([one]))], at: 1)
        #expect(step.decided.isEmpty)
        guard case .stored("u", let receipt)? = later[0]?.items?.first?.decisions else {
            Issue.record("\(String(describing: later[0]))")
            return
        }
        #expect(receipt.decisionCount == 1)
    }

    @Test("of a request that is refused nothing is done")
    func refused() throws {
        var driver = Driver(Self.cart)
        try driver.step([.track(Track([Driver.item("u", "cart", id: "1")]))], at: 0)
        let works = [Work.track(Track([Driver.item("v", "cart"), Driver.item("u", "x", id: "1")]))]
        let (step, answers) = try driver.step(works, at: 1)
        #expect(step.changes.isEmpty)
        guard case .refused(.idUsedOtherwise(item: 1, _))? = answers[0] else {
            Issue.record("\(String(describing: answers[0]))")
            return
        }
    }

    @Test("a push token leaves whoever had it, whether on disk, in memory, or in the same step")
    func tokens() throws {
        var driver = Driver(Self.cart)
        func set(_ user: UserID) -> Work { .track(Track([Driver.item(user, "", set: ["push_tokens": ["t"]])])) }
        try driver.step([set("a")], at: 0)
        driver.loaded.cache.removeAll()
        try driver.step([set("b")], at: 1)
        #expect(driver.store.user("a")?.profile["push_tokens"]?.texts ?? [] == [])
        try driver.step([set("c"), set("d")], at: 2)
        for user in ["b", "c"] as [UserID] {
            #expect(driver.store.user(user)?.profile["push_tokens"]?.texts ?? [] == [])
        }
        #expect(driver.store.user("d")?.profile["push_tokens"]?.texts == ["t"])
        #expect(driver.store.tokenOwners(["t"]).map(\.record) == ["d"])
    }

    @Test("who is deleted and comes again in the same step is somebody new, and the accounts close")
    func deleted() throws {
        var driver = Driver(Self.cart)
        let track = Work.track(Track([Driver.item("u", "cart", id: "1")]))
        try driver.step([track], at: 0)
        let (step, answers) = try driver.step([.delete("u"), track, .delete("nobody")], at: 1)
        guard case (.deleted(true)?, .deleted(false)?) = (answers[0], answers[2]) else {
            Issue.record("\(answers)")
            return
        }
        #expect(answers[1]?.codes == [[.scheduled]])
        #expect(step.changes.deletedUsers == ["u"])
        #expect(driver.core.tallies[1]?.matched == 1)
        #expect(driver.timers.count == 1)
    }

    @Test("an outcome is recorded of who is known, and of who was deleted only that it ended")
    func outcomes() throws {
        var driver = Driver(Driver.campaign("now", on: "now", by: "webhook"))
        let (step, _) = try driver.step([.track(Track(["u", "v"].map { Driver.item($0, "now") }))], at: 0)
        #expect(step.claims.count == 2)
        try driver.step([.delete("v")], at: 1)
        let settles = step.claims.map {
            Work.settle($0, .accepted(id: "1"), attempts: 1, hasState: false, deadAddresses: [])
        }
        let (settled, _) = try driver.step(settles, at: 2)
        #expect(settled.decided.map(\.code) == [.delivered])
        #expect(settled.recorded["webhook"]?.ended.count == 2)
        #expect(driver.store.outboxCounts() == [:])
    }

    @Test("a dead letter is sent again once; with its user gone it goes too")
    func redriven() throws {
        var driver = Driver(Driver.campaign("now", on: "now", by: "webhook"))
        let (step, _) = try driver.step([.track(Track([Driver.item("u", "now")]))], at: 0)
        let message = try #require(step.claims.first)
        let rejected = DeliveryOutcome.refused(reason: "no")
        try driver.step([.settle(message, rejected, attempts: 1, hasState: false, deadAddresses: [])], at: 1)
        let number = message.number
        let (again, answers) = try driver.step([.redrive([number, number, 77])], at: 2)
        guard case .redriven(let all)? = answers[0] else {
            Issue.record("\(answers)")
            return
        }
        #expect(all.map { $0.refusal == nil } == [true, false, false])
        #expect(again.claims.map(\.key) == [message.key])
        #expect(driver.store.deadLetters(after: 0, limit: 10).isEmpty)
    }
}
