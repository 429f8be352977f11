/// What is remembered of what a user did, and what filters ask of it (7).
extension Turn {
    /// After the event's exceptions, conversions and triggers: it counts from now on (7.1.2).
    mutating func count(_ event: Event) {
        let reads = context.campaigns.reads
        if reads.engagements, event.isEngagement {
            state.engagements.append(event.time)
            if state.engagements.count > context.limits.engagements { state.engagements.removeFirst() }
        }
        guard let name = event.countedName else { return }
        if let index = state.counts.firstIndex(where: { $0.event == name }) {
            state.counts[index].count += 1
            state.counts[index].last = max(state.counts[index].last, event.time)
        } else {
            state.counts.append(EventCount(event: name, count: 1, last: event.time))
        }
        if let reach = reads.events[name] {
            let oldest = now - reach
            state.happened.removeAll { $0.event == name && $0.at < oldest }
            state.happened.makeRoom(for: 1, of: context.limits.happened) { $0.event == name }
            state.happened.append(Happened(event: name, at: event.time))
        }
        if event.type == Event.purchase { spend(event, reads) }
    }

    private mutating func spend(_ event: Event, _ reads: Reads) {
        guard let currency = event.properties["currency"]?.text, let reach = reads.purchases[currency],
            let price = event.properties["price"]?.millionths
        else { return }
        let quantity: Int64 = if case .integer(let count)? = event.properties["quantity"] { count } else { 1 }
        let (amount, overflow) = price.multipliedReportingOverflow(by: quantity)
        guard !overflow else { return }
        let oldest = now - reach
        // What no campaign looks back for any more is one sum.
        var sum: Int64 = 0
        state.spent.removeAll { spent in
            guard spent.currency == currency, spent.at.map({ $0 < oldest }) ?? true else { return false }
            sum &+= spent.millionths
            return true
        }
        if sum != 0 { state.spent.append(Spent(currency: currency, millionths: sum, at: nil)) }
        state.spent.append(Spent(currency: currency, millionths: amount, at: event.time))
    }

    /// What is known of the user, for audiences and abort rules.
    var facts: UserFacts { UserFacts(state: state, context: context) }

    /// Whether the user belongs to the campaign's audience; records why not.
    mutating func isInAudience(
        _ definition: Definition,
        _ code: Decision.Code,
        rule: String,
        send: UInt64,
        channel: String? = nil
    ) -> Bool {
        guard let audience = definition.campaign.audience else { return true }
        let facts = facts
        if audience.holds(facts, now: now) { return true }
        decide(
            code,
            definition.campaign.id,
            channel: channel,
            rule: rule,
            send: send,
            why: [
                "audience": .string(audience.description), "found": .object(audience.compared(facts, now: now)),
            ]
        )
        return false
    }
}

/// A user's state as filters see it.
struct UserFacts: Facts {
    let state: UserState
    let context: Context

    func values(of subject: Filter.Subject, now: Instant) -> [Value] {
        switch subject {
        case .property: return []
        case .attribute(let path): return path.values(in: state.profile)
        case .eventCount(let event, nil):
            return [.integer(state.counts.first { $0.event == event }?.count ?? 0)]
        case .eventCount(let event, let recent?):
            let begins = recent.begins(now)
            return [.integer(Int64(state.happened.count { $0.event == event && $0.at >= begins }))]
        case .lastEvent(let event, nil):
            return state.counts.first { $0.event == event }.map { [.string($0.last.description)] } ?? []
        case .lastEvent(let event, let recent?):
            let begins = recent.begins(now)
            let last = state.happened.filter { $0.event == event && $0.at >= begins }.map(\.at).max()
            return last.map { [.string($0.description)] } ?? []
        case .purchaseTotal(let currency, let recent):
            let begins = recent?.begins(now)
            let total = state.spent.reduce(Int64(0)) { sum, spent in
                guard spent.currency == currency else { return sum }
                if let begins, spent.at.map({ $0 < begins }) ?? true { return sum }
                return sum &+ spent.millionths
            }
            return [.decimal(Double(total) / 1_000_000)]
        case .received(let definition):
            let number = context.campaigns.number(of: definition)
            return [.boolean(state.receipts.contains { $0.campaign == number && $0.isCertain })]
        case .reachable(let channel):
            guard let rules = context.channels[channel] ?? .wellKnown(channel) else { return [.boolean(false)] }
            return [.boolean(rules.fault(of: state.profile, requiresOptIn: false) == nil)]
        }
    }
}

extension Array {
    /// Drops the first of its kind until `count` more keep to the limit.
    mutating func makeRoom(for count: Int, of limit: Int, _ isOfKind: (Element) -> Bool) {
        var surplus = self.count(where: isOfKind) + count - limit
        guard surplus > 0 else { return }
        removeAll { element in
            guard surplus > 0, isOfKind(element) else { return false }
            surplus -= 1
            return true
        }
    }
}

extension ChannelRules {
    /// Of the channels that a filter can ask for whether or not a plug-in serves them.
    fileprivate static func wellKnown(_ channel: String) -> ChannelRules? {
        switch channel {
        case "push": ChannelRules(queues: false, addressField: "push_tokens", consentField: "push_subscription")
        case "email":
            ChannelRules(
                queues: false,
                addressField: "email",
                statusField: "email_status",
                consentField: "email_subscription"
            )
        default: nil
        }
    }
}

extension Value {
    /// A number in millionths, as exact as it was written; nil for what is none, or too large.
    fileprivate var millionths: Int64? {
        switch self {
        case .integer(let whole):
            let (product, overflow) = whole.multipliedReportingOverflow(by: 1_000_000)
            return overflow ? nil : product
        case .decimal(let decimal): return Int64(exactly: (decimal * 1_000_000).rounded())
        default: return nil
        }
    }
}
