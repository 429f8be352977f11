import Engine
import Storage
import Testing

@testable import Core
@testable import Host

/// 14: what the daemon makes of campaigns that nobody can serve, that are deleted, and of versions for which nothing waits.
struct LeavingTests {
    private static func applied(_ registry: inout CampaignRegistry, _ campaigns: Campaign...) throws -> [CampaignRecord]
    {
        var request = ApplyRequest(CampaignSet(campaigns: campaigns))
        return registry.records(of: try registry.apply(&request, at: .at(1)))
    }

    @Test("a version that nothing waits for leaves with all that listens, and a start finds the same")
    func versions() throws {
        var registry = try ApplyTests.registry()
        let exceptions = [Occurrence.customEvent("x")]
        _ = try Self.applied(&registry, ApplyTests.campaign("a", hears: "e1", exceptions: exceptions))
        let second = try Self.applied(&registry, ApplyTests.campaign("a", hears: "e2", exceptions: exceptions))
        var tally = Tally()
        tally.begin(1, of: 1)
        var left = registry.leave([1: tally], at: .at(2), identity: "t")
        #expect(left == nil)
        tally.end(.delivered, 1, of: 1)
        tally.open(until: .at(100), of: 1)
        left = registry.leave([1: tally], at: .at(99), identity: "t")
        #expect(left == nil)
        left = registry.leave([1: tally], at: .at(100), identity: "t")
        let change = try #require(left)
        #expect(change.leaving == [CampaignVersion(number: 1, version: 1)])
        let fresh = try ApplyTests.registry(second)
        for event in ["e1", "e2", "x"].map({ Event.of("custom_event", $0) }) {
            #expect(registry.matcher.matches(event) == fresh.matcher.matches(event))
        }
        #expect(registry.table.allVersions.map(\.0) == fresh.table.allVersions.map(\.0))
    }

    @Test("what today's rules refuse, no plug-in serves or nobody can read is held, and what it excepts is heard")
    func held() throws {
        var registry = try ApplyTests.registry()
        let well = try Self.applied(&registry, ApplyTests.campaign("a"))
        var lost = ApplyTests.campaign("b", hears: "e", exceptions: [.customEvent("x"), Occurrence(type: "gone")])
        lost.messages[0].channel = "pigeon"
        var head = try #require(well.first).head
        (head.id, head.number) = ("b", 2)
        let second = CampaignRecord(head: head, version: 1, definition: lost.packed())
        (head.id, head.number) = ("c", 3)
        let third = CampaignRecord(head: head, version: 1, definition: [0xFF, 0xFF])
        var opened = try ApplyTests.registry(well + [second, third])
        #expect(opened.held.map(\.head.id) == ["b", "c"])
        #expect(opened.held[0].held.contains { $0.text.contains("pigeon") })
        #expect(
            opened.matcher.matches(Event.of("custom_event", "x")) == [
                Match(CampaignVersion(number: 2, version: 1), .exception(0))
            ]
        )
        #expect(opened.prepared(CampaignVersion(number: 3, version: 1))?.definition == [0xFF, 0xFF])
        // The same again is refused, and one that is corrected is served.
        #expect(throws: Refusal.self) {
            var copy = opened
            _ = try Self.applied(&copy, lost)
        }
        let records = try Self.applied(&opened, ApplyTests.campaign("b", hears: "e"))
        #expect(records.map(\.version) == [2])
        #expect(opened.held.map(\.head.id) == ["c"])
        #expect(opened.replaced == [CampaignVersion(number: 2, version: 1)])
        #expect(opened.table.successor(of: CampaignVersion(number: 2, version: 1))?.version == 2)
    }

    @Test("what others name is not deleted; what is, is unknown, and its number is not given again")
    func deleted() throws {
        var registry = try ApplyTests.registry()
        var follow = ApplyTests.campaign("follow")
        follow.trigger = Occurrence(type: "conversion", configuration: ["campaign": "a"])
        _ = try Self.applied(&registry, ApplyTests.campaign("a"), follow)
        #expect(throws: Refusal.self) {
            var copy = registry
            _ = try copy.delete(["a"])
        }
        var both = registry
        let deleted = try both.delete(["a", "follow"]).keys.sorted()
        #expect(deleted == [1, 2])
        both.deleted([1, 2], at: .at(5))
        #expect(both.table.all.isEmpty && both.bytes == 0)
        #expect(throws: Refusal.self) {
            var copy = both
            _ = try Self.applied(&copy, follow)
        }
        let (left, rest) = (both.leave([:], at: .at(6), identity: "t"), both.leave([:], at: .at(7), identity: "t"))
        #expect(left?.gone == [1, 2])
        #expect(rest == nil)
        let again = try Self.applied(&both, ApplyTests.campaign("a"))
        #expect(again.map(\.head.number) == [3])
        #expect(throws: Refusal.self) { _ = try both.delete(["nobody"]) }
    }

    @Test("a folder of before versions were counted is counted once")
    func counts() throws {
        let store = InMemoryStore(identity: "t")
        var registry = try ApplyTests.registry()
        _ = try Self.applied(&registry, ApplyTests.campaign("a", hears: "e1"))
        _ = try Self.applied(&registry, ApplyTests.campaign("a", hears: "e2"))
        var changes = Changes()
        var state = UserState()
        for (send, version) in [(1, 1), (2, 2), (3, 1)] as [(UInt64, UInt32)] {
            state.waits.append(
                Wait(
                    send: send,
                    version: CampaignVersion(number: 1, version: version),
                    epoch: 0,
                    trigger: .at(1),
                    due: .at(2),
                    properties: Object()
                )
            )
        }
        changes.users = [("u", state)]
        changes.tallies[1] = Tally(matched: 5, ended: [(.delivered, 2)], versions: nil)
        store.commit(changes)
        #expect(store.tallies()[1]?.mayLeave(1, at: .never) == false)
        try VersionCounts.complete(in: store, registry.makeContext(identity: "t"))
        let tally = try #require(store.tallies()[1])
        #expect(Set(tally.versions) == [Tally.Version(1, waiting: 2), Tally.Version(2, waiting: 1)])
        #expect(tally.isCounted)
    }
}
