/// What a campaign or a workspace may say and hardly anybody means (11, "Warnings"). It is applied all the same.
package struct CampaignWarning: Hashable, Sendable, CustomStringConvertible {
    /// The path of the field, as a campaign file writes it.
    package var field: String
    package var text: String
    package var rule: String

    package init(field: String, text: String, rule: String) {
        (self.field, self.text, self.rule) = (field, text, rule)
    }

    package var description: String { "\(field): \(text) [rule \(rule)]" }
}

extension Campaign {
    /// In the order of the fields; `queues` says whether a channel waits for the user's next session.
    package func warnings(_ workspace: Workspace, queues: (_ channel: String) -> Bool) -> [CampaignWarning] {
        var found: [CampaignWarning] = occurrences.compactMap { field, occurrence in
            guard occurrence.type == Event.attributeChanged,
                occurrence.configuration["attribute"]?.text == Event.pushTokens
            else { return nil }
            return CampaignWarning(
                field: "\(field).attribute",
                text: "never happens: of all attributes push_tokens alone change without an event",
                rule: "1.2"
            )
        }
        found += warningsOfNobody
        if let event = trigger.countedName, audience?.needs(event) == true {
            found.append(
                CampaignWarning(
                    field: "audience",
                    text: "the trigger is not counted yet when the audience is judged: it takes a second \(event)",
                    rule: "7.1.2"
                )
            )
        }
        if let start = duration?.start ?? launchedAt.map({ WallTime(milliseconds: $0.milliseconds) }),
            let end = duration?.end,
            start.instant(offset: start.offset ?? 0) + delay.least
                >= end.instant(offset: end.offset ?? 0)
        {
            found.append(
                CampaignWarning(
                    field: "delay",
                    text: "no shorter than the duration: every send would be due after the end",
                    rule: "3.2.4"
                )
            )
        }
        let quiet: QuietHours? =
            switch quietHours {
            case .workspace: workspace.quietHours
            case .none: nil
            case .own(let hours): hours
            }
        if let window, let quiet, window.zone == .user, messages.contains(where: { !queues($0.channel) }),
            window.hours.isInside(quiet.hours)
        {
            found.append(
                CampaignWarning(
                    field: "window",
                    text: "all of it lies within the quiet hours, \(quiet.hours): nothing but in-app could be sent",
                    rule: "10.1"
                )
            )
        }
        return found
    }
}

extension Campaign {
    /// What lets nobody receive it, whoever they are.
    private var warningsOfNobody: [CampaignWarning] {
        var found: [CampaignWarning] = []
        func warn(_ field: String, _ text: String, _ rule: String) {
            found.append(CampaignWarning(field: field, text: text, rule: rule))
        }
        if trigger.where?.constant == false { warn("trigger.where", "holds of no event", "2.3.1") }
        if audience?.constant == false { warn("audience", "holds of nobody", "7.1.1") }
        if abortIf?.constant == true { warn("abort_if", "holds of everybody: every send is given up", "10.8") }
        if controlGroup?.isEverybody ?? false { warn("control_group", "everybody is in it", "10.5") }
        return found
    }
}

extension Filter {
    /// What it is of everybody; nil where that hangs on whom or what it is asked of.
    fileprivate var constant: Bool? {
        switch self {
        case .all(let filters):
            let parts = filters.map(\.constant)
            return parts.contains(false) ? false : parts.allSatisfy { $0 == true } ? true : nil
        case .any(let filters):
            let parts = filters.map(\.constant)
            return parts.contains(true) ? true : parts.allSatisfy { $0 == false } ? false : nil
        case .not(let filter): return filter.constant.map { !$0 }
        case .subject: return nil
        }
    }
}

extension Occurrence {
    /// The name under which what it listens for is counted, where it has one.
    fileprivate var countedName: Text? {
        switch type {
        case Event.customEvent: configuration["event"]?.text
        case Event.sessionStart, Event.purchase: Text(type)
        default: nil
        }
    }
}

extension Filter {
    /// Whether it cannot hold before the event has happened once.
    fileprivate func needs(_ event: Text) -> Bool {
        switch self {
        case .all(let filters): filters.contains { $0.needs(event) }
        case .any(let filters): !filters.isEmpty && filters.allSatisfy { $0.needs(event) }
        case .not: false
        case .subject(.eventCount(event, _), let operators): operators.contains(where: \.refusesZero)
        case .subject(.lastEvent(event, _), let operators): operators.contains { $0 != .isBlank }
        case .subject: false
        }
    }
}

extension Filter.Operator {
    fileprivate var refusesZero: Bool {
        switch self {
        case .equal(let value): value.compare(0) != 0
        case .greater(let value): (value.compare(0) ?? -1) >= 0
        case .greaterOrEqual(let value): (value.compare(0) ?? -1) > 0
        case .notEqual(let value): value.compare(0) == 0
        default: false
        }
    }
}

extension Delay {
    /// No send is due sooner after its trigger.
    fileprivate var least: Length {
        switch self {
        case .length(let length): length
        case .days(let days, _, _): .days(max(0, days - 1))
        case .next, .until: .zero
        }
    }
}

extension ClockRange {
    private var length: Length { to.since(from) }

    fileprivate func isInside(_ other: ClockRange) -> Bool {
        other.contains(from) && from.since(other.from).milliseconds + length.milliseconds <= other.length.milliseconds
    }
}
