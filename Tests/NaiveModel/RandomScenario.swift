import Engine

/// Random scenarios as trees of values, so that one that fails can be made smaller and printed as a file. JSON is YAML.
package struct RandomScenario {
    package var random: SplitMix

    package init(seed: UInt64) {
        random = SplitMix(state: seed)
    }

    package mutating func number(_ below: Int) -> Int { Int(random.next() % UInt64(below)) }
    package mutating func chance(_ percent: Int) -> Bool { number(100) < percent }
    package mutating func one<Element>(_ all: [Element]) -> Element { all[number(all.count)] }

    package static let users = ["a", "b", "c"]
    static let events = ["add", "view", "pay"]
    package static let start = Instant(iso8601: "2026-03-02T06:00:00Z")!

    package mutating func make() -> Object {
        var names = ["A"]
        if chance(80) { names.append("B") }
        if chance(30) { names.append("C") }
        var scenario: Object = ["scenario": "random"]
        scenario["workspace"] = .object(workspace())
        scenario["campaigns"] = .array(names.map { .object(campaign($0, names)) })
        scenario["users"] = .object(Object(Self.users.map { Object.Member($0, .object(profile())) }))
        scenario["events"] = .array(events(names))
        if chance(30) { scenario["until"] = .string((Self.start + .seconds(Int64(number(5 * 86_400)))).description) }
        scenario["expect"] = .array([])
        return scenario
    }

    mutating func clock() -> Value {
        .string("\(one(["00", "06", "07", "09", "12", "17", "22"])):\(one(["00", "30"]))")
    }

    mutating func hours() -> Object {
        let from = clock()
        var to = clock()
        while to == from { to = clock() }
        return ["from": from, "to": to]
    }

    package mutating func workspace() -> Object {
        var workspace: Object = ["time_zone": .string(one(["UTC", "Asia/Kolkata"]))]
        if chance(25) {
            workspace["frequency_caps"] = .array(
                (0...number(2)).map { _ in
                    .object([
                        "at_most": .integer(Int64(number(3))), "channel": .string(one(["push", "email", "any"])),
                        "per": .string(one(["30m", "2h", "1d", "2d", "1w"])),
                    ])
                }
            )
        }
        if chance(15) { workspace["control_group"] = .object(["users": .array([.string(one(Self.users))])]) }
        if chance(20) {
            var quiet = hours()
            quiet["mode"] = .string(one(["defer", "abort"]))
            workspace["quiet_hours"] = .object(quiet)
        }
        return workspace
    }

    package mutating func profile() -> Object {
        var profile = Object()
        if chance(70) {
            profile["time_zone"] = .string(one(["UTC", "Asia/Kolkata", "America/Bogota", "Mars/Olympus"]))
        }
        if chance(85) { profile["push_tokens"] = .array([.string("t")]) }
        if chance(85) { profile["email"] = .string("x@example.com") }
        if chance(30) { profile["push_subscription"] = .string(one(["subscribed", "opted_in", "unsubscribed"])) }
        if chance(30) { profile["email_subscription"] = .string(one(["subscribed", "opted_in", "unsubscribed"])) }
        if chance(20) { profile["email_status"] = .string(one(["ok", "hard_bounced", "spam"])) }
        if chance(40) { profile["plan"] = .string(one(["gold", "free"])) }
        return profile
    }

    static let compared = ["v", "w", "k", "l[]", "o.n", "when", "till"]

    mutating func filter() -> Object {
        switch number(6) {
        case 4, 5:
            [
                "property": .string(one(Self.compared)),
                one(["eq", "neq", "gt", "gte", "lt", "lte", "before", "after"]):
                    .object(["property": .string(one(Self.compared))]),
            ]
        case 0: ["property": "v", "gt": .integer(Int64(number(6)))]
        case 1: ["not": .object(["property": "v", "lte": .integer(Int64(number(6)))])]
        case 2:
            [
                "any": .array([
                    .object(["property": "v", "is": "blank"]),
                    .object(["property": "v", "eq": .integer(Int64(number(6)))]),
                ])
            ]
        default: ["property": "k", "any_of": .array([.string(one(["x", "y"]))])]
        }
    }

    mutating func fact(_ names: [String]) -> Object {
        switch number(5) {
        case 0: return ["attribute": "plan", "any_of": .array([.string(one(["gold", "free"]))])]
        case 1: return ["attribute": "plan", "is": .string(one(["blank", "not_blank"]))]
        case 2:
            var count: Object = ["event_count": .string(one(Self.events + ["session_start", "purchase"]))]
            if chance(60) {
                count["in_last"] = .string(one(["1d", "2d", "3d"]))
                if chance(40) { count["counting"] = "utc_days" }
            }
            count[one(["gte", "lte", "eq"])] = .integer(Int64(number(3)))
            return count
        case 3: return ["received": .string(one(names)), "is": .string(one(["true", "false"]))]
        default: return ["not": .object(["attribute": "plan", "any_of": .array(["gold"])])]
        }
    }

    mutating func occurrence(_ names: [String], isTrigger: Bool) -> Object {
        var occurrence: Object
        switch number(isTrigger ? 14 : 11) {
        case 0: occurrence = ["type": "purchase"]
        case 1: occurrence = ["type": "purchase", "product_id": .array(["p1"])]
        case 2: occurrence = ["type": "attribute_changed", "attribute": "plan"]
        case 3: occurrence = ["type": "attribute_changed", "attribute": "plan", "to": "gold"]
        case 4:
            occurrence = [
                "type": "campaign_interaction",
                "action": .string(
                    one(["push_received", "email_received", "in_app_viewed", "push_opened", "control_enrolled"])
                ),
            ]
            if chance(60) { occurrence["campaign"] = .string(one(names)) }
        case 5: occurrence = ["type": .string(one(["conversion", "exception"])), "campaign": .string(one(names))]
        case 6 where isTrigger: occurrence = ["type": "session_start"]
        case 7: occurrence = ["type": "email_added"]
        default: occurrence = ["type": "custom_event", "event": .string(one(Self.events))]
        }
        if chance(25), occurrence["type"] == "custom_event" || occurrence["type"] == "purchase" {
            occurrence["where"] = .object(filter())
        }
        return occurrence
    }

    package mutating func campaign(_ name: String, _ names: [String]) -> Object {
        var campaign: Object = ["campaign": .string(name), "trigger": .object(occurrence(names, isTrigger: true))]
        var hasDelay = false
        if chance(65) {
            hasDelay = true
            switch number(6) {
            case 0:
                campaign["delay"] = .object([
                    "days": .integer(Int64(number(3))), "at": clock(), "time_zone": .string(one(["user", "company"])),
                ])
            case 1:
                campaign["delay"] = .object(["next": .string(one(["monday", "tuesday", "sunday"])), "at": clock()])
            case 2:
                var until: Object = ["until": "when"]
                if chance(60) { until[one(["before", "after"])] = .string(one(["1h", "12h", "1d", "40d"])) }
                campaign["delay"] = .object(until)
            default: campaign["delay"] = .string(one(["1m", "10m", "1h", "5h", "1d"]))
            }
        }
        if hasDelay, chance(60) {
            campaign["exceptions"] = .array(
                (0...number(2)).map { _ in
                    var exception = occurrence(names, isTrigger: false)
                    if chance(30), exception["type"] == "custom_event" || exception["type"] == "purchase" {
                        exception["same"] = .string(one(["k", "o.n"]))
                    }
                    return .object(exception)
                }
            )
        }
        if hasDelay, chance(30) { debounce(&campaign) }
        if chance(60) { campaign["re_eligibility"] = .object(["after": .string(one(["0s", "10m", "1h", "1d"]))]) }
        if chance(20) { campaign["audience"] = .object(fact(names)) }
        if chance(20) { campaign["recheck_audience_at_send"] = .boolean(true) }
        if chance(15) { campaign["launched_at"] = .string((Self.start + .seconds(Int64(number(86_400)))).description) }
        if chance(20) {
            var duration = Object()
            if chance(60) {
                duration["start"] = .string(one(["2026-03-02T00:00", "2026-03-02T08:00", "2026-03-02T09:00Z"]))
            }
            if chance(80) {
                duration["end"] = .string(one(["2026-03-03T00:00", "2026-03-02T12:00", "2026-03-04T09:00+01:00"]))
            }
            if chance(50) { duration["time_zone"] = .string(one(["user", "company"])) }
            campaign["duration"] = .object(duration)
        }
        if chance(25) {
            var window = hours()
            if chance(60) { window["next_available"] = .boolean(true) }
            if chance(40) { window["anchor"] = "delivery" }
            if chance(30) { window["time_zone"] = "company" }
            campaign["window"] = .object(window)
        }
        if chance(20) {
            var quiet = hours()
            if chance(50) { quiet["mode"] = .string(one(["defer", "abort"])) }
            campaign["quiet_hours"] = chance(25) ? "none" : .object(quiet)
        }
        if chance(30) {
            campaign["conversions"] = .array(
                (0...number(2)).map { _ in
                    var conversion = occurrence(names, isTrigger: false)
                    if chance(70) { conversion["within"] = .string(one(["10m", "1h", "1d"])) }
                    return .object(conversion)
                }
            )
        }
        if chance(10) { campaign["max_event_age"] = .string(one(["10m", "1h"])) }
        if chance(20) { campaign["rate_limit"] = .object(["per_minute": .integer(Int64(1 + number(2)))]) }
        if chance(10) { campaign["max_recipients"] = .integer(Int64(1 + number(2))) }
        if chance(10) { campaign["exempt_from_frequency_caps"] = .boolean(true) }
        if chance(10) { campaign["require_opt_in"] = .boolean(true) }
        if chance(10) { campaign["control_group"] = .object(["users": .array([.string(one(Self.users))])]) }
        if chance(10) { campaign["abort_if"] = .object(fact(names)) }
        var channels = ["push", "email", "in_app"].filter { _ in chance(45) }
        if channels.isEmpty { channels = [one(["push", "in_app"])] }
        if chance(30) { channels.reverse() }
        campaign["messages"] = .array(
            channels.map { channel in
                var message: Object = ["channel": .string(channel)]
                if channel == "email" { message["subject"] = "x" }
                message[channel == "email" ? "body" : "title"] = "y"
                if channel == "in_app" {
                    if chance(40) { message["priority"] = .string(one(["high", "low"])) }
                    if chance(40) { message["expires_after"] = .string(one(["10m", "2h", "1d"])) }
                }
                return .object(message)
            }
        )
        return campaign
    }

    /// Makes the trigger an exception too, and mostly bounds how long that may go on (14).
    mutating func debounce(_ campaign: inout Object) {
        guard case .object(var trigger)? = campaign["trigger"], trigger["type"] != "session_start" else { return }
        if chance(30) { trigger["where"] = nil }
        campaign["exceptions"] = .array([.object(trigger)])
        guard chance(80) else { return }
        let lengths = ["1m", "10m", "1h", "5h", "1d"]
        guard case .object(var delay)? = campaign["delay"] else {
            let place = number(lengths.count)
            campaign["delay"] = .object([
                "after": .string(lengths[place]), "at_most": .string(one(Array(lengths[place...]))),
            ])
            return
        }
        delay["at_most"] = .string(one(lengths))
        campaign["delay"] = .object(delay)
    }

    mutating func events(_ names: [String]) -> [Value] {
        var at = Self.start
        return (0..<(4 + number(14))).map { _ in
            at = at + .seconds(one([0, 0, 10, 30, 60, 590, 600, 3_600, 5 * 3_600, 12 * 3_600]))
            return .object(event(names, at: at))
        }
    }

    /// What happens at an instant: an operator stops or resumes a campaign, or a user does something.
    package mutating func event(_ names: [String], at: Instant) -> Object {
        if chance(5) {
            return [
                "at": .string(at.description), "operator": .string(one(["stop", "resume"])),
                "campaign": .string(one(names)),
            ]
        }
        var event: Object = ["at": .string(at.description), "user": .string(one(Self.users))]
        if chance(12) {
            event["received_at"] = .string(at.description)
            event["at"] = .string((at + .seconds(-Int64(one([10, 60, 600, 3_600, 90_000])))).description)
        }
        if chance(8) {
            let off = Int64(one([-90_000, -3_600, -6, -5, 0, 5, 6, 600, 3_600]))
            event["sent_at"] = .string((at + .seconds(off)).description)
        }
        if chance(8) { event["history"] = .boolean(true) }
        if chance(8) { event["id"] = .string(one(["i1", "i2"])) }
        switch number(12) {
        case 0, 1: event["type"] = "session_start"
        case 2, 3:
            event["type"] = "purchase"
            event["product_id"] = .string(one(["p1", "p2"]))
            event["price"] = 5
        case 4:
            event["type"] = "campaign_interaction"
            event["campaign"] = .string(one(names))
            event["action"] = .string(one(["push_opened", "email_opened"]))
        case 5:
            event["type"] = "attributes"
            event["set"] = .object(set())
        default:
            event["type"] = "custom_event"
            event["event"] = .string(one(Self.events))
        }
        if event["type"] != "attributes", event["type"] != "campaign_interaction" {
            event["properties"] = .object(properties())
            if chance(10) { event["set"] = .object(set()) }
        }
        return event
    }

    private mutating func properties() -> Object {
        var properties = Object()
        if chance(70) { properties["v"] = .integer(Int64(number(7))) }
        if chance(60) { properties["k"] = .string(one(["x", "y"])) }
        if chance(30) { properties["o"] = .object(["n": one([.integer(5), "5", "x"])]) }
        if chance(50) { properties["w"] = one([3, 3.5, "3", "x", true, [1, 2]]) }
        if chance(30) { properties["l"] = one([[1, "x"], [], [3, 5, 0.5], ["y", true]]) }
        if chance(30) { properties["till"] = .string(one(["2026-03-02T20:00+02:00", "2026-03-03", "x"])) }
        if chance(40) {
            properties["when"] = .string(
                one(["2026-03-02T18:00", "2026-03-03T10:00:00Z", "soon", "2026-03-01"])
            )
        }
        return properties
    }

    mutating func set() -> Object {
        switch number(5) {
        case 0: ["plan": .string(one(["gold", "free"]))]
        case 1: ["email": .string(one(["x@example.com", "y@example.com"]))]
        case 2: ["push_tokens": .array(chance(50) ? [] : ["t2"])]
        case 3: ["time_zone": .string(one(["UTC", "Asia/Kolkata"])), "plan": .string(one(["gold", "free"]))]
        default: [one(["push_subscription", "email_subscription"]): .string(one(["opted_in", "unsubscribed"]))]
        }
    }
}

/// A small generator: the same numbers for the same seed, everywhere.
package struct SplitMix: RandomNumberGenerator {
    package var state: UInt64

    package init(state: UInt64) {
        self.state = state
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}
