import CampaignFiles
import Engine
import Testing

/// How files share parts, and how they begin: merge keys, `x-` keys, byte order marks.
@Suite struct SharedPartTests {
    let reader = CampaignReaderTests().reader

    func read(_ text: String) throws -> [Campaign] { try reader.read(file: "f.yaml", text: text).get().campaigns }

    func problems(_ text: String) -> [CampaignProblem] {
        if case .failure(let errors) = reader.read(file: "f.yaml", text: text) { errors.all } else { [] }
    }

    /// Each campaign's own keys after the id, beside those of every one.
    static let shared = """
        x-base: &base
          trigger: {type: session_start}
          delay: 30m
          messages: [{channel: in_app, title: Base}]
        x-slow: &slow {delay: 2h, max_event_age: 1d}

        """

    @Test(
        "a merge key brings what the mapping does not say itself, the first of a list before the others",
        arguments: [
            ("<<: *base", "30m", "Base", nil), ("<<: *base\ndelay: 1h", "1h", "Base", nil),
            ("delay: 1h\n<<: *base", "1h", "Base", nil), ("<<: [*base, *slow]", "30m", "Base", "1d"),
            ("<<: [*slow, *base]", "2h", "Base", "1d"), ("<<: {<<: [*slow, *base], delay: 3h}", "3h", "Base", "1d"),
            ("<<: *base\nmessages: [{<<: {channel: in_app, title: T}, title: Own}]", "30m", "Own", nil),
        ] as [(String, String, String, String?)]
    )
    func merges(text: String, delay: String, title: String, age: String?) throws {
        let campaign = try #require(try read(Self.shared + "campaign: c\n\(text)\n").first)
        #expect(campaign.delay == .length(try #require(Length(delay))))
        #expect(campaign.messages.first?.fields["title"] == .string(Text(title)))
        #expect(campaign.maxEventAge == age.flatMap { Length($0) })
    }

    @Test(
        "what is no mapping merges into none, and a fault of what is merged stands at the key",
        arguments: [
            ("<<: 5", 7, "`<<` takes a mapping or a list of mappings"),
            ("<<: [*base, 5]", 7, "`<<` takes a mapping or a list of mappings"),
            ("<<: *base\n<<: *slow", 8, "stands twice, in line 7 first: write one with a list"),
            ("'<<': *base", 7, "there is no key `<<`"), ("<<: {nonsense: 1}", 7, "there is no key `nonsense`"),
        ]
    )
    func noMapping(text: String, line: Int, expected: String) throws {
        let found = problems(Self.shared + "campaign: c\n\(text)\n")
        let fault = try #require(found.first { $0.text.contains(expected) })
        #expect(fault.line == line)
    }

    @Test("shared parts stand at the top of a file, of a campaign, of the workspace, or in a document of their own")
    func sharedParts() throws {
        let list = """
            \(Self.shared)
            campaigns:
            - {campaign: a, <<: *base, x-own: {any: thing}}
            - {campaign: b, <<: *base}
            workspace: {x-zone: &zone UTC, time_zone: *zone}
            """
        #expect(try read(list).map(\.id) == ["a", "b"])
        #expect(try read("\(Self.shared)---\ncampaign: c\n<<: *base\n").map(\.id) == ["c"])
        #expect(problems(Self.shared).first?.text == "no campaign is in this file")
    }

    @Test("elsewhere a key of that name is unknown")
    func elsewhere() {
        let found = problems(Self.shared + "campaign: c\n<<: *base\nwindow: {x-a: 1, from: 09:00, to: 10:00}\n")
        #expect(found.first?.field == "window.x-a")
    }

    @Test("a scenario shares parts, too")
    func scenario() throws {
        let text = """
            scenario: s
            \(Self.shared)
            x-event: &event {user: u, type: session_start}
            campaigns: [{campaign: c, <<: *base}]
            events: [{at: 20260704T100000Z, <<: *event}]
            expect: []
            """
        let scenario = try reader.readScenario(file: "s", text: text).get()
        #expect(scenario.campaigns.map(\.id) == ["c"])
        guard case .item(let fields, let at, _) = scenario.events.first else {
            Issue.record("no event")
            return
        }
        #expect(fields["user"] == "u" && at == Instant(iso8601: "2026-07-04T10:00:00Z"))
    }

    static let whole = "campaign: c\ntrigger: {type: session_start}\nmessages: [{channel: in_app, title: x}]\n"

    @Test(
        "a byte order mark begins a file, and each of those that were put together",
        arguments: [
            ("\u{feff}\(whole)", 1), ("\u{feff}---\n\(whole)\u{feff}---\n\(whole)", 2),
            ("---\n\u{feff}\(whole)---\n\n# more\n\u{feff}\(whole)", 2), ("\u{feff}\u{feff}\(whole)", 1),
            (
                "\u{feff}{\"campaign\": \"c\", \"trigger\": {\"type\": \"session_start\"}, \"messages\": [{\"channel\": \"in_app\", \"title\": \"\\ud83d\\ude00\"}]}",
                1
            ),
        ]
    )
    func byteOrderMark(text: String, count: Int) throws {
        #expect(try read(text).count == count)
    }

    @Test("within a text it is a character")
    func markWithin() throws {
        let campaign = try #require(try read(Self.whole.replacing("title: x", with: "title: 'a\u{feff}b'")).first)
        #expect(campaign.messages.first?.fields["title"] == "a\u{feff}b")
    }
}
