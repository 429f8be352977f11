import CampaignFiles
import Core
import Engine
import NaiveModel

/// Who there is, which campaigns there are, and what happens: random, of the whole language.
struct Story {
    private var scenarios: RandomScenario
    private let reader: CampaignReader
    let names: [String]
    private(set) var campaigns: [Campaign] = []
    private(set) var workspace = Workspace()
    private var count = 0
    /// How many items are still to come.
    private(set) var left: Int
    private let gaps: [Int64]
    private let zones: [String]
    private let isModelled: Bool

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
        left = chance.number(in: 40...250)
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
        workspace = read(["workspace": .object(scenarios.workspace())])?.workspace ?? Workspace()
    }

    /// A campaign of that name, which another of it replaces; nil where what was drawn is none.
    mutating func campaign(_ name: String) -> Campaign? {
        var drawn = scenarios.campaign(name, names)
        // What is drawn so lets little through; lines and limits want more.
        if !isModelled {
            if scenarios.chance(70) {
                drawn["re_eligibility"] = .object(["after": .string(scenarios.one(["0s", "10m"]))])
            }
            for rare in ["duration", "audience", "launched_at"] where scenarios.chance(70) { drawn[Text(rare)] = nil }
            if scenarios.chance(30) { drawn["rate_limit"] = .object(["per_minute": .integer(1)]) }
        }
        return read(["campaigns": .array([.object(drawn)])])?.campaigns.first
    }

    private func read(_ part: Object) -> Scenario? {
        var tree: Object = ["scenario": "torture", "campaigns": .array([]), "expect": .array([])]
        for member in part.members { tree[member.name] = member.value }
        guard case .success(let scenario) = reader.readScenario(file: "torture", text: tree.description),
            scenario.problems.isEmpty
        else { return nil }
        return scenario
    }

    /// What each user sets first.
    mutating func profiles() -> [Item] {
        RandomScenario.users.map { user in
            var profile = scenarios.profile()
            // Often enough two have the same token: it belongs to who has it last.
            if profile["push_tokens"] != nil, scenarios.chance(80) {
                profile["push_tokens"] = .array([.string("t-\(user)"), "t"])
            }
            if profile["time_zone"] != nil { profile["time_zone"] = .string(scenarios.one(zones)) }
            return Item(
                user: Text(user),
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
