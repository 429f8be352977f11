extension Campaign {
    /// The longest delay (3.1).
    package static let longestDelay = Length.days(731)

    /// Everything in it that no engine could honour, in the order of its fields; `queues` says whether a channel
    /// waits for the user's next session.
    package func refusals(queues: (_ channel: String) -> Bool) -> [CampaignProblem] {
        var found: [CampaignProblem] = []
        if !Self.isName(id.string) {
            found.append(
                CampaignProblem(
                    field: "campaign",
                    "\"\(id)\" is not a campaign's id: 1 to 128 letters, digits, '-', '_' and '.'"
                )
            )
        }
        if trigger.same != nil {
            found.append(
                CampaignProblem(field: "trigger.same", "`same` belongs to exceptions", rule: "4.14")
            )
        }
        for (index, conversion) in conversions.enumerated() where conversion.occurrence.same != nil {
            found.append(
                CampaignProblem(
                    field: "conversions[\(index)].same",
                    "`same` belongs to exceptions",
                    rule: "4.14"
                )
            )
        }
        found += amountRefusals + sizeRefusals
        if !exceptions.isEmpty, delay == .none {
            found.append(
                CampaignProblem(
                    .exceptionNeedsDelay,
                    field: "exceptions",
                    "an exception has no time to happen without a delay: set `delay`",
                    rule: "4.1"
                )
            )
        }
        for (index, exception) in exceptions.enumerated() where exception.type == Event.sessionStart {
            if trigger.type == Event.sessionStart {
                found.append(
                    CampaignProblem(
                        .sessionStartBoth,
                        field: "exceptions[\(index)].type",
                        "a session start cannot be both the trigger and an exception",
                        rule: "4.10"
                    )
                )
            }
            if messages.contains(where: { queues($0.channel) }) {
                found.append(
                    CampaignProblem(
                        .sessionStartExceptionForInApp,
                        field: "exceptions[\(index)].type",
                        "the session that would show the message would cancel it",
                        rule: "4.12"
                    )
                )
            }
        }
        if let window, let refusal = window.hours.emptiness(field: "window", rule: "5.2.6") { found.append(refusal) }
        if case .own(let quiet) = quietHours, let refusal = quiet.hours.emptiness(field: "quiet_hours", rule: "10.1") {
            found.append(refusal)
        }
        if let start = duration?.start, let end = duration?.end, !start.isBefore(end) {
            found.append(
                CampaignProblem(
                    .endBeforeStart,
                    field: "duration.end",
                    "the end is not after the start",
                    rule: "5.1.3"
                )
            )
        }
        if case .after(let wait) = reEligibility, wait > ReEligibility.longest {
            found.append(
                CampaignProblem(
                    .reEligibilityTooLong,
                    field: "re_eligibility.after",
                    "re-eligibility is at most 720 days, this is \(wait)",
                    rule: "6.2"
                )
            )
        }
        if messages.isEmpty {
            found.append(
                CampaignProblem(.noChannel, field: "messages", "a campaign needs at least one message", rule: "13")
            )
        }
        for (index, message) in messages.enumerated()
        where messages[..<index].contains(where: { $0.channel == message.channel }) {
            found.append(
                CampaignProblem(
                    field: "messages[\(index)].channel",
                    "a second message for \(message.channel): each channel carries one"
                )
            )
        }
        return found
    }

    /// Lengths and numbers that mean nothing.
    private var amountRefusals: [CampaignProblem] {
        var found: [CampaignProblem] = []
        func refuse(_ field: String, _ text: String, _ rule: String) {
            found.append(CampaignProblem(field: field, text, rule: rule))
        }
        switch delay {
        case .length(let length) where length > Self.longestDelay: refuse("delay", "a delay is at most 731 days", "3.1")
        case .days(let days, _, _) where .days(days) > Self.longestDelay:
            refuse("delay.days", "a delay is at most 731 days", "3.1")
        case .until(_, let shift) where shift > Self.longestDelay:
            refuse("delay.after", "a delay is at most 731 days", "3.1")
        case .until(_, let shift) where shift < Length(milliseconds: -Self.longestDelay.milliseconds):
            refuse("delay.before", "a delay is at most 731 days", "3.1")
        default: break
        }
        if let most = debouncesAtMost, let fault = fault(ofAtMost: most) { refuse("delay.at_most", fault, "14") }
        for (index, conversion) in conversions.enumerated() where conversion.within == .zero {
            refuse("conversions[\(index)].within", "nothing can happen within no time", "8.2")
        }
        if let rateLimit, rateLimit < 1 { refuse("rate_limit.per_minute", "at least one a minute", "10.3") }
        if let maxRecipients, maxRecipients < 1 { refuse("max_recipients", "at least one", "10.4") }
        if let fault = controlGroup?.fault { refuse("control_group.percent", fault, "10.5") }
        return found
    }

    /// What `at_most` gets wrong: it bounds how long triggers may push a send back (4.9).
    private func fault(ofAtMost most: Length) -> String? {
        guard most > .zero, most <= Self.longestDelay else { return "must be more than 0s and at most 731 days" }
        if case .length(let length) = delay, most < length {
            return "is shorter than the delay, \(length): no send would ever wait that long"
        }
        guard exceptions.contains(where: trigger.mayBe) else {
            return "belongs to a debounce: no exception here can be the trigger as well"
        }
        return nil
    }

    package static func isName(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}

extension Occurrence {
    /// Whether one event could be both, as far as their keys say: of one type, and of every text, or list of them, that
    /// both name, something in common. What `where` asks is not compared.
    fileprivate func mayBe(_ other: Occurrence) -> Bool {
        guard type == other.type else { return false }
        return configuration.members.allSatisfy { member in
            guard let value = other.configuration[member.name] else { return true }
            let (mine, others) = (Set(member.value.texts), value.texts)
            return mine.isEmpty || others.isEmpty || others.contains { mine.contains($0) }
        }
    }
}

extension ControlGroup {
    package var fault: String? {
        guard case .percent(let percent) = self, !(0...100).contains(percent) else { return nil }
        return "a percentage is 0 to 100, this is \(percent)"
    }
}

extension ClockRange {
    /// 5.2.6, and quiet hours alike (13).
    fileprivate func emptiness(field: String, rule: String) -> CampaignProblem? {
        guard from == to else { return nil }
        return CampaignProblem(
            .emptyWindow,
            field: field,
            "it begins when it ends, at \(from)",
            rule: rule
        )
    }
}

extension Workspace {
    /// Everything in it that no engine could honour.
    package func refusals(zone: (String) -> Zone?) -> [CampaignProblem] {
        var found: [CampaignProblem] = []
        if zone(timeZone) == nil {
            found.append(
                CampaignProblem(
                    field: "workspace.time_zone",
                    "\"\(timeZone)\" is no time zone, like Europe/Paris",
                    rule: "3.3.1"
                )
            )
        }
        if let refusal = quietHours?.hours.emptiness(field: "workspace.quiet_hours", rule: "10.1") {
            found.append(refusal)
        }
        if let fault = controlGroup?.fault {
            found.append(
                CampaignProblem(field: "workspace.control_group.percent", fault, rule: "10.5")
            )
        }
        found += sizeRefusals
        return found
    }
}

// MARK: Campaigns together

extension Campaign {
    /// The other campaigns that it names, with the fields that name them.
    package var references: [(field: String, campaign: CampaignID)] {
        var found: [(String, CampaignID)] = []
        for (field, occurrence) in occurrences where Self.campaignTypes.contains(occurrence.type) {
            if let id = occurrence.configuration["campaign"]?.text { found.append(("\(field).campaign", id)) }
        }
        for (filter, field) in [(audience, "audience"), (abortIf, "abort_if")] {
            for case (let path, .received(let id)) in filter?.subjects(at: field) ?? [] {
                found.append(("\(path).received", id))
            }
        }
        return found
    }

    /// Its occurrences, with their fields.
    package var occurrences: [(field: String, occurrence: Occurrence)] {
        [("trigger", trigger)] + exceptions.enumerated().map { ("exceptions[\($0)]", $1) }
            + conversions.enumerated().map { ("conversions[\($0)]", $1.occurrence) }
    }

    private static let campaignTypes = [Event.conversion, Event.exception, Event.campaignInteraction]
}
