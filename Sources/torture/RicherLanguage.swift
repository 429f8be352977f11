import Engine
import NaiveModel

/// What of the language the naive model does not know: drawn into campaigns, profiles and events beside what it knows.
extension RandomScenario {
    /// Each changes a campaign in one way; what makes none of it is left out by who reads it.
    static let enrichments: [@Sendable (inout RandomScenario, inout Object) -> Void] = [
        { $1["trigger"] = .object($0.richOccurrence()) },
        { $0.append("exceptions", $0.richOccurrence(), to: &$1) },
        {
            var conversion = $0.richOccurrence()
            conversion["within"] = .string($0.one(["10m", "5h", "7d"]))
            $0.append("conversions", conversion, to: &$1)
        },
        { $0.narrow("trigger", in: &$1) },
        { $1["delay"] = .object($0.richDelay()) },
        { $1["window"] = .object($0.nightHours(["next_available": true, "anchor": "delivery"])) },
        { $1["quiet_hours"] = .object($0.nightHours(["mode": .string($0.one(["defer", "abort"]))])) },
        { $1["audience"] = .object($0.richFact()) },
        { $1["abort_if"] = .object($0.richFact()) },
        { $0.write(in: &$1) },
        { $0.append("messages", $0.webhook(), to: &$1) },
        { $1["control_group"] = .object(["percent": .integer(Int64($0.one([5, 30])))]) },
        { $1["max_recipients"] = .integer(Int64(1 + $0.number(2))) },
        { $1["rate_limit"] = .object(["per_minute": .integer(Int64(1 + $0.number(3)))]) },
        { $1["re_eligibility"] = .object(["after": .string($0.one(["30m", "3d", "90d"]))]) },
        { $1["max_event_age"] = .string($0.one(["1m", "2d"])) },
    ]

    private mutating func append(_ list: Text, _ element: Object, to campaign: inout Object) {
        guard case .array(let elements)? = campaign[list] else {
            campaign[list] = .array([.object(element)])
            return
        }
        campaign[list] = .array(elements + [.object(element)])
    }

    private mutating func richOccurrence() -> Object {
        switch number(4) {
        case 0, 1:
            let area: Object = ["name": "centre", "latitude": 0, "longitude": 0, "radius_m": 100_000]
            var location: Object = ["type": "location", "areas": .array([.object(area)])]
            if chance(40) { location["on"] = .string(one(["enter", "exit"])) }
            return location
        case 2: return ["type": "card_interaction", "card": .string(one(["c1", "c2"]))]
        default: return ["type": "card_interaction", "action": .string(one(["viewed", "clicked"]))]
        }
    }

    /// Operators that the model leaves to the engine.
    private mutating func narrow(_ name: Text, in campaign: inout Object) {
        guard case .object(var occurrence)? = campaign[name] else { return }
        occurrence["where"] = .object(
            one([
                ["property": "k", "matches": "^[x-z]$"], ["property": "k", "not_matches": "x+"],
                ["property": "k", "contains_any_of": ["x", "q"]], ["property": "items[].sku", "any_of": ["A", "B"]],
                ["property": "l", "includes": 1], ["property": "l", "is": "not_empty"],
                ["property": "when", "after": "2026-03-02T20:00:00Z"], ["property": "w", "is": "true_or_unset"],
            ])
        )
        campaign[name] = .object(occurrence)
    }

    private mutating func richDelay() -> Object {
        var delay: Object =
            chance(50)
            ? ["days": .integer(Int64(number(3)))] : ["next": .string(one(["saturday", "sunday", "wednesday"]))]
        if chance(40) {
            (delay["at"], delay["fallback"]) = ("best_time", night())
        } else {
            (delay["at"], delay["time_zone"]) = (night(), .string(one(["user", "company"])))
        }
        return delay
    }

    /// Times that a change of the clocks skips, or has twice.
    private mutating func night() -> Value { .string(one(["00:00", "01:30", "02:00", "02:30", "03:00", "23:30"])) }

