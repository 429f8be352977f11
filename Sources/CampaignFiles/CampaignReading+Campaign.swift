import Engine

/// Campaigns (docs/campaigns.md, "A campaign").
extension CampaignReading {
    mutating func read(_ document: Node, into set: inout CampaignSet) {
        if document.scalar?.string == "" { return }  // an empty document
        guard let mapping = document.mapping else {
            problem("a campaign is a mapping of keys", at: document.mark, "")
            return
        }
        if !mapping.isEmpty, mapping.allSatisfy({ Self.isShared($0.key) }) { return }  // what others share
        guard mapping["campaign"] == nil, mapping["campaigns"] != nil || mapping["workspace"] != nil else {
            add(document, to: &set)
            return
        }
        // What it is instead is told.
        guard let keys = keys(document, "", known: ["campaigns", "workspace"], required: []) else { return }
        if let node = keys["workspace"] {
            if set.workspace != nil { problem("stands twice", at: node.mark, "workspace") }
            set.workspace = workspace(node)
        }
        if let node = keys["campaigns"] { for node in list(node, "campaigns") { add(node, to: &set) } }
    }

    mutating func add(_ node: Node, to set: inout CampaignSet) {
        guard let campaign = one(node) else { return }  // What is wrong with it is told.
        set.campaigns.append(campaign)
        set.places[campaign.id] = CampaignPlaces(file: file, lines: places.mapValues(\.line))
    }

    mutating func one(_ node: Node) -> Campaign? {
        let before = problems.count
        campaign = Text(node.mapping?["campaign"]?.scalar?.string ?? "")
        places = [:]
        allowance.beginCampaign()
        guard let keys = keys(node, "", known: Self.keys, required: ["campaign", "trigger", "messages"]) else {
            return nil
        }
        let id = keys["campaign"].flatMap { text($0, "campaign") }
        let trigger = keys["trigger"].flatMap { occurrence($0, "trigger", .trigger) }
        let messages = keys["messages"].map { list($0, "messages") } ?? []
        let read = messages.enumerated().compactMap { index, node in message(node, "messages[\(index)]") }
        var campaign = Campaign(
            id: Text(id ?? ""),
            trigger: trigger ?? Occurrence(type: ""),
            messages: read
        )
        readWhen(keys, into: &campaign)
        readWhom(keys, into: &campaign)
        guard id != nil, trigger != nil else { return nil }
        // What could not be read has its own problem; what the rules refuse of the rest is told beside it.
        let faulty = Set(problems[before...].map { Self.key(of: $0.field) })
        for refusal in campaign.refusals(queues: { reader.channels[$0]?.queues ?? false })
        where !faulty.contains(Self.key(of: refusal.field))
            && !(refusal.code == .exceptionNeedsDelay && faulty.contains("delay"))
        {
            problem(
                refusal.text,
                at: place(of: refusal.field) ?? node.mark,
                refusal.field,
                code: refusal.code,
                rule: refusal.rule
            )
        }
        return problems.count == before ? campaign : nil
    }

    /// The campaign's own key that a path begins with.
    private static func key(of path: String) -> String { String(path.prefix { $0 != "." && $0 != "[" }) }

    /// The place of a path, or of the nearest key around it.
    func place(of path: String) -> Mark? {
        var path = Substring(path)
        while !path.isEmpty {
            if let mark = places[String(path)] { return mark }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
            path = path[..<end]
        }
        return nil
    }

    private static let keys = [
        "campaign", "launched_at", "trigger", "audience", "recheck_audience_at_send", "delay", "exceptions", "duration",
        "window", "re_eligibility", "quiet_hours", "conversions", "messages", "max_event_age", "rate_limit",
        "max_recipients", "exempt_from_frequency_caps", "require_opt_in", "control_group", "abort_if",
    ]

    /// What decides about the instant.
    private mutating func readWhen(_ keys: [String: Node], into campaign: inout Campaign) {
        campaign.launchedAt = keys["launched_at"].flatMap { instant($0, "launched_at") }
        if let node = keys["delay"], let (delay, atMost) = delay(node) {
            campaign.delay = delay
            campaign.debouncesAtMost = atMost
        }
        for (path, node) in elements(keys, "exceptions", "exceptions") {
            if let exception = occurrence(node, path, .exception) {
                campaign.exceptions.append(exception)
            }
        }
        campaign.duration = keys["duration"].flatMap { duration($0) }
        campaign.window = keys["window"].flatMap { window($0) }
        if let node = keys["quiet_hours"] {
            if node.scalar?.string == "none" {
                campaign.quietHours = .none
            } else if let hours = quietHours(node, "quiet_hours", "; `none` switches the workspace's off") {
                campaign.quietHours = .own(hours)
            }
        }
        campaign.maxEventAge = keys["max_event_age"].flatMap { length($0, "max_event_age") }
    }

