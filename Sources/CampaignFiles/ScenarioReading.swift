import Engine

extension CampaignReader {
    /// The scenario of a file, or why the file cannot be read. Faults of its campaigns and its workspace are the
    /// scenario's own `problems`.
    package func readScenario(file: String, text: String) -> Result<Scenario, CampaignProblems> {
        var reading = CampaignReading(reader: self, file: file)
        var scenario: Scenario?
        let (documents, fault) = NodeComposer.documents(text, atMost: FileLimits.scenarioBytes)
        if let fault {
            reading.problem(fault.text, at: fault.mark, "")
        } else if documents.count > 1 {
            reading.problem("a second document: a file holds one scenario", at: documents[1].mark, "")
        } else if let document = documents.first {
            scenario = reading.scenario(of: document)
        }
        if scenario == nil, reading.problems.isEmpty {
            reading.problem("no scenario is in this file", at: nil, "")
        }
        if let scenario, reading.problems.isEmpty { return .success(scenario) }
        return .failure(CampaignProblems(reading.problems))
    }
}

extension CampaignReading {
    mutating func scenario(of document: Node) -> Scenario? {
        let known = ["scenario", "workspace", "campaigns", "users", "events", "until", "expect", "refused"]
        guard let keys = keys(document, "", known: known, required: ["scenario", "campaigns"]) else { return nil }
        guard let name = keys["scenario"].flatMap({ text($0, "scenario") }) else { return nil }
        var scenario = Scenario(name: name)

        // What is wrong with these two is a refusal, whatever else the file says.
        let before = problems
        problems = []
        if let node = keys["workspace"] { scenario.workspace = workspace(node) }
        if let node = keys["campaigns"] {
            var set = CampaignSet()
            for node in list(node, "campaigns") { add(node, to: &set) }
            (scenario.campaigns, scenario.places) = (set.campaigns, set.places)
        }
        scenario.problems = problems
        problems = before

        if let users = keys["users"] { scenario.users = profiles(users) }
        for (path, node) in elements(keys, "events", "events") {
            if let event = event(node, path, after: scenario.events.last) { scenario.events.append(event) }
        }
        scenario.until = keys["until"].flatMap { instant($0, "until") }
        if let refused = keys["refused"] {
            if let expect = keys["expect"] { problem("stands beside `refused`", at: expect.mark, "expect") }
            if let code = text(refused, "refused") { scenario.expectation = .refused(code) }
        } else if keys["expect"] != nil {
            scenario.expectation = .decisions(elements(keys, "expect", "expect").compactMap { expected($1, $0) })
        } else {
            problem("`expect` or `refused` is required", at: document.mark, "expect")
        }
        return problems.isEmpty ? scenario : nil
    }

    private mutating func profiles(_ node: Node) -> [(id: UserID, profile: Object, line: Int)] {
        guard let mapping = node.mapping else {
            problem("must be a mapping of users", at: node.mark, "users")
            return []
        }
        return mapping.map { key, value in
            let id = key.name
            return (Text(id), object(value, "users.\(id)", texts: Self.profileTexts), key.mark.line)
        }
    }

    /// Fields that are text, however they are written (13: scalars are converted by their field).
    private static let profileTexts = [
        "time_zone", "email", "email_subscription", "email_status", "push_subscription", "language", "country",
    ]
    private static let eventTexts = [
        "user", "id", "type", "event", "product_id", "currency", "campaign", "action", "card", "device", "at",
        "sent_at",
    ]
    private static let eventNumbers = ["price", "quantity", "latitude", "longitude"]

    private mutating func object(
        _ node: Node,
        _ path: String,
        texts: [String],
        numbers: [String] = [],
        without others: [String] = []
    ) -> Object {
        guard let mapping = node.mapping else {
            if node.scalar?.string != "" { problem("must be a mapping", at: node.mark, path) }
            return Object()
        }
        return Object(
            mapping.filter { !others.contains($0.key.name) }.map { key, value in
                let name = key.name
                if name == "push_tokens", let tokens = value.sequence {
                    return Object.Member(name, .array(tokens.map { .string($0.scalar?.string ?? "") }))
                }
                if texts.contains(name), let scalar = value.scalar,
                    !scalar.isPlain || ScalarValue(scalar.string) != .null
                {
                    return Object.Member(name, .string(scalar.string))
                }
                if numbers.contains(name), let number = value.number { return Object.Member(name, number) }
                return Object.Member(name, untyped(value, "\(path).\(name)"))
            }
        )
    }

    private mutating func event(_ node: Node, _ path: String, after last: Scenario.Event?) -> Scenario.Event? {
        var found: [String: Node] = [:]
        for (key, value) in node.mapping ?? Node.Mapping(pairs: []) {
            switch key.name {
            case "at", "received_at", "operator", "set": found[key.name] = value
            default: break
            }
        }
        guard let atNode = found["at"] else {
            problem("an event is a mapping with `at`", at: node.mark, path)
            return nil
        }
        guard let at = instant(atNode, "\(path).at") else { return nil }
        let received = found["received_at"].map { instant($0, "\(path).received_at") } ?? at
        guard let received else { return nil }
        if let last, received < last.receivedAt {
            problem(
                "is received before the event that stands before it",
                at: (found["received_at"] ?? atNode).mark,
                path
            )
            return nil
        }
        if found["operator"] != nil {
            let known = ["at", "operator", "campaign"]
            guard let keys = keys(node, path, known: known, required: known),
                let act = keys["operator"].flatMap({ choice($0, "\(path).operator", ["stop", "resume"]) }),
                let campaign = keys["campaign"].flatMap({ text($0, "\(path).campaign").map { Text($0) } })
            else { return nil }
            let line = node.mark.line
            return act == "stop" ? .stop(campaign, at: at, line: line) : .resume(campaign, at: at, line: line)
        }
        var fields = object(
            node,
            path,
            texts: Self.eventTexts,
            numbers: Self.eventNumbers,
            without: ["received_at", "set"]
        )
        if let isHistory = node.mapping?["history"]?.boolean { fields["history"] = .boolean(isHistory) }
        if let set = found["set"] {
            // A null stays: it removes.
            let members = object(set, "\(path).set", texts: Self.profileTexts)
            fields["set"] = .object(members)
        }
        return .item(fields, receivedAt: received, line: node.mark.line)
    }

    private mutating func expected(_ node: Node, _ path: String) -> Scenario.Expected? {
        let known = ["at", "user", "campaign", "channel", "decision", "conversion"]
        guard let keys = keys(node, path, known: known, required: ["at", "decision"]),
            let at = keys["at"].flatMap({ instant($0, "\(path).at") }),
            let decision = keys["decision"].flatMap({
                choice($0, "\(path).decision", Decision.Code.allCases.map(\.rawValue))
            })
        else { return nil }
        return Scenario.Expected(
            at: at,
            user: keys["user"].flatMap { text($0, "\(path).user") }.map { Text($0) },
            campaign: keys["campaign"].flatMap { text($0, "\(path).campaign") }.map { Text($0) },
            channel: keys["channel"].flatMap { text($0, "\(path).channel") },
            decision: decision,
            conversion: keys["conversion"].flatMap { whole($0, "\(path).conversion") }.map { Int($0) }
        )
    }
}
