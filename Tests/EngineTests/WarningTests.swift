import Engine
import Testing

@Suite struct WarningTests {
    func warned(_ change: (inout Campaign) -> Void, _ workspace: Workspace = Workspace()) -> [String] {
        var campaign = Campaign(id: "C", trigger: .event("cart"), messages: [.email])
        change(&campaign)
        return campaign.warnings(workspace, queues: { $0 == "in_app" }).map(\.field)
    }

    func hours(_ from: String, _ to: String) -> ClockRange {
        ClockRange(from: ClockTime(from)!, to: ClockTime(to)!)
    }

    @Test("3.2.4: a delay that no send can survive")
    func delay() {
        func duration(_ days: Int) -> CampaignDuration {
            CampaignDuration(
                start: WallTime(iso8601: "2026-03-01T00:00"),
                end: WallTime(iso8601: "2026-03-0\(1 + days)T00:00")
            )
        }
        #expect(
            warned {
                $0.duration = duration(2)
                $0.delay = .length(.days(2))
            } == ["delay"]
        )
        #expect(
            warned {
                $0.duration = duration(3)
                $0.delay = .length(.days(2))
            }.isEmpty
        )
    }

    @Test("10.1: a window that lies within the quiet hours, over midnight too")
    func window() {
        var workspace = Workspace()
        workspace.quietHours = QuietHours(hours: hours("22:00", "06:00"))
        #expect(warned({ $0.window = Window(hours: hours("23:00", "05:00")) }, workspace) == ["window"])
        #expect(warned({ $0.window = Window(hours: hours("05:00", "06:00")) }, workspace) == ["window"])
        #expect(warned({ $0.window = Window(hours: hours("05:00", "06:01")) }, workspace).isEmpty)
        #expect(warned({ $0.window = Window(hours: hours("21:59", "23:00")) }, workspace).isEmpty)
        let off = warned(
            {
                $0.window = Window(hours: hours("23:00", "05:00"))
                $0.quietHours = .none
            },
            workspace
        )
        #expect(off.isEmpty)
    }

    @Test("1.2: push tokens change without an event, so that waiting for one is in vain")
    func pushTokens() {
        func changed(_ attribute: Value) -> Occurrence {
            Occurrence(type: "attribute_changed", configuration: ["attribute": attribute])
        }
        #expect(warned { $0.trigger = changed("push_tokens") } == ["trigger.attribute"])
        let others = warned {
            $0.exceptions = [changed("plan"), changed("push_tokens")]
            $0.conversions = [Conversion(changed("push_tokens"))]
        }
        #expect(others == ["exceptions[1].attribute", "conversions[0].attribute"])
    }

    @Test("7.1.2: an audience that asks for the trigger itself")
    func audience() {
        func filter(_ event: Text, _ operators: [Filter.Operator]) -> Filter {
            .subject(.eventCount(event, inLast: nil), operators)
        }
        #expect(
            warned { $0.audience = .all([filter("other", [.greater(3)]), filter("cart", [.greaterOrEqual(1)])]) } == [
                "audience"
            ]
        )
        #expect(warned { $0.audience = filter("cart", [.equal(0)]) }.isEmpty)
        #expect(
            warned { $0.audience = .any([filter("other", [.greater(3)]), filter("cart", [.greaterOrEqual(1)])]) }
                .isEmpty
        )
    }

    @Test("what lets nobody receive, whoever they are, is told")
    func nobody() {
        let never = Filter.any([])
        let always = Filter.all([.not(never), .all([])])
        let some = Filter.subject(.reachable(channel: "push"), [.isBlank])
        #expect(warned { $0.audience = never } == ["audience"])
        #expect(warned { $0.audience = .all([some, .not(always)]) } == ["audience"])
        #expect(warned { $0.audience = .any([some, never]) }.isEmpty)
        #expect(warned { $0.audience = .not(.any([some, always])) } == ["audience"])
        #expect(warned { $0.abortIf = always } == ["abort_if"])
        #expect(warned { $0.abortIf = never }.isEmpty)
        #expect(warned { $0.trigger.where = never } == ["trigger.where"])
        #expect(warned { $0.controlGroup = .percent(100) } == ["control_group"])
        #expect(warned { $0.controlGroup = .percent(99.9) }.isEmpty)
    }
}
