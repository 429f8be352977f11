import CampaignFiles
import Core
import Engine
import NaiveModel

/// Who there is, which campaigns there are, and what happens: random, of the whole language.
struct Story {
    private var scenarios: RandomScenario
    private let reader: CampaignReader
    let names: [String]
    let users: [UserID]
    private(set) var campaigns: [Campaign] = []
    private(set) var workspace = Workspace()
    private var count = 0
    /// How many items are still to come.
    private(set) var left: Int
    private let gaps: [Int64]
    private let zones: [String]
    private let isModelled: Bool
    /// Whether much is sent.
    private let isBusy: Bool
    /// Whether next to everything that happens sends something: lines want it.
    private let pours: Bool

    static let everybody: [UserID] = ["a", "b", "c", "d", "e", "f", "g", "h"]

    /// Seconds between one thing and the next: hours, a burst, or months.
    private static let paces: [[Int64]] = [
        [0, 0, 10, 30, 60, 600, 3_600, 18_000, 43_200], [0, 1, 5, 20, 60, 90],
        [0, 3_600, 86_400, 604_800, 2_592_000, 7_776_000],
    ]

    /// Of days on which clocks change somewhere, and others.
    static let starts = [
        "2026-03-02T06:00:00Z", "2026-03-07T20:00:00Z", "2026-03-28T12:00:00Z", "2026-04-04T06:00:00Z",
        "2026-10-24T18:00:00Z", "2026-10-31T22:00:00Z", "2028-02-28T12:00:00Z",
    ].map { Instant(iso8601: $0)! }

    init(_ seed: UInt64, _ reader: CampaignReader, _ chance: inout Chance, isModelled: Bool) {
        scenarios = RandomScenario(seed: seed)
        self.reader = reader
        self.isModelled = isModelled
        let all = ["A", "B", "C"]
        names = Array(all.prefix(chance.number(in: 1...3)))
        users =
            isModelled ? RandomScenario.users.map { Text($0) } : Array(Self.everybody.prefix(chance.number(in: 2...8)))
        isBusy = !isModelled && chance.happens(700)
        pours = isBusy && chance.happens(600)
        left = chance.number(in: isBusy ? 100...500 : 40...250)
        gaps = chance.one(Self.paces)
        zones =
            isModelled
            ? ["UTC", "Asia/Kolkata", "America/Bogota", "Mars/Olympus"]
            : [
                "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca",
                "Pacific/Apia", "Mars/Olympus",
            ]
        redraw()
    }

    /// Other campaigns, since those were refused.
    mutating func redraw() {
        repeat {
            campaigns = names.compactMap { campaign($0) }
        } while campaigns.isEmpty
        var drawn = scenarios.workspace()
        if isBusy {
            for rare in ["frequency_caps", "quiet_hours", "control_group"] as [Text] where scenarios.chance(70) {
                drawn[rare] = nil
            }
        }
        workspace = read(part: ["workspace": .object(drawn)])?.workspace ?? Workspace()
    }

    /// A campaign of that name, which another of it replaces; nil where what was drawn is none.
    mutating func campaign(_ name: String) -> Campaign? {
        var drawn = scenarios.campaign(name, names)
        if isBusy { open(&drawn) }
        guard let plain = read(drawn), !isModelled else { return read(drawn) }
        return enriched(drawn) ?? plain
    }

    /// What is drawn lets little through; lines and limits want more.
    private mutating func open(_ drawn: inout Object) {
        if scenarios.chance(80) {
            drawn["re_eligibility"] = .object(["after": .string(scenarios.one(["0s", "0s", "10m"]))])
        }
        let rare: [Text] = [
            "duration", "audience", "launched_at", "window", "quiet_hours", "control_group", "max_recipients",
            "abort_if", "require_opt_in", "exceptions", "max_event_age",
        ]
        for field in rare where scenarios.chance(80) { drawn[field] = nil }
        if case .object(var delay)? = drawn["delay"], delay["at_most"] != nil, drawn["exceptions"] == nil {
            delay["at_most"] = nil
            drawn["delay"] = .object(delay)
        }
        if case .object(var trigger)? = drawn["trigger"], scenarios.chance(80) {
            trigger["where"] = nil
            if scenarios.chance(60) { trigger = ["type": "custom_event", "event": "view"] }
            drawn["trigger"] = .object(trigger)
        }
        if scenarios.chance(30) { drawn["rate_limit"] = .object(["per_minute": .integer(1)]) }
        if pours { pour(&drawn, rare) }
    }

