import Engine
import Storage

/// A fault that is made on purpose, so that it is known that such a one would be found. What is done wrong stands
/// at the seams that this driver has anyway: what the core decided on its way to the disk, what it is told of the world,
/// and who is told when. No fault stands in what is built for use.
struct Canary {
    private let number: Int

    static let all = [
        "a timer that is added is not written", "a timer that is removed stays",
        "an answered item's id is not written", "a decision is not written",
        "a claimed message is not written", "a message that ended stays",
        "a tally is not written", "a user's profile is not written",
        "an answer is given before it is on disk", "a user's clock shows another zone's time",
        "a line is not told what is recorded", "a trigger fires twice",
    ]

    init(_ number: Int) {
        self.number = number
    }

    func spoiled(_ changes: Changes, at now: Instant) -> Changes {
        guard number > 0, now.milliseconds % 3 == 0 else { return changes }
        var changes = changes
        switch number {
        case 1: changes.timersAdded = Array(changes.timersAdded.dropLast())
        case 2: changes.timersRemoved = Array(changes.timersRemoved.dropLast())
        case 3: changes.items = Array(changes.items.dropLast())
        case 4: changes.decisions = Array(changes.decisions.dropLast())
        case 5: changes.outboxAdded = Array(changes.outboxAdded.dropLast())
        case 6: changes.outboxRemoved = Array(changes.outboxRemoved.dropLast())
        case 7: changes.tallies = [:]
        case 8: for index in changes.users.indices { changes.users[index].state.profile = Object() }
        default: break
        }
        return changes
    }

    var answersTooSoon: Bool { number == 9 }
    var forgetsOutcomes: Bool { number == 11 }

    func spoiled(_ context: Context) -> Context {
        guard number == 10 || number == 12 else { return context }
        var (zone, match) = (context.zone, context.match)
        if number == 10 { zone = { name in context.zone(name == "UTC" ? "Asia/Kolkata" : "UTC") } }
        if number == 12 { match = { event in context.match(event).flatMap(Self.twice) } }
        return Context(
            campaigns: context.campaigns,
            channels: context.channels,
            workspace: context.workspace,
            limits: context.limits,
            identity: context.identity,
            acceptsAtOnce: context.acceptsAtOnce,
            zone: zone,
            match: match,
            render: context.render
        )
    }

    @Sendable private static func twice(_ match: Match) -> [Match] {
        match.role == .trigger(whereHolds: true) ? [match, match] : [match]
    }
}
