import Engine

/// Delays, durations, windows, quiet hours, and the workspace that has some of them too.
extension CampaignReading {
    /// A length; or a calendar option; or a date in a property (3.1).
    mutating func delay(_ node: Node) -> (Delay, atMost: Length?)? {
        guard node.mapping != nil else { return length(node, "delay").map { (.length($0), nil) } }
        guard
            let keys = keys(
                node,
                "delay",
                known: ["next", "days", "until", "before", "after", "at", "fallback", "time_zone", "at_most"],
                required: []
            )
        else { return nil }
        let atMost = keys["at_most"].flatMap { length($0, "delay.at_most") }
        return delay(keys, node).map { ($0, atMost) }
    }

    private mutating func delay(_ keys: [String: Node], _ node: Node) -> Delay? {
        // `after` alone is a length; beside `until` it moves the date.
        let kinds = ["next", "days", "until"].filter { keys[$0] != nil }
        guard kinds.count == 1 || kinds.isEmpty && keys["after"] != nil,
            let what = keys[kinds.first ?? "after"]
        else {
            problem(
                "a delay is a length, or one of `next`, `days`, `until` and `after`",
                at: node.mark,
                "delay",
                rule: "3.1"
            )
            return nil
        }
        let kind = kinds.first ?? "after"
        let strange =
            switch kind {
            case "until": ["at", "fallback", "time_zone"]
            case "after": ["before", "at", "fallback", "time_zone"]
            default: ["before", "after"]
            }
        for name in strange {
            if let extra = keys[name] { problem("has no meaning beside `\(kind)`", at: extra.mark, "delay.\(name)") }
        }
        if kind == "after" { return length(what, "delay.after").map { .length($0) } }
        if kind == "until" {
            let shift = shift(keys)
            return path(what, "delay.until").map { .until($0, shift: shift) }
        }
        let zone = zone(keys, "delay")
        let time = timeOfDay(keys, node)
        if kind == "next" {
            guard let name = text(what, "delay.next") else { return nil }
            guard let weekday = Weekday(name: name.lowercased()) else {
                let days = Weekday.allCases.map(\.name).joined(separator: ", ")
                problem("\"\(name)\" is none of \(days)", at: what.mark, "delay.next", rule: "3.1")
                return nil
            }
            return time.map { .next(weekday, at: $0, zone) }
        }
        guard let days = whole(what, "delay.days"), let time else { return nil }
        return .days(days, at: time, zone)
    }

    /// `before` or `after` the date of `until` (14).
    private mutating func shift(_ keys: [String: Node]) -> Length {
        let before = keys["before"].flatMap { length($0, "delay.before") }
        let after = keys["after"].flatMap { length($0, "delay.after") }
        if let node = keys["before"], keys["after"] != nil {
            problem("stands beside `after`: a date is moved one way", at: node.mark, "delay.before")
        }
        return before.map { Length(milliseconds: -$0.milliseconds) } ?? after ?? .zero
    }

    private mutating func timeOfDay(_ keys: [String: Node], _ node: Node) -> Delay.TimeOfDay? {
        guard let at = keys["at"] else {
            problem("`at` is required", at: node.mark, "delay.at", rule: "3.1")
            return nil
        }
        guard at.scalar?.string == "best_time" else {
            if let extra = keys["fallback"] {
                problem("belongs to `at: best_time`", at: extra.mark, "delay.fallback", rule: "3.5")
            }
            return clock(at, "delay.at").map { .clock($0) }
        }
        if let zone = keys["time_zone"], zone.scalar?.string == ZoneChoice.company.rawValue {
            problem("the best time is always the user's own", at: zone.mark, "delay.time_zone", rule: "3.5.3")
        }
        guard let fallback = keys["fallback"] else { return .best(fallback: Delay.fallback) }
        return clock(fallback, "delay.fallback").map { .best(fallback: $0) }
    }

    mutating func duration(_ node: Node) -> CampaignDuration? {
        let (known, example) = (["start", "end", "time_zone"], "{start: 2026-03-01T09:00, end: 2026-03-31T18:00}")
        guard let keys = keys(node, "duration", known: known, required: [], like: example) else { return nil }
        let choice = keys["time_zone"].map { _ in zone(keys, "duration") }
        return CampaignDuration(
            start: keys["start"].flatMap { wallTime($0, "duration.start") },
            end: keys["end"].flatMap { wallTime($0, "duration.end") },
            zone: choice
        )
    }

    mutating func window(_ node: Node) -> Window? {
        guard
            let keys = keys(
                node,
                "window",
                known: ["from", "to", "next_available", "anchor", "time_zone"],
                required: ["from", "to"],
                like: "{from: \"09:00\", to: \"21:00\"}"
            ), let hours = hours(keys, "window")
        else { return nil }
        let anchor = keys["anchor"].flatMap { choice($0, "window.anchor", Window.Anchor.allCases.map(\.rawValue)) }
        return Window(
            hours: hours,
            isNextAvailable: flag(keys, "next_available", in: "window"),
            anchor: anchor.flatMap(Window.Anchor.init) ?? .triggerAndDelivery,
            zone: zone(keys, "window")
        )
    }

