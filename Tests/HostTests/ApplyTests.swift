import Engine
import Foundation
import Storage
import Testing

@testable import Core
@testable import Host

/// What applying makes of the campaigns, and what it refuses for its size.
struct ApplyTests {
    /// The plug-ins stand beside the tests' own bundle.
    static let plugins = Result {
        try PluginRegistry(
            folder: URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
        )
    }

    static func registry(
        _ records: [CampaignRecord] = [],
        _ change: (inout HostLimits) -> Void = { _ in }
    ) throws -> CampaignRegistry {
        var limits = HostLimits()
        change(&limits)
        return CampaignRegistry(records, workspace: Workspace(), plugins: try plugins.get(), limits: limits)
    }

    static func campaign(_ id: CampaignID, hears event: Text = "e", exceptions: [Occurrence] = []) -> Campaign {
        Campaign(
            id: id,
            trigger: .customEvent(event),
            delay: .length(.seconds(60)),
            exceptions: exceptions,
            messages: [Message(channel: "in_app", fields: ["title": "hi {{ event.name }}"])]
        )
    }

    @Test("a version of the store whose regular expression is none any more is opened, and told")
    func unreadablePattern() throws {
        var registry = try Self.registry()
        var request = ApplyRequest(CampaignSet(campaigns: [Self.campaign("a")]))
        let applied = registry.records(of: try registry.apply(&request, at: .at(1)))
        var older = Self.campaign("a")
        let pattern = Pattern("\\h+", unreadable: PatternFault(text: ""))
        older.audience = .subject(.attribute(try #require(PropertyPath("name"))), [.matches(pattern)])
        let stored = applied.map { CampaignRecord(head: $0.head, version: $0.version, definition: older.packed()) }
        let opened = try Self.registry(stored)
        #expect(opened.table.all.map(\.id) == ["a"])
        #expect(opened.unreadable.count == 1)
        #expect(opened.unreadable.first?.text.contains("invalid escape sequence: \\h") == true)
    }

    @Test("after any edits and stops the index is the one that a start makes of what is stored")
    func incremental() throws {
        var registry = try Self.registry()
        var stored: [CampaignVersion: CampaignRecord] = [:]
        var seed: UInt64 = 7
        func chance(_ below: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % below
        }
        func store(_ statuses: [CampaignStatus]) {
            for record in registry.records(of: statuses) {
                stored[CampaignVersion(number: record.head.number, version: record.version)] = record
            }
        }
        let events = (0..<4).map { Event.of("custom_event", "e\($0)") } + [Event.of("purchase", "p1")]
        for step in 0..<120 {
            let heads = registry.table.all
            if chance(5) == 0, !heads.isEmpty {
                var head = heads[chance(heads.count)]
                _ = head.isStopped ? head.resume() : head.stop(at: .at(Int64(step)))
                registry.put(head)
                let campaign = try #require(registry.table.campaign(head.current))
                store([CampaignStatus(head: head, campaign: campaign, changed: true)])
            } else {
                let campaigns = (0..<chance(4) + 1).map { place in
                    Self.campaign(
                        "c\(chance(6))-\(place)",
                        hears: "e\(chance(4))",
                        exceptions: (0..<chance(3)).map { _ in
                            chance(2) == 0 ? .customEvent("e\(chance(4))") : Occurrence(type: "purchase")
                        }
                    )
                }
                var request = ApplyRequest(CampaignSet(campaigns: campaigns))
                store(try registry.apply(&request, at: .at(Int64(step))))
            }
            let fresh = try Self.registry(Array(stored.values))
            #expect(registry.table.all == fresh.table.all)
            #expect(registry.bytes == fresh.bytes)
            for event in events { #expect(registry.matcher.matches(event) == fresh.matcher.matches(event)) }
        }
        #expect(registry.matcher.matches(events[0]).count > 10)
    }

    @Test("what is applied again as it is changes nothing, and what was made for other campaigns is of no use")
    func revisions() throws {
        var registry = try Self.registry()
        var request = ApplyRequest(CampaignSet(campaigns: [Self.campaign("a"), Self.campaign("b")]))
        #expect(try registry.apply(&request, at: .at(1)).map(\.changed) == [true, true])
        let revision = registry.revision
        #expect(try registry.apply(&request, at: .at(2)).map(\.changed) == [false, false])
        #expect(registry.revision == revision)
        var head = try #require(registry.table.head(of: "a"))
        _ = head.stop(at: .at(3))
        registry.put(head)
        #expect(registry.revision != revision)
    }

    @Test("limits: campaigns in all, their bytes, and one campaign's bytes")
    func limits() throws {
        var registry = try Self.registry { $0.campaigns = 3 }
        func apply(_ campaigns: Campaign...) throws {
            var next = registry
            var request = ApplyRequest(CampaignSet(campaigns: campaigns))
            _ = try next.apply(&request, at: .at(1))
            registry = next
        }
        try apply(Self.campaign("a"), Self.campaign("b"), Self.campaign("c"))
        #expect(throws: Refusal.self) { try apply(Self.campaign("d")) }
        try apply(Self.campaign("a", hears: "other"))

        let size = Self.campaign("a").packed().count
        registry = try Self.registry { $0.bytesOfCampaigns = 2 * size }
        try apply(Self.campaign("a"), Self.campaign("b"))
        #expect(throws: Refusal.self) { try apply(Self.campaign("c")) }
        #expect(throws: Refusal.self) { try apply(Self.campaign("b", hears: "longer")) }
        try apply(Self.campaign("b", hears: "E"))

        registry = try Self.registry { $0.bytesOfCampaign = size }
        try apply(Self.campaign("a"))
        #expect(throws: Refusal.self) { try apply(Self.campaign("bb")) }

        // What an older daemon let in is started with, and may be edited as long as it does not grow.
        let old = registry.table.all.map { head in
            CampaignRecord(head: head, version: 1, definition: registry.table.campaign(head.current)!.packed())
        }
        registry = try Self.registry(old) { $0.campaigns = 1 }
        try apply(Self.campaign("a", hears: "other"))
        #expect(throws: Refusal.self) { try apply(Self.campaign("d")) }
    }

    @Test("an answer tells 100 faults, each of at most 2,000 bytes, and that there are more")
    func faults() {
        let fault = CampaignProblem(field: "trigger", String(repeating: "x", count: 5_000), campaign: "c")
        let status = Refusal.invalidCampaigns(Array(repeating: fault, count: 5_000)).status
        #expect(status.details.count == HostLimits.problemsTold + 1)
        #expect(status.message.utf8.count < 300_000)
        #expect(status.message.contains("and more"))
        #expect(Refusal.invalidCampaigns([fault]).status.details.count == 1)
    }
}

extension Occurrence {
    static func customEvent(_ name: Text) -> Occurrence {
        Occurrence(type: "custom_event", configuration: ["event": .string(name)])
    }
}

extension Event {
    static func of(_ type: String, _ subject: Text) -> Event {
        Event(type: type, subject: subject, user: "u", time: .at(1), receivedAt: .at(1), properties: Object())
    }
}
