import Core
import Engine
import Storage

// The core alone, as the daemon drives it, with every user in memory and nothing on disk: events that schedule a send,
// 64 in a step. Prints events a second; `count.sh` beside it counts instructions and allocations, which do not depend
// on what else the machine does.
//
//   core-bench [EVENTS]
let events = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 640_000
let users = 2_048
let inStep = 64

var campaign = Campaign(
    id: "cart",
    trigger: Occurrence(
        type: Event.customEvent,
        configuration: ["event": "cart"],
        where: .subject(.property(PropertyPath("value")!), [.greater(100), .less(200)])
    ),
    delay: .length(.seconds(1_800)),
    reEligibility: .after(.zero),
    messages: [Message(channel: "in_app")]
)
campaign.launchedAt = Instant(milliseconds: 0)
var table = CampaignTable()
let head = CampaignHead(
    id: campaign.id,
    number: table.nextNumber,
    launchedAt: Instant(milliseconds: 0),
    appliedAt: Instant(milliseconds: 0)
)
table.put(head, campaign)
let filter = campaign.trigger.where
var core = Core(
    context: Context(
        campaigns: table,
        channels: ["in_app": ChannelRules(queues: true)],
        identity: "bench",
        match: { event in
            [Match(head.current, .trigger(whereHolds: filter?.holds(event.properties, now: event.receivedAt) ?? true))]
        },
        render: { _ in .fields(Object()) }
    ),
    tallies: [:],
    nextSequence: 1,
    nextEvent: 1
)
var loaded = Loaded(cache: UserCache(capacity: users, bytes: 1 << 30))
let clock = ContinuousClock()
let begin = clock.now
var done = 0
while done < events {
    let works = (0..<inStep).map { index -> Work in
        let number = (done + index) % users
        let occurred = Item.Occurred(
            type: Event.customEvent,
            subject: "cart",
            properties: ["value": 150, "item": "lamp"]
        )
        let item = Item(
            user: UserID("user-\(number)"),
            id: nil,
            time: nil,
            set: Object(),
            occurred: occurred,
            device: ""
        )
        return .track(Track([item]))
    }
    // A user's sends are done before the next begins, as they are where delays pass.
    if done % (users * 4) == 0 { loaded.cache.removeAll() }
    var step = core.begin(works, at: Instant(milliseconds: 1_000 + Int64(done)))
    loaded.forgetReads()
    while let needs = core.advance(&step, &loaded) {
        for user in needs.users { loaded.add(.nothing, for: user) }
    }
    core.committed(step)
    for (user, state) in step.changes.users { loaded.cache.put(user, state) }
    precondition(step.answers.count == inStep, "\(step.answers.count) of \(inStep) works were answered")
    done += inStep
}
let took = (clock.now - begin) / .seconds(1)
print("\(Int(Double(done) / took)) events/s")
