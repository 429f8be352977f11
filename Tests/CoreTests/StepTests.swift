import Engine
import Storage
import Testing

@testable import Core

/// What one step decides, records and answers, and how it is cut.
struct StepTests {
    static let cart = Driver.campaign("cart", on: "cart", delay: .seconds(60), by: "webhook")

    @Test("timers come before works, and both are one commit")
    func order() throws {
        var driver = Driver(Self.cart)
        try driver.step([.track(Track([Driver.item("a", "cart")]))], at: 0)
        let due = driver.timers.sorted()
        // What was due is gone before the user is deleted: the claim is withdrawn, not the wait.
        let (step, answers) = try driver.step([.delete("a")], timers: due, at: 61)
        #expect(step.claims.map(\.user) == ["a"])
        #expect(step.withdrawn == step.claims.map(\.place))
        guard case .deleted(true)? = answers[0] else {
            Issue.record("\(answers)")
            return
        }
    }

    @Test("a user who is in memory is not read again, and those who come next are read together")
    func needs() throws {
        var driver = Driver(Self.cart)
        let works = (0..<40).map { Work.track(Track([Driver.item("u\($0)", "cart")])) }
        try driver.step(works, at: 0)
        #expect(driver.needs.map(\.users.count) == [32, 8])
        driver.needs = []
        try driver.step(works, at: 1)
        #expect(driver.needs.isEmpty)
    }

    @Test("for want of time a step ends after at least one item, and what is left goes on where it was")
    func parts() throws {
        var driver = Driver(Self.cart)
        let items = (0..<10).map { Driver.item("u", "cart", id: "\($0)") }
        let works: [Work] = [.track(Track(items)), .track(Track([Driver.item("v", "cart")]))]
        let (first, answers) = try driver.step(works, at: 0, hurriesAfter: 2)
        #expect(answers.isEmpty)
        #expect(first.begun == 1)
        #expect(first.decided.count == 3)
        guard case (0, .track(let rest))? = first.unfinished else {
            Issue.record("nothing goes on: \(String(describing: first.unfinished))")
            return
        }
        #expect(rest.done == 3)
        let (second, after) = try driver.step([.track(rest), works[1]], at: 1)
        #expect(second.unfinished == nil)
        #expect(after[0]?.items?.count == 10)
        #expect(after[0]?.codes?.joined().count == 10)
        #expect(after[1]?.codes == [[.scheduled]])
    }

    @Test("a step that could not be recorded is decided again, and what was recorded before keeps its answers")
    func failed() throws {
        var driver = Driver(Self.cart)
        let items = (0..<4).map { Driver.item("u", "cart", id: "\($0)") }
        let (first, _) = try driver.step([.track(Track(items))], at: 0, hurriesAfter: 1)
        let rest = try #require(first.unfinished?.work)
        let lost = try driver.decide([rest, .delete("x")], at: 1)
        let answers = driver.core.failed(
            [rest, .delete("x")],
            lost,
            .unavailable("full"),
            tallies: driver.store.tallies()
        )
        driver.loaded.cache.removeAll()
        #expect(answers.map(\.number) == [0, 1])
        let results = try #require(answers[0].answer.items).map { item in
            if case .refused = item.result { "refused" } else { "accepted" }
        }
        #expect(results == ["accepted", "refused", "refused", "refused"])
        guard case .refused(.unavailable) = answers[1].answer else {
            Issue.record("\(answers[1].answer)")
            return
        }
        let (_, again) = try driver.step([rest], at: 2)
        #expect(again[0]?.items?.count == 4)
        #expect(driver.core.tallies.values.map(\.matched).reduce(0, +) == 4)
    }

    @Test("what follows a change of campaigns is decided by them, in a step of its own")
    func alone() throws {
        var driver = Driver(Self.cart)
        let track = Work.track(Track([Driver.item("u", "cart")]))
        let stop = Work.stop("cart", definition: [])
        let (first, _) = try driver.step([track, stop, track], at: 0)
        #expect(first.begun == 1)
        let (second, answers) = try driver.step([stop, track], at: 1)
        #expect(second.begun == 1)
        #expect(second.ended == [1])
        guard case .campaign(let head, changed: true)? = answers[0] else {
            Issue.record("\(String(describing: answers[0]))")
            return
        }
        #expect(head.stops == [Driver.start + .seconds(1)])
        let (third, _) = try driver.step([.sweep(["u"]), track], at: 2)
        #expect(third.decided.map(\.code) == [.campaignStopped, .campaignNotLive])
        #expect(third.decided[0].at == Driver.start + .seconds(1))
    }

    @Test("a change that was not recorded does not count")
    func unrecordedStop() throws {
        var driver = Driver(Self.cart)
        let lost = try driver.decide([.stop("cart", definition: [])], at: 0)
        _ = driver.core.failed([.stop("cart", definition: [])], lost, .unavailable("full"), tallies: nil)
        let (_, answers) = try driver.step([.track(Track([Driver.item("u", "cart")]))], at: 1)
        #expect(answers[0]?.codes == [[.scheduled]])
    }
}
