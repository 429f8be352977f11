import CampaignFiles
import Engine
import Patterns
import Testing

struct CampaignReaderTests {
    let reader = CampaignReader(
        triggerTypes: [
            "custom_event": [.init(name: "event", kind: .string, isRequired: true)],
            "purchase": [.init(name: "product_id", kind: .strings)],
            "session_start": [],
            "location": [
                .init(name: "on", kind: .string, oneOf: ["enter", "exit"]),
                .init(
                    name: "areas",
                    kind: .objects(
                        [.init(name: "radius_m", kind: .number, isRequired: true)]
                    ),
                    isRequired: true
                ),
            ],
        ],
        channels: [
            "email": ChannelSchema(
                message: [.init(name: "subject", kind: .string, isRequired: true)],
                queues: false
            ),
            "in_app": ChannelSchema(
                message: [.init(name: "title", kind: .string, isRequired: true)],
                queues: true
            ),
        ],
        zone: { $0 == "UTC" ? .utc : nil },
        pattern: RE2.pattern
    )

    func problems(_ text: String) -> [CampaignProblem] {
        if case .failure(let errors) = reader.read(file: "f.yaml", text: text) { errors.all } else { [] }
    }

    static let full = """
        campaign: cart
        launched_at: 2026-01-01T00:00:00Z
        trigger:
          type: custom_event
          event: no
          where: {all: [{property: value, gt: 100, lt: 200.5}, {not: {property: color, any_of: [red, 10, no]}}]}
        delay: 30m
        exceptions:
          - {type: purchase, product_id: A, same: product_id}
        re_eligibility: {after: 7d}
        messages:
          - {channel: email, subject: 22:00}
          - {channel: in_app, title: Hi, priority: high, expires_after: 2d}
        """

    @Test(
        "a key whose value is forgotten, or null, is refused, and is no empty text and no text \"null\"",
        arguments: [
            ("messages[0].title", "{channel: in_app, title: }"),
            ("messages[0].title", "{channel: in_app, title: null}"),
            ("messages[0].subject", "{channel: email, subject: ~}"),
            ("exceptions[0].product_id", "{channel: in_app, title: x}]\nexceptions: [{type: purchase, product_id: }"),
            (
                "exceptions[0].product_id",
                "{channel: in_app, title: x}]\nexceptions: [{type: purchase, product_id: [A, null]}"
            ),
        ]
    )
    func forgotten(field: String, message: String) {
        let text = "campaign: a\ntrigger: {type: session_start}\ndelay: 1h\nmessages: [\(message)]\n"
        #expect(problems(text).map(\.field) == [field])
    }

    @Test("a campaign knows where its keys stand, also those of another document of its file")
    func places() throws {
        let text =
            "campaign: a\ntrigger: {type: session_start}\nmessages: [{channel: in_app, title: x}]\n---\n" + Self.full
        let set = try reader.read(file: "f.yaml", text: text).get()
        let places = try #require(set.places["cart"])
        #expect(places.file == "f.yaml")
        #expect(places.line(of: "trigger.where.all[0].gt") == 10)
        #expect(places.line(of: "messages[1].title.nothing[3]") == 17)
        #expect(places.line(of: "window") == nil)
        #expect(set.places["a"]?.line(of: "messages[0].title") == 3)
    }

