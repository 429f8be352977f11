/// Events that would have triggered a campaign but for its `where` (2.3.1): the newest few, and how many there were.
/// They are for an explanation; nothing is ever decided by them.
package struct NearMisses: Hashable, Sendable {
    package var campaign: CampaignNumber
    package var count: Int64
    /// The oldest first.
    package var newest: [NearMiss]

    package init(campaign: CampaignNumber, count: Int64 = 0, newest: [NearMiss] = []) {
        self.campaign = campaign
        self.count = count
        self.newest = newest
    }
}

package struct NearMiss: Hashable, Sendable {
    package var at: Instant
    /// Which version of the campaign it was.
    package var version: UInt32
    /// What the event had of what `where` asks for, cut short.
    package var found: Object

    package init(at: Instant, version: UInt32, found: Object) {
        self.at = at
        self.version = version
        self.found = found
    }
}

extension NearMisses {
    /// As decisions, the oldest first; `table` knows what the versions asked for.
    package func decisions(_ user: UserID, _ table: CampaignTable) -> [Decision] {
        newest.enumerated().map { index, miss in
            let version = CampaignVersion(number: campaign, version: miss.version)
            return Decision(
                nearMissOf: table.head(campaign)?.id,
                user: user,
                at: miss.at,
                number: count - Int64(newest.count - 1 - index),
                asked: (table.campaign(version)?.trigger.where?.description).map { Text($0.cut(Self.bytesOfWhere)) },
                found: miss.found
            )
        }
    }

    /// Of what `where` asks for, in an explanation: it may be as long as a campaign.
    private static let bytesOfWhere = 1_000
}

extension Decision {
    /// It has no place in the order of decisions, as it is not kept among them.
    fileprivate init(
        nearMissOf campaign: CampaignID?,
        user: UserID,
        at: Instant,
        number: Int64,
        asked: Text?,
        found: Object
    ) {
        self.init(
            sequence: 0,
            at: at,
            user: user,
            campaign: campaign,
            code: .propertyFilterMismatch,
            rule: "2.3.1",
            why: asked.map { ["where": .string($0), "found": .object(found)] } ?? [:],
            nearMiss: number
        )
    }
}

extension [Decision] {
    /// With near misses at their places among these.
    package func merged(with nearMisses: some Sequence<(decision: Decision, place: Int)>) -> [Decision] {
        var merged: [Decision] = []
        var next = 0
        for (decision, place) in nearMisses {
            merged += self[next..<place]
            merged.append(decision)
            next = place
        }
        return merged + self[next...]
    }
}

extension Turn {
    /// The right event, but for its properties: told where that was asked for, and remembered.
    mutating func miss(_ version: CampaignVersion, _ head: CampaignHead, _ campaign: Campaign, _ event: Event) {
        let found = campaign.trigger.where?.compared(event.properties, now: now) ?? Object()
        var misses = NearMisses(campaign: version.number)
        if let index = state.nearMisses.lastIndex(where: { $0.campaign == version.number }) {
            misses = state.nearMisses.remove(at: index)
        }
        misses.count += 1
        misses.newest.append(
            NearMiss(at: now, version: version.version, found: found.cut(context.limits.bytesOfNearMiss))
        )
        if misses.newest.count > context.limits.nearMisses { misses.newest.removeFirst() }
        // What was missed last stands last.
        state.nearMisses.append(misses)
        if state.nearMisses.count > context.limits.nearMissCampaigns { state.nearMisses.removeFirst() }
        guard tellsNearMisses else { return }  // Nobody asked.
        let decision = Decision(
            nearMissOf: head.id,
            user: user,
            at: now,
            number: misses.count,
            asked: (campaign.trigger.where?.description).map { Text($0) },
            found: found
        )
        effects.nearMisses.append((decision, place: effects.decisions.count))
    }

    /// Of many campaigns one near miss each is left, of those that were missed longest ago first.
    mutating func thinNearMisses() {
        var surplus = state.nearMisses.reduce(0) { $0 + $1.newest.count } - context.limits.nearMissesInAll
        for index in state.nearMisses.indices where surplus > 0 {
            let dropped = min(surplus, state.nearMisses[index].newest.count - 1)
            state.nearMisses[index].newest.removeFirst(dropped)
            surplus -= dropped
        }
    }
}

extension Object {
    /// With so many bytes of names and texts, about, and no more parts than that.
    fileprivate func cut(_ bytes: Int) -> Object {
        var rest = bytes
        guard case .object(let cut) = Value.object(self).cut(&rest) else { return self }
        return cut
    }
}

extension Value {
    fileprivate func cut(_ rest: inout Int) -> Value {
        guard rest > 0 else { return "..." }
        switch self {
        case .null, .boolean, .integer, .decimal:
            rest -= 8
            return self
        case .string(let text):
            let cut = text.string.cut(rest)
            rest -= max(8, cut.utf8.count)
            return .string(Text(cut))
        case .array(let elements):
            var cut: [Value] = []
            rest -= 8
            for element in elements {
                cut.append(element.cut(&rest))
                if rest <= 0 { break }
            }
            return .array(cut)
        case .object(let object):
            var cut: [Object.Member] = []
            rest -= 8
            for member in object.members {
                rest -= member.name.utf8.count
                cut.append(Object.Member(Text(member.name.string.cut(128)), member.value.cut(&rest)))
                if rest <= 0 { break }
            }
            return .object(Object(cut))
        }
    }
}

extension String {
    /// At most so many bytes of it, whole scalars, and whether there was more.
    fileprivate func cut(_ bytes: Int) -> String {
        guard utf8.count > bytes else { return self }
        var end = utf8.index(startIndex, offsetBy: bytes)
        while end > startIndex, unicodeScalars.index(after: unicodeScalars.index(before: end)) != end {
            end = utf8.index(before: end)
        }
        return String(self[..<end]) + "..."
    }
}
