import Engine

// Deciding alone, in memory: an event whose trigger matches, a filter, a delay; one campaign, then 10,000 of which one
// listens. Prints events a second for each.
let users = 10_000
let events = 1_000_000

func campaign(_ index: Int) -> Campaign {
    var campaign = Campaign(
        id: "c\(index)",
        trigger: Occurrence(
            type: Event.customEvent,
            configuration: ["event": .string("e\(index)")],
            where: .subject(.property(PropertyPath("value")!), [.greater(100), .less(200)])
        ),
        delay: .length(.seconds(1_800)),
        reEligibility: .after(.zero),
        messages: [Message(channel: "in_app")]
    )
    campaign.launchedAt = Instant(milliseconds: 0)
    return campaign
}

func run(campaigns: Int) -> Double {
    var table = CampaignTable()
    var listeners: [Text: [(CampaignVersion, Filter?)]] = [:]
    for index in 0..<campaigns {
        let campaign = campaign(index)
        let head = CampaignHead(
            id: campaign.id,
            number: CampaignNumber(index + 1),
            launchedAt: Instant(milliseconds: 0),
            appliedAt: Instant(milliseconds: 0)
        )
        table.put(head, campaign)
        listeners["e\(index)", default: []].append((head.current, campaign.trigger.where))
    }
    let context = Context(
        campaigns: table,
        channels: ["in_app": ChannelRules(queues: true)],
        identity: "bench",
        match: { [listeners] event in
            (listeners[event.subject] ?? []).map { version, filter in
                Match(version, .trigger(whereHolds: filter?.holds(event.properties, now: event.receivedAt) ?? true))
            }
        },
        render: { _ in .fields(Object()) }
    )
    var states = [UserState](repeating: UserState(), count: users)
    var tallies: [CampaignNumber: Tally] = [:]
    var sequence: UInt64 = 1
    let properties: Object = ["value": 150, "item": "lamp"]
    let clock = ContinuousClock()
    let begin = clock.now
    for index in 0..<events {
        let place = index % users
        // A user's sends are done before the next begins, as they are where delays pass.
        if index % (users * 4) < users { states[place] = UserState() }
        let now = Instant(milliseconds: Int64(index))
        let turn = Turn.take(
            user: "user-\(place)",
            state: exchange(&states[place], with: UserState()),
            context: context,
            now: now,
            nextSequence: sequence,
            tallies: exchange(&tallies, with: [:])
        ) { turn in
            turn.handle(
                Event(
                    type: Event.customEvent,
                    subject: "e0",
                    user: turn.user,
                    time: now,
                    receivedAt: now,
                    properties: properties
                )
            )
        }
        sequence = turn.nextSequence
        tallies = turn.tallies
        states[place] = turn.state
    }
    let elapsed = clock.now - begin
    precondition(sequence == UInt64(events) + 1, "every event makes one decision")
    let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    return Double(events) / seconds
}

for round in 1...3 {
    print("round \(round): 1 campaign \(Int(run(campaigns: 1)))/s, 10,000 campaigns \(Int(run(campaigns: 10_000)))/s")
}
