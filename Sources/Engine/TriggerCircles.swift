/// What campaigns without a delay raise, and which of them it triggers: where that goes round, it would never end
/// (13, 1.5). Kept beside the campaigns, so that looking for a circle follows what hangs together, not all there are.
struct TriggerLinks: Sendable {
    /// What the engine raises by itself: of one campaign, or of any.
    struct Cause: Hashable, Sendable {
        var type: String
        var action: String?
        var campaign: CampaignID?
    }

    private var triggered: ShardedDictionary<Cause, [CampaignNumber]> = ShardedDictionary()

    func triggered(by cause: Cause) -> [CampaignNumber] { triggered[cause] ?? [] }

    mutating func remove(_ old: Campaign?, _ number: CampaignNumber) {
        if let before = old?.causeWithoutDelay { triggered[before]?.removeAll { $0 == number } }
    }

    mutating func replace(_ old: Campaign?, by new: Campaign, _ number: CampaignNumber) {
        let (before, after) = (old?.causeWithoutDelay, new.causeWithoutDelay)
        guard before != after else { return }  // It stands where it stood.
        if let before { triggered[before]?.removeAll { $0 == number } }
        if let after { triggered[after, default: []].append(number) }
    }
}

extension Campaign {
    /// What the engine raises that triggers it at once; nil where nothing does.
    fileprivate var causeWithoutDelay: TriggerLinks.Cause? {
        guard delay == .none else { return nil }
        let campaign = trigger.configuration["campaign"]?.text
        switch trigger.type {
        case Event.conversion, Event.exception: return TriggerLinks.Cause(type: trigger.type, campaign: campaign)
        case Event.campaignInteraction:
            guard let action = trigger.configuration["action"]?.string else { return nil }
            return TriggerLinks.Cause(type: trigger.type, action: action, campaign: campaign)
        default: return nil
        }
    }

    /// What it makes the engine raise; `queues` says whether a channel waits for the user's next session.
    fileprivate func causes(queues: (_ channel: String) -> Bool) -> [TriggerLinks.Cause] {
        var found: [TriggerLinks.Cause] = []
        func add(_ type: String, _ action: String? = nil) {
            found.append(TriggerLinks.Cause(type: type, action: action, campaign: id))
            found.append(TriggerLinks.Cause(type: type, action: action, campaign: nil))
        }
        if !conversions.isEmpty { add(Event.conversion) }
        if !exceptions.isEmpty { add(Event.exception) }
        if controlGroup != nil { add(Event.campaignInteraction, Event.controlEnrolled) }
        if messages.contains(where: { queues($0.channel) }) { add(Event.campaignInteraction, Event.inAppViewed) }
        for message in messages where !queues(message.channel) {
            add(Event.campaignInteraction, Event.handOver(of: message.channel))
        }
        return found
    }
}

extension CampaignTable {
    /// Circles of campaigns without a delay in which each can trigger the next, of those that can be reached from
    /// `starts`: as they are passed, the first campaign once. No circle has two names, and at most `most` are told.
    package func circles(
        from starts: [CampaignNumber],
        queues: (_ channel: String) -> Bool,
        most: Int
    ) -> [[CampaignID]] {
        var search = CircleSearch(most: most)
        for start in starts where search.found.count < most { search.run(from: start, in: self, queues) }
        return search.found.map { $0.compactMap { head($0)?.id } }
    }
}

/// Depth first, each campaign and each cause once, however many starts there are.
private struct CircleSearch {
    private enum Node: Hashable {
        case campaign(CampaignNumber)
        case cause(TriggerLinks.Cause)
    }

    private struct Step {
        var node: Node
        var next: [Node]
    }

    let most: Int
    private(set) var found: [[CampaignNumber]] = []
    /// Whether it is on the path that is being followed.
    private var isOnPath: [Node: Bool] = [:]

    init(most: Int) {
        self.most = most
    }

    mutating func run(from start: CampaignNumber, in table: CampaignTable, _ queues: (String) -> Bool) {
        guard isOnPath[.campaign(start)] == nil else { return }  // It was looked at.
        var path: [Step] = []
        func enter(_ node: Node, _ isOnPath: inout [Node: Bool]) {
            isOnPath[node] = true
            path.append(Step(node: node, next: Self.following(node, table, queues)))
        }
        enter(.campaign(start), &isOnPath)
        while let last = path.indices.last, found.count < most {
            guard let next = path[last].next.popLast() else {
                isOnPath[path.removeLast().node] = false
                continue
            }
            switch isOnPath[next] {
            case nil: enter(next, &isOnPath)
            case false?: continue
            case true?:
                let circle = path.drop { $0.node != next }
                found.append(
                    circle.compactMap { step in
                        if case .campaign(let number) = step.node { number } else { nil }
                    }
                )
            }
        }
    }

    private static func following(_ node: Node, _ table: CampaignTable, _ queues: (String) -> Bool) -> [Node] {
        switch node {
        case .cause(let cause): return table.links.triggered(by: cause).map { .campaign($0) }
        case .campaign(let number):
            guard let head = table.head(number), let campaign = table.campaign(head.current), campaign.delay == .none
            else { return [] }
            return campaign.causes(queues: queues).filter { !table.links.triggered(by: $0).isEmpty }.map { .cause($0) }
        }
    }
}
