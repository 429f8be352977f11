import Engine
import Storage

@testable import Core

/// The core with a store in memory and a clock in the hands of the test. Events are matched by their names alone, as a
/// plug-in would.
struct Driver {
    var core: Core
    var loaded = Loaded(cache: UserCache(capacity: 100, bytes: 10 << 20))
    let store = InMemoryStore(identity: "test")
    var timers: Set<Timer> = []
    /// What steps had to load, in order.
    var needs: [Needs] = []
    /// Channels' queues of rate limits, as the driver's timers show them.
    var queues: [CampaignNumber: [Timer]] = [:]

    static let start = Instant(milliseconds: 1_700_000_000_000)

    init(_ campaigns: Campaign..., limits: CoreLimits = CoreLimits()) {
        var table = CampaignTable()
        for campaign in campaigns {
            let head = CampaignHead(
                id: campaign.id,
                number: table.nextNumber,
                launchedAt: Instant(milliseconds: 0),
                appliedAt: Instant(milliseconds: 0)
            )
            table.put(head, campaign)
        }
        core = Core(
            context: Self.context(table),
            tallies: [:],
            nextSequence: 1,
            nextEvent: 1,
            limits: limits
        )
    }

    static func context(_ table: CampaignTable) -> Context {
        Context(
            campaigns: table,
            channels: [
                "in_app": ChannelRules(queues: true),
                "webhook": ChannelRules(queues: false),
                "push": ChannelRules(queues: false, addressField: "push_tokens"),
            ],
            identity: "test",
            match: { event in
                table.allVersions.filter {
                    $1.trigger.type == "\(event.subject)" && table.head(of: $1.id)?.current == $0
                }
                .map {
                    Match($0.0, .trigger(whereHolds: true))
                }
            },
            render: { _ in .fields(["title": "hello"]) }
        )
    }

    static func campaign(_ id: CampaignID, on event: String, delay: Length = .zero, by channel: String) -> Campaign {
        Campaign(
            id: id,
            trigger: Occurrence(type: event),
            delay: .length(delay),
            reEligibility: .after(.zero),
            messages: [Message(channel: channel, fields: [:])]
        )
    }

    static func item(_ user: UserID, _ event: Text, id: Text? = nil, set: Object = Object()) -> Item {
        Item(
            user: user,
            id: id,
            time: nil,
            set: set,
            occurred: event.isEmpty
                ? nil : Item.Occurred(type: Event.customEvent, subject: event, properties: Object()),
            device: ""
        )
    }

    /// Decides and commits; the answers by the works' places.
    @discardableResult
    mutating func step(
        _ works: [Work],
        timers due: [Timer] = [],
        at seconds: Int64,
        hurriesAfter pieces: Int = .max
    ) throws -> (step: Step, answers: [Int: Answer]) {
        let step = try decide(works, timers: due, at: seconds, hurriesAfter: pieces)
        commit(step)
        return (step, Dictionary(uniqueKeysWithValues: step.answers.map { ($0.number, $0.answer) }))
    }

    mutating func decide(
        _ works: [Work],
        timers due: [Timer] = [],
        at seconds: Int64,
        hurriesAfter pieces: Int = .max
    ) throws -> Step {
        var step = core.begin(works, timers: due, at: Self.start + .seconds(seconds))
        loaded.forgetReads()
        var left = pieces
        while let needs = core.advance(&step, &loaded) {
            if needs.isEmpty {
                left -= 1
                if left <= 0 { step.hurry() }
                continue
            }
            self.needs.append(needs)
            try loaded.read(needs, from: store)
            for campaign in needs.queues { loaded.add(queue: queues[campaign] ?? [], of: campaign) }
        }
        return step
    }

    mutating func commit(_ step: Step) {
        store.commit(step.changes)
        core.committed(step)
        for (user, state) in step.changes.users { loaded.cache.put(user, state) }
        timers.formUnion(step.changes.timersAdded)
        timers.subtract(step.changes.timersRemoved)
    }
}

extension Answer {
    var items: [ItemAnswer]? {
        if case .tracked(let items) = self { items } else { nil }
    }

    var codes: [[Decision.Code]]? {
        items?.map { item in
            if case .told(let decisions, _) = item.decisions { decisions.map(\.code) } else { [] }
        }
    }
}