    private mutating func nightHours(_ rest: Object) -> Object {
        var hours = rest
        hours["from"] = night()
        repeat { hours["to"] = night() } while hours["to"] == hours["from"]
        return hours
    }

    private mutating func richFact() -> Object {
        one([
            ["last_event": "view", "less_than_days_ago": 2], ["last_event": "add", "more_than_days_ago": 1],
            ["purchase_total": "USD", "gte": 10], ["purchase_total": "USD", "in_last": "2d", "lt": 20],
            ["push_reachable": true], ["email_reachable": .object(["is": "false"])],
            ["attribute": "country", "matches": "^F"], ["attribute": "tags", "includes": "vip"],
            ["attribute": "since", "before": "2026-06-01"], ["not": .object(["attribute": "score", "gt": 3])],
            [
                "any": .array([
                    .object(["attribute": "language", "eq": "fr"]),
                    .object(["event_count": "pay", "in_last": "1d", "counting": "utc_days", "gte": 1]),
                ])
            ],
        ])
    }

    /// Texts that ask for values, give up, or fail.
    private mutating func write(in campaign: inout Object) {
        guard case .array(let messages)? = campaign["messages"] else { return }
        let texts: [Value] = [
            "{{ event.k | default: 'there' }}, {{ user.country }}",
            "{% if user.plan == 'gold' %}{% abort \"gold\" %}{% endif %}hello", "{{ event.w | times: 2 }}",
            "{% for item in event.items %}{{ item.sku }}{% endfor %}",
            "{{ event.when | date: '%A', user.time_zone, user.language }}",
        ]
        campaign["messages"] = .array(
            messages.map { message in
                guard case .object(var fields) = message, fields["channel"] != "webhook" else { return message }
                fields["body"] = one(texts)
                return .object(fields)
            }
        )
    }

    private mutating func webhook() -> Object {
        [
            "channel": "webhook", "url": .string(one(["https://a.example/x", "https://{{ event.k }}.example/"])),
            "data": .object(["what": "{{ event.v }}"]),
        ]
    }

    // MARK: What happens

    mutating func enrich(_ event: inout Object) {
        guard event["operator"] == nil, chance(30) else { return }
        switch number(6) {
        case 0, 1:
            set(&event, "location", [:])
            event["latitude"] = one([0, 0.5, 10])
            event["longitude"] = one([0, 0.5, 10])
        case 2:
            set(&event, "card_interaction", [:])
            (event["card"], event["action"]) = (one(["c1", "c2"]), one(["viewed", "clicked", "dismissed"]))
        case 3:
            set(&event, "purchase", ["items": .array([.object(["sku": one(["A", "C"])])])])
            (event["product_id"], event["price"]) = (one(["p1", "p2"]), one([9.99, 20, -5]))
            (event["currency"], event["quantity"]) = (one(["USD", "EUR"]), one([1, 3]))
        case 4:
            set(&event, "campaign_interaction", [:])
            event["campaign"] = .string(one(["A", "B"]))
            event["action"] = .string(one(["email_clicked", "in_app_clicked", "in_app_dismissed"]))
        default:
            set(&event, "attributes", [:])
            event["set"] = .object(
                one([
                    ["language": one(["fr", "de"])], ["country": one(["FR", "BE"])], ["tags": one([["vip"], []])],
                    ["since": "2026-05-05"], ["score": one([3, 4.5, "5"])], ["country": .null, "plan": .null],
                    ["email": .null], ["push_tokens": .null],
                ])
            )
        }
    }

    private mutating func set(_ event: inout Object, _ type: Value, _ properties: Object) {
        for own in ["event", "product_id", "price", "campaign", "action", "set"] as [Text] { event[own] = nil }
        event["type"] = type
        event["properties"] = properties.isEmpty ? nil : .object(properties)
    }
}