    /// What decides about the user, and what counts.
    private mutating func readWhom(_ keys: [String: Node], into campaign: inout Campaign) {
        campaign.audience = keys["audience"].flatMap { filter($0, "audience", isWhere: false) }
        campaign.rechecksAudience = flag(keys, "recheck_audience_at_send")
        if let again = keys["re_eligibility"].flatMap({ again($0) }) { campaign.reEligibility = again }
        for (path, node) in elements(keys, "conversions", "conversions") {
            if let conversion = conversion(node, path) { campaign.conversions.append(conversion) }
        }
        if let node = keys["rate_limit"],
            let limit = self.keys(
                node,
                "rate_limit",
                known: ["per_minute"],
                required: ["per_minute"],
                like: "{per_minute: 500}"
            )
        {
            campaign.rateLimit = limit["per_minute"].flatMap { whole($0, "rate_limit.per_minute") }
        }
        campaign.maxRecipients = keys["max_recipients"].flatMap { whole($0, "max_recipients") }
        campaign.isExemptFromFrequencyCaps = flag(keys, "exempt_from_frequency_caps")
        campaign.requiresOptIn = flag(keys, "require_opt_in")
        campaign.controlGroup = keys["control_group"].flatMap { controlGroup($0, "control_group") }
        campaign.abortIf = keys["abort_if"].flatMap { filter($0, "abort_if", isWhere: false) }
    }

    private mutating func conversion(_ node: Node, _ path: String) -> Conversion? {
        guard let occurrence = occurrence(node, path, .conversion) else { return nil }
        guard let within = node.mapping?["within"] else { return Conversion(occurrence) }
        return length(within, "\(path).within").map { Conversion(occurrence, within: $0) }
    }

    private mutating func again(_ node: Node) -> ReEligibility? {
        guard
            let keys = keys(node, "re_eligibility", known: ["after"], required: ["after"], like: "{after: 7d}")
        else { return nil }
        return keys["after"].flatMap { length($0, "re_eligibility.after") }.map { .after($0) }
    }

    private enum Role {
        case trigger, exception, conversion

        /// The keys that the host evaluates itself.
        var keys: [String] {
            switch self {
            case .trigger: ["type", "where"]
            case .exception: ["type", "where", "same"]
            case .conversion: ["type", "where", "within"]
            }
        }
    }

    private mutating func occurrence(_ node: Node, _ path: String, _ role: Role) -> Occurrence? {
        guard let mapping = node.mapping else {
            problem("must be a mapping with `type`, like {type: session_start}", at: node.mark, path)
            return nil
        }
        guard let typeNode = mapping["type"] else {
            problem("`type` is required", at: node.mark, path)
            return nil
        }
        guard let type = text(typeNode, "\(path).type") else { return nil }
        guard let fields = reader.triggerTypes[type] else {
            unserved("trigger type", type, reader.triggerTypes.keys.sorted(), at: typeNode.mark, "\(path).type")
            return nil
        }
        guard
            let keys = keys(
                node,
                path,
                known: role.keys + fields.map(\.name),
                required: fields.filter(\.isRequired).map(\.name)
            )
        else { return nil }
        var configuration = Object()
        for field in fields {
            guard let value = keys[field.name] else { continue }
            configuration[field.name] = self.value(value, "\(path).\(field.name)", field)
        }
        return Occurrence(
            type: type,
            configuration: configuration,
            where: keys["where"].flatMap { filter($0, "\(path).where", isWhere: true) },
            same: keys["same"].flatMap { self.path($0, "\(path).same") }
        )
    }

    private mutating func message(_ node: Node, _ path: String) -> Message? {
        guard let channelNode = node.mapping?["channel"] else {
            problem("a message is a mapping with `channel`, like {channel: push, title: Hello}", at: node.mark, path)
            return nil
        }
        guard let channel = text(channelNode, "\(path).channel") else { return nil }
        guard let schema = reader.channels[channel] else {
            unserved("channel", channel, reader.channels.keys.sorted(), at: channelNode.mark, "\(path).channel")
            return nil
        }
        let own = schema.queues ? ["channel", "priority", "expires_after"] : ["channel"]
        let fields = schema.message
        guard
            let keys = keys(
                node,
                path,
                known: own + fields.map(\.name),
                required: fields.filter(\.isRequired).map(\.name)
            )
        else { return nil }
        var values = Object()
        for field in fields {
            guard let value = keys[field.name] else { continue }
            values[field.name] = self.value(value, "\(path).\(field.name)", field)
        }
        var priority = Message.Priority.medium
        if schema.queues, let node = keys["priority"], let name = text(node, "\(path).priority") {
            if let found = Message.Priority(name: name) {
                priority = found
            } else {
                problem("\"\(name)\" is none of high, medium, low", at: node.mark, "\(path).priority", rule: "9.3")
            }
        }
        let expires = schema.queues ? keys["expires_after"].flatMap { length($0, "\(path).expires_after") } : nil
        return Message(channel: channel, fields: values, priority: priority, expiresAfter: expires)
    }

    mutating func unserved(_ kind: String, _ name: String, _ loaded: [String], at mark: Mark?, _ path: String) {
        let near = Spelling.nearest(to: name, among: loaded).map { "; did you mean \($0)?" } ?? ""
        problem(
            "no loaded plug-in serves the \(kind) \"\(name)\"; loaded are \(loaded.isEmpty ? "none" : loaded.joined(separator: ", "))\(near)",
            at: mark,
            path
        )
    }
}