    @Test("every key of the language; scalars are text where text is meant")
    func reads() throws {
        let campaign = try #require(try reader.read(file: "f", text: Self.full).get().campaigns.first)
        let value = try #require(PropertyPath("value"))
        let color = try #require(PropertyPath("color"))
        #expect(
            campaign
                == Campaign(
                    id: "cart",
                    launchedAt: Instant(iso8601: "2026-01-01"),
                    trigger: Occurrence(
                        type: "custom_event",
                        configuration: ["event": "no"],
                        where: .all([
                            .subject(.property(value), [.greater(100), .less(200.5)]),
                            .not(.subject(.property(color), [.anyOf(["red", 10, "10", "no"])])),
                        ])
                    ),
                    delay: .length(.seconds(1_800)),
                    exceptions: [
                        Occurrence(
                            type: "purchase",
                            configuration: ["product_id": ["A"]],
                            same: PropertyPath("product_id")
                        )
                    ],
                    reEligibility: .after(.days(7)),
                    messages: [
                        Message(channel: "email", fields: ["subject": "22:00"]),
                        Message(channel: "in_app", fields: ["title": "Hi"], priority: .high, expiresAfter: .days(2)),
                    ]
                )
        )
    }

    @Test("JSON, several documents, a list")
    func forms() throws {
        let json =
            #"{"campaign": "a", "trigger": {"type": "session_start"}, "messages": [{"channel": "in_app", "title": "x"}]}"#
        #expect(try reader.read(file: "f", text: json).get().campaigns.map(\.id) == ["a"])
        let second = json.replacingOccurrences("\"a\"", "\"b\"")
        #expect(try reader.read(file: "f", text: json + "\n---\n" + second).get().campaigns.map(\.id) == ["a", "b"])
        #expect(
            try reader.read(file: "f", text: "campaigns: [\(json), \(second)]").get().campaigns.map(\.id) == ["a", "b"]
        )
    }

    @Test("a character that JSON writes as two escapes, in whichever letters; lines stay what they are")
    func surrogatePairs() throws {
        let json = #"""
            {"campaign": "a", "trigger": {"type": "session_start"},
             "messages": [{"channel": "in_app",
              "title": "\ud83d\ude00 a\\ud83d\\ude00 \"\uD83D\uDE01'\u00e9", "tone": 1}]}
            """#
        let fault = try #require(problems("\n " + json).first)
        #expect(fault.line == 4 && fault.text.contains("`tone`"), "\(fault)")
        let read = json.replacingOccurrences(", \"tone\": 1", "")
        let title = try reader.read(file: "f", text: read).get().campaigns[0].messages[0].fields["title"]
        #expect(title == .string("\u{1f600} a\\ud83d\\ude00 \"\u{1f601}'\u{e9}"))
        let list = try reader.read(file: "f", text: "{\"campaigns\": [\(read)]}").get()
        #expect(list.campaigns[0].messages[0].fields["title"] == title)
        // What is no JSON but begins so: texts in single quotes, or in none, have no escapes.
        let flow = #"{campaign: a, trigger: {type: session_start}, # "it's"\#n messages: [{channel: in_app, "#
        for (written, meant) in [(#"'it''s \ud83d\ude00'"#, #"it's \ud83d\ude00"#), (#"don't "\u"#, #"don't "\u"#)] {
            let read = try reader.read(file: "f", text: flow + "title: \(written)}]}").get()
            #expect(read.campaigns[0].messages[0].fields["title"] == .string(meant))
        }
    }

    @Test(
        "half of a surrogate pair is an error that says so, with its line",
        arguments: [#"\ud83d"#, #"\ude00 \ud83d"#]
    )
    func loneSurrogate(_ half: String) throws {
        let json = """
            {"campaign": "a", "trigger": {"type": "session_start"},
             "messages": [{"channel": "in_app", "title": "x \(half)"}]}
            """
        let fault = try #require(problems(json).first)
        #expect(fault.line == 2 && fault.text.contains("half of a surrogate pair alone"), "\(fault)")
        guard case .failure(let errors) = reader.readScenario(file: "f", text: json) else {
            Issue.record("a scenario with half of a pair was read")
            return
        }
        #expect(errors.all.first?.text == fault.text)
    }

    @Test("a scenario in JSON with a pair of escapes")
    func surrogatePairsOfScenarios() throws {
        let json = #"""
            {"scenario": "\ud83d\ude00", "campaigns": [{"campaign": "a", "trigger": {"type": "session_start"},
             "messages": [{"channel": "in_app", "title": "x"}]}], "events": [], "expect": []}
            """#
        #expect(try reader.readScenario(file: "f", text: json).get().name == "\u{1f600}")
    }

    struct Bad: Sendable {
        let from: String
        let to: String
        let line: Int
        let field: String
        let says: String
        init(_ from: String, _ to: String, _ line: Int, _ field: String, _ says: String) {
            (self.from, self.to, self.line, self.field, self.says) = (from, to, line, field, says)
        }
    }

    @Test(
        "what is wrong is named with its line, its key and what would be right",
        arguments: [
            Bad("delay: 30m", "dealy: 30m", 7, "dealy", "did you mean `delay`?"),
            Bad("delay: 30m", "delay: 30 m", 7, "delay", "no length of time"),
            Bad("delay: 30m", "delay: 0s", 8, "exceptions", "without a delay"),
            Bad("launched_at: 2026-01-01T00:00:00Z", "launched_at: soon", 2, "launched_at", "ISO 8601"),
            Bad("type: custom_event", "type: costum_event", 4, "trigger.type", "did you mean custom_event?"),
            Bad("  event: no\n", "  evnt: no\n", 5, "trigger.evnt", "did you mean `event`?"),
            Bad("  event: no\n", "", 4, "trigger.event", "is required"),
            Bad("gt: 100", "gt: many", 6, "trigger.where.all[0].gt", "needs a number"),
            Bad("lt: 200.5", "below: 2", 6, "trigger.where.all[0].below", "there is no key"),
            Bad("property: value", "property: a..b", 6, "trigger.where.all[0].property", "no path"),
            Bad("same: product_id", "same: [x]", 9, "exceptions[0].same", "one value"),
            Bad("after: 7d", "after: 721d", 10, "re_eligibility.after", "at most 720 days"),
            Bad("channel: email", "channel: emial", 12, "messages[0].channel", "loaded are email, in_app"),
            Bad("subject: 22:00", "titel: x", 12, "messages[0].titel", "there is no key"),
            Bad("priority: high", "priority: urgent", 13, "messages[1].priority", "high, medium, low"),
            Bad("campaign: cart", "campaign: cart\ncampaign: again", 2, "", "stands twice, in line 1 first"),
            Bad("delay: 30m", "delay: !!binary aGk=", 7, "", "the tag `!!binary` means nothing here"),
            Bad("delay: 30m", "delay: !mine 30m", 7, "", "the tag `!mine` means nothing here"),
            Bad(
                "campaign: cart",
                "campaign: \"two words\"",
                1,
                "campaign",
                "no campaign's id".replacingOccurrences("no", "not a")
            ),
            Bad("delay: 30m", "delay: [", 9, "", "not YAML"),
            Bad("{after: 7d}", "7d", 10, "re_eligibility", "like {after: 7d}"),
            Bad("delay: 30m", "rate_limit: 500", 7, "rate_limit", "like {per_minute: 500}"),
            Bad("delay: 30m", "control_group: 5", 7, "control_group", "like {percent: 5}, or {users: [u1]}"),
            Bad("delay: 30m", "quiet_hours: true", 7, "quiet_hours", "`none` switches the workspace's off"),
            Bad("delay: 30m", "window: '09:00'", 7, "window", "like {from: "),
            Bad("delay: 30m", "duration: 7d", 7, "duration", "like {start: "),
            Bad("delay: 30m", "max_recipients: -1", 7, "max_recipients", "-1 is below zero"),
            Bad("delay: 30m", "max_recipients: 1.0", 7, "max_recipients", "no whole number, like 500"),
            Bad("{type: purchase, product_id: A, same: product_id}", "purchase", 9, "exceptions[0]", "like {type: "),
            Bad("gt: 100", "is_empty: true", 6, "trigger.where.all[0].is_empty", "did you mean `is: empty`?"),
            Bad("gt: 100", "equals: 100", 6, "trigger.where.all[0].equals", "did you mean `eq`?"),
        ]
    )
    func bad(each: Bad) throws {
        let found = problems(Self.full.replacingOccurrences(each.from, each.to))
        let problem = try #require(found.first { $0.text.contains(each.says) }, "\(found)")
        #expect(problem.field == each.field)
        #expect(problem.line == each.line)
    }

    @Test("a key of any type whose value is forgotten is refused, not read as if it were absent")
    func empty() {
        let reader = CampaignReader(
            triggerTypes: ["attribute_changed": [.init(name: "to", kind: .any)]],
            channels: self.reader.channels,
            zone: self.reader.zone,
            pattern: RE2.pattern
        )
        for (value, problems) in [("", 1), ("null", 1), ("''", 0), ("0", 0), ("99999999999999999999", 1)] {
            let text = """
                campaign: c
                trigger: {type: attribute_changed, to: \(value)}
                messages: [{channel: in_app, title: x}]
                """
            let read = reader.read(file: "f", text: text)
            let found = if case .failure(let errors) = read { errors.all.map(\.field) } else { [] as [String] }
            #expect(found == Array(repeating: "trigger.to", count: problems), "\(value): \(found)")
        }
    }

    @Test("all problems of a file are told at once, and none of it is read")
    func several() {
        let text = Self.full.replacingOccurrences("30m", "soon").replacingOccurrences("7d", "x").replacingOccurrences(
            "email",
            "fax"
        )
        #expect(problems(text).count == 3)
    }

    @Test("a plug-in's own keys: one of its choices, lists of mappings")
    func configuration() throws {
        let text = """
            campaign: l
            trigger: {type: location, on: exit, areas: [{radius_m: 10.5}]}
            messages: [{channel: in_app, title: x}]
            """
        let trigger = try #require(try reader.read(file: "f", text: text).get().campaigns.first?.trigger)
        #expect(trigger.configuration == ["on": "exit", "areas": [.object(["radius_m": 10.5])]])
        #expect(problems(text.replacingOccurrences("exit", "leave")).map(\.field) == ["trigger.on"])
        #expect(
            problems(text.replacingOccurrences("radius_m", "radius")).map(\.field) == [
                "trigger.areas[0].radius", "trigger.areas[0].radius_m",
            ]
        )
    }
}

extension String {
    fileprivate func replacingOccurrences(_ part: String, _ other: String) -> String {
        split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
    }
}