    private mutating func pour(_ drawn: inout Object, _ rare: [Text]) {
        for field in rare where scenarios.chance(90) { drawn[field] = nil }
        if drawn["exceptions"] == nil { drawn["delay"] = scenarios.chance(50) ? "1m" : nil }
        drawn["trigger"] = .object(["type": "custom_event", "event": "view"])
        let all: [Object] = [
            ["channel": "email", "subject": "x", "body": "y"], ["channel": "push", "title": "y"],
            ["channel": "webhook", "url": "https://a.example/x"],
        ]
        drawn["messages"] = .array(all.filter { _ in scenarios.chance(70) }.map { .object($0) })
    }

    /// With some of what the model does not know, as far as that makes a campaign.
    private mutating func enriched(_ drawn: Object) -> Campaign? {
        var (richest, drawn): (Campaign?, Object) = (nil, drawn)
        for enrich in RandomScenario.enrichments where scenarios.chance(15) {
            var richer = drawn
            enrich(&scenarios, &richer)
            guard let campaign = read(richer) else { continue }
            (richest, drawn) = (campaign, richer)
        }
        return richest
    }

    private func read(_ campaign: Object) -> Campaign? {
        read(part: ["campaigns": .array([.object(campaign)])])?.campaigns.first
    }

    private func read(part: Object) -> Scenario? {
        var tree: Object = ["scenario": "torture", "campaigns": .array([]), "expect": .array([])]
        for member in part.members { tree[member.name] = member.value }
        guard case .success(let scenario) = reader.readScenario(file: "torture", text: tree.description),
            scenario.problems.isEmpty
        else { return nil }
        return scenario
    }

    /// What each user sets first.
    mutating func profiles() -> [Item] {
        users.map { user in
            var profile = scenarios.profile()
            // Often enough two have the same token: it belongs to who has it last.
            if profile["push_tokens"] != nil, scenarios.chance(80) {
                profile["push_tokens"] = .array([.string("t-\(user)"), "t"])
            }
            if isBusy {
                (profile["email"], profile["push_subscription"]) = (.string("\(user)@example.com"), nil)
                (profile["email_subscription"], profile["email_status"]) = (nil, nil)
            }
            if profile["time_zone"] != nil { profile["time_zone"] = .string(scenarios.one(zones)) }
            return Item(
                user: user,
                id: Text("profile-\(user)"),
                time: nil,
                isHistory: scenarios.chance(50),
                set: profile,
                occurred: nil,
                device: ""
            )
        }
    }

    /// How long until the next thing happens.
    mutating func gap() -> Length { .seconds(scenarios.one(gaps)) }

    /// The user is reached elsewhere from now on, or not at all.
    mutating func leaving(_ user: UserID) -> Item {
        count += 1
        let set: Object =
            switch scenarios.number(4) {
            case 0: ["push_subscription": "unsubscribed", "email_subscription": "unsubscribed"]
            case 1: ["push_subscription": "opted_in", "email_subscription": "opted_in"]
            case 2: ["push_tokens": .array([.string("n\(count)")]), "email": .string("\(count)@example.com")]
            default: ["push_tokens": .array([.string("t-\(user)"), .string("n\(count)")])]
            }
        return Item(user: user, id: Text("l\(count)"), time: nil, set: set, occurred: nil, device: "")
    }

    enum Happening {
        case item(Item)
        case stop(CampaignID)
        case resume(CampaignID)
    }

    /// What happens at an instant of the client's clock.
    mutating func next(at now: Instant) -> Happening? {
        left -= 1
        count += 1
        var event = scenarios.event(names, at: now)
        if case .string(let act)? = event["operator"], let campaign = event["campaign"]?.text {
            return act == "stop" ? .stop(campaign) : .resume(campaign)
        }
        if !isModelled {
            event["user"] = .string(scenarios.one(users).string)
            scenarios.enrich(&event)
            if pours, event["type"] == "custom_event", scenarios.chance(80) { event["event"] = "view" }
        }
        event["received_at"] = nil
        event["id"] = scenarios.chance(90) ? .string("n\(count)") : nil
        if scenarios.chance(30) { (event["at"], event["sent_at"]) = (nil, nil) }
        if case .object(var set)? = event["set"] {
            if set["time_zone"] != nil { set["time_zone"] = .string(scenarios.one(zones)) }
            if set["push_tokens"] != nil, scenarios.chance(70), let user = event["user"]?.string {
                set["push_tokens"] = .array([.string("t-\(user)")])
            }
            event["set"] = .object(set)
        }
        return (try? Item(fields: event)).map { .item($0) }
    }
}