    mutating func quietHours(_ node: Node, _ path: String, _ others: String = "") -> QuietHours? {
        guard
            let keys = keys(
                node,
                path,
                known: ["from", "to", "mode"],
                required: ["from", "to"],
                like: "{from: \"22:00\", to: \"06:00\"}\(others)"
            ), let hours = hours(keys, path)
        else { return nil }
        let mode = keys["mode"].flatMap { choice($0, "\(path).mode", QuietHours.Mode.allCases.map(\.rawValue)) }
        return QuietHours(hours: hours, mode: mode.flatMap(QuietHours.Mode.init) ?? .defer)
    }

    mutating func controlGroup(_ node: Node, _ path: String) -> ControlGroup? {
        let example = "{percent: 5}, or {users: [u1]}"
        guard let keys = keys(node, path, known: ["percent", "users"], required: [], like: example) else { return nil }
        guard keys.count == 1 else {
            let why = keys.isEmpty ? "needs `percent` or `users`" : "takes `percent` or `users`, not both"
            problem("\(why), like \(example)", at: node.mark, path, rule: "10.5")
            return nil
        }
        if let users = keys["users"] {
            return .users(list(users, "\(path).users").compactMap { text($0, "\(path).users").map { Text($0) } })
        }
        guard let percent = keys["percent"] else { return nil }
        switch percent.number {
        case .integer(let whole)?: return .percent(Double(whole))
        case .decimal(let decimal)?: return .percent(decimal)
        default:
            problem("must be a number, like 5", at: percent.mark, "\(path).percent", rule: "10.5")
            return nil
        }
    }

    // MARK: The workspace

    mutating func workspace(_ node: Node) -> Workspace {
        var workspace = Workspace()
        let known = ["time_zone", "frequency_caps", "control_group", "quiet_hours"]
        guard let keys = keys(node, "workspace", known: known, required: []) else { return workspace }
        if let name = keys["time_zone"].flatMap({ text($0, "workspace.time_zone") }) { workspace.timeZone = name }
        for (path, node) in elements(keys, "frequency_caps", "workspace.frequency_caps") {
            if let cap = cap(node, path) { workspace.frequencyCaps.append(cap) }
        }
        workspace.controlGroup = keys["control_group"].flatMap { controlGroup($0, "workspace.control_group") }
        workspace.quietHours = keys["quiet_hours"].flatMap { quietHours($0, "workspace.quiet_hours") }
        for refusal in workspace.refusals(zone: reader.zone) {
            problem(
                refusal.text,
                at: place(of: refusal.field) ?? node.mark,
                refusal.field,
                code: refusal.code,
                rule: refusal.rule
            )
        }
        return workspace
    }

    private mutating func cap(_ node: Node, _ path: String) -> FrequencyCap? {
        guard
            let keys = keys(
                node,
                path,
                known: ["at_most", "channel", "per"],
                required: ["at_most", "per"],
                like: "{at_most: 1, per: 1d}"
            ),
            let at = keys["at_most"], let most = whole(at, "\(path).at_most"),
            let per = keys["per"], let period = text(per, "\(path).per")
        else { return nil }
        guard let rule = FrequencyCap.Period(period) else {
            problem(
                "\"\(period)\" is no period: minutes, hours, days or weeks, like 1d",
                at: per.mark,
                "\(path).per",
                rule: "10.2"
            )
            return nil
        }
        var channel = keys["channel"].flatMap { text($0, "\(path).channel") }
        if let name = channel, name != "any", reader.channels[name] == nil {
            unserved("channel", name, reader.channels.keys.sorted(), at: keys["channel"]?.mark, "\(path).channel")
        }
        if channel == "any" { channel = nil }
        return FrequencyCap(atMost: most, channel: channel, per: rule)
    }

    // MARK: Their parts

    private mutating func hours(_ keys: [String: Node], _ path: String) -> ClockRange? {
        let from = keys["from"].flatMap { clock($0, "\(path).from") }
        let to = keys["to"].flatMap { clock($0, "\(path).to") }
        guard let from, let to else { return nil }
        return ClockRange(from: from, to: to)
    }

    private mutating func zone(_ keys: [String: Node], _ path: String) -> ZoneChoice {
        keys["time_zone"].flatMap { choice($0, "\(path).time_zone", ZoneChoice.allCases.map(\.rawValue)) }
            .flatMap(ZoneChoice.init) ?? .user
    }

    private mutating func clock(_ node: Node, _ path: String) -> ClockTime? {
        guard let text = text(node, path) else { return nil }
        guard let time = ClockTime(text) else {
            problem("\"\(text)\" is no clock time, like 09:00 or 21:30:00", at: node.mark, path)
            return nil
        }
        return time
    }

    private mutating func wallTime(_ node: Node, _ path: String) -> WallTime? {
        guard let text = text(node, path) else { return nil }
        guard let wall = WallTime(iso8601: text) else {
            problem(
                "\"\(text)\" is no instant in ISO 8601, like 2026-03-01T09:00",
                at: node.mark,
                path,
                rule: "1.1.6"
            )
            return nil
        }
        return wall
    }
}
