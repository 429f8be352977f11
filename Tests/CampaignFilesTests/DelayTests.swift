import CampaignFiles
import Engine
import Testing

/// What a delay may say, and what it must not.
struct DelayTests {
    private static func read(_ delay: String, exceptions: String = "[]") -> Result<CampaignSet, CampaignProblems> {
        CampaignReaderTests().reader.read(
            file: "f.yaml",
            text: """
                campaign: c
                trigger: {type: custom_event, event: e}
                delay: \(delay)
                exceptions: \(exceptions)
                messages: [{channel: in_app, title: x}]
                """
        )
    }

    private static let again = "[{type: custom_event, event: e}]"
    private static let visit = PropertyPath("visit.at")!

    @Test("before or after a date; after alone is a length; at_most stands beside any of them")
    func reads() throws {
        let shifts: [(String, Int64)] = [("before: 24h", -86_400), ("after: 2h", 7_200), ("before: 0s", 0)]
        for (written, seconds) in shifts {
            let delay = try Self.read("{until: visit.at, \(written)}").get().campaigns[0].delay
            #expect(delay == .until(Self.visit, shift: .seconds(seconds)))
        }
        #expect(try Self.read("{after: 30m}").get().campaigns[0].delay == .length(.seconds(1_800)))
        for (written, delay) in [
            ("{after: 30m, at_most: 2h}", Delay.length(.seconds(1_800))),
            ("{after: 2h, at_most: 2h}", .length(.seconds(7_200))),
            ("{until: visit.at, before: 1h, at_most: 2h}", .until(Self.visit, shift: .seconds(-3_600))),
            ("{days: 1, at: 00:00, at_most: 2h}", .days(1, at: .clock(ClockTime(milliseconds: 0)), .user)),
        ] {
            let campaign = try Self.read(written, exceptions: Self.again).get().campaigns[0]
            #expect(campaign.delay == delay)
            #expect(campaign.debouncesAtMost == .seconds(7_200))
        }
    }

    @Test(
        "what means nothing is refused with its field",
        arguments: [
            ("{until: v, before: 1h, after: 1h}", "delay.before", "a date is moved one way"),
            ("{days: 1, at: 09:00, before: 1h}", "delay.before", "no meaning beside `days`"),
            ("{after: 1h, before: 1h}", "delay.before", "no meaning beside `after`"),
            ("{after: 1h, at: 09:00}", "delay.at", "no meaning beside `after`"),
            ("{until: v, after: 1h, at: 09:00}", "delay.at", "no meaning beside `until`"),
            ("{before: 1h}", "delay", "one of `next`, `days`, `until` and `after`"),
            ("{at_most: 1h}", "delay", "one of `next`, `days`, `until` and `after`"),
            ("{until: v, before: -1h}", "delay.before", "no length of time"),
            ("{until: v, before: 732d}", "delay.before", "at most 731 days"),
            ("{until: v, after: 732d}", "delay.after", "at most 731 days"),
            ("{after: 1h, at_most: 59m}", "delay.at_most", "shorter than the delay"),
            ("{until: v, at_most: 0s}", "delay.at_most", "more than 0s"),
            ("{after: 1h, at_most: 732d}", "delay.at_most", "at most 731 days"),
        ]
    )
    func refuses(delay: String, field: String, text: String) {
        guard case .failure(let errors) = Self.read(delay, exceptions: Self.again) else {
            Issue.record("\(delay) was read")
            return
        }
        #expect(errors.all.count == 1 && errors.all[0].field == field, "\(errors.all)")
        #expect(errors.all[0].text.contains(text) && errors.all[0].line == 3, "\(errors.all)")
    }

    @Test(
        "at_most belongs to a debounce: some exception could be the trigger too",
        arguments: [
            ("[]", false), ("[{type: purchase}]", false), ("[{type: custom_event, event: f}]", false),
            ("[{type: purchase}, {type: custom_event, event: e, where: {property: n, gt: 1}}]", true),
        ]
    )
    func debounces(exceptions: String, isOne: Bool) {
        switch Self.read("{after: 1h, at_most: 2h}", exceptions: exceptions) {
        case .success: #expect(isOne)
        case .failure(let errors):
            #expect(!isOne && errors.all.allSatisfy { $0.text.contains("belongs to a debounce") }, "\(errors.all)")
        }
    }

    @Test("a property in an operand's place, in quotes or not, by a path that looks like a number too")
    func operands() throws {
        for (written, path) in [("old_price", "old_price"), ("\"old.price\"", "old.price"), ("5", "5")] {
            let text = """
                campaign: c
                trigger: {type: custom_event, event: e, where: {property: p, gt: {property: \(written)}, before: {property: q}}}
                messages: [{channel: in_app, title: x}]
                """
            let campaign = try CampaignReaderTests().reader.read(file: "f", text: text).get().campaigns[0]
            let operators: [Filter.Operator] = [
                .compares(.greater, try #require(PropertyPath(path))),
                .compares(.before, try #require(PropertyPath("q"))),
            ]
            #expect(campaign.trigger.where == .subject(.property(try #require(PropertyPath("p"))), operators))
        }
        let wrong = [
            ("any_of: {property: q}", "takes no `{property: PATH}`"), ("gt: {attribute: q}", "takes a value or"),
            ("is: {property: q}", "takes no"), ("gt: {property: [q]}", "takes a value or"),
            ("gt: {property: a..b}", "no path"),
        ]
        for (written, text) in wrong {
            let problems = CampaignReaderTests().problems(
                """
                campaign: c
                trigger: {type: custom_event, event: e, where: {property: p, \(written)}}
                messages: [{channel: in_app, title: x}]
                """
            )
            #expect(problems.count == 1 && problems[0].text.contains(text), "\(written): \(problems)")
        }
        let audience = CampaignReaderTests().problems(
            """
            campaign: c
            trigger: {type: custom_event, event: e}
            audience: {attribute: plan, eq: {property: plan}}
            messages: [{channel: in_app, title: x}]
            """
        )
        #expect(audience.count == 1 && audience[0].text.contains("is of the event that `where` asks"), "\(audience)")
    }
}
