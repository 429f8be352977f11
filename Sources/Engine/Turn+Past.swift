/// What is remembered of what a user did, and what filters ask of it (7).
extension Turn {
    /// After the event's exceptions, conversions and triggers: it counts from now on (7.1.2).
    mutating func count(_ event: Event) {
        let reads = context.campaigns.reads
        if reads.engagements, event.isEngagement {
            state.engagements.insertInOrder(event.time) { $0 <= $1 }
            if state.engagements.count > context.limits.engagements { state.engagements.removeFirst() }
        }
        guard let name = event.countedName else { return }  // It is of a kind that nobody counts.
        if let index = state.counts.firstIndex(where: { $0.event == name }) {
            state.counts[index].count += 1
            state.counts[index].last = max(state.counts[index].last, event.time)
        } else {
            // With more names than are kept, the one that has not happened for longest is forgotten: of those that no
            // campaign asks for, where there are such.
            if state.counts.count >= context.limits.eventNames,
                let oldest = state.counts.indices.min(by: { left, right in
                    let (left, right) = (state.counts[left], state.counts[right])
                    let (isLeftAsked, isRightAsked) = (reads.counts(left.event), reads.counts(right.event))
                    return isLeftAsked == isRightAsked ? left.last < right.last : isRightAsked
                })
            {
                state.counts.remove(at: oldest)
            }
            state.counts.append(EventCount(event: name, count: 1, last: event.time))
        }
        if let reach = reads.events[name] {
            let oldest = now - max(reach, context.limits.reach)
            state.happened.removeAll { $0.event == name && $0.at < oldest }
            state.happened.insertInOrder(Happened(event: name, at: event.time)) { $0.at <= $1.at }
            state.happened.makeRoom(for: 0, of: context.limits.happened) { $0.event == name }
        }
        if event.type == Event.purchase { spend(event, reads) }
    }

    private mutating func spend(_ event: Event, _ reads: Reads) {
        guard let currency = event.properties["currency"]?.text, let reach = reads.purchases[currency],
            let price = event.properties["price"]?.exactDecimal
        else { return }  // No campaign asks for money of this currency, or none was paid.
        let quantity: Int64 = if case .integer(let count)? = event.properties["quantity"] { count } else { 1 }
        let oldest = now - max(reach, context.limits.reach)
        let spent = Spent(currency: currency, amount: price * quantity, at: event.time)
        state.spent.insertInOrder(spent) { ($0.at ?? oldest) <= ($1.at ?? oldest) }
        var single = state.spent.count { $0.currency == currency && $0.at.map { $0 >= oldest } ?? false }
        // What no campaign looks back for any more is one sum; of more than are kept the oldest join it.
        var sum = ExactDecimal.zero
        state.spent.removeAll { spent in
            guard spent.currency == currency else { return false }
            if let at = spent.at, at >= oldest {
                guard single > context.limits.spent else { return false }
                single -= 1
            }
            sum = sum + spent.amount
            return true
        }
        if sum != .zero { state.spent.insert(Spent(currency: currency, amount: sum, at: nil), at: 0) }
    }

    /// What is known of the user, for audiences and abort rules.
    var facts: UserFacts { UserFacts(state: state, context: context) }

    /// Nil: the user belongs to the campaign's audience. Otherwise why not was decided.
    mutating func isOutsideAudience(
        _ definition: Definition,
        _ code: Decision.Code,
        rule: String,
        of send: SendName?,
        channel: String? = nil
    ) -> Judged? {
        guard let audience = definition.campaign.audience else { return nil }
        let facts = facts
        if audience.holds(facts, now: now, within: &filterBudget) { return nil }
        return decide(
            code,
            definition.campaign.id,
            channel: channel,
            rule: rule,
            of: send,
            why: [
                "audience": .string(audience.description), "found": .object(audience.compared(facts, now: now)),
            ]
        )
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
        case .purchaseTotal: return sum(of: subject, now: now).map { [Value($0)] } ?? []
        case .received(let definition):
            let number = context.campaigns.number(of: definition)
            return [.boolean(state.receipts.contains { $0.campaign == number && $0.isCertain })]
        case .reachable(let channel):
            guard let rules = context.channels[channel] ?? .wellKnown(channel) else { return [.boolean(false)] }
            return [.boolean(rules.fault(of: state.profile, requiresOptIn: false) == nil)]
        }
    }

    func sum(of subject: Filter.Subject, now: Instant) -> ExactDecimal? {
        guard case .purchaseTotal(let currency, let recent) = subject else { return nil }
        let begins = recent?.begins(now)
        return state.spent.reduce(ExactDecimal.zero) { sum, spent in
            guard spent.currency == currency else { return sum }
            if let begins, spent.at.map({ $0 < begins }) ?? true { return sum }
            return sum + spent.amount
        }
    }
}

extension Array {
    /// Behind the last that may stand before it: what is told late, or as history, is no newer for that.
    fileprivate mutating func insertInOrder(_ element: Element, _ mayPrecede: (Element, Element) -> Bool) {
        let place = lastIndex { mayPrecede($0, element) }.map { $0 + 1 } ?? 0
        insert(element, at: place)
    }

    /// Drops the first of its kind until `count` more keep to the limit.
    mutating func makeRoom(for count: Int, of limit: Int, _ isOfKind: (Element) -> Bool) {
        var surplus = self.count(where: isOfKind) + count - limit
        guard surplus > 0 else { return }  // There is room.
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
