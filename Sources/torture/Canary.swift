import Engine
import Storage

/// A fault that is made on purpose, so that it is known that such a one would be found. What is done wrong stands
/// at the seams that this driver has anyway: what the core decided on its way to the disk, the campaigns by which it
/// decides, what it is told of the world, and who is told when. No fault stands in what is built for use.
enum Canary: String, CaseIterable {
    // What was decided is not written, or not all of it.
    case lostTimer = "lost-timer"
    case staleTimer = "stale-timer"
    case lostID = "lost-id"
    case lostDecision = "lost-decision"
    case lostMessage = "lost-message"
    case staleMessage = "stale-message"
    case lostTally = "lost-tally"
    case lostProfile = "lost-profile"
    // Who is told what, and when.
    case earlyAnswer = "early-answer"
    case untoldOutcome = "untold-outcome"
    case untoldWithdrawal = "untold-withdrawal"
    case untoldTimer = "untold-timer"
    case keptCache = "kept-cache"
    case unflushed
    case earlyView = "early-view"
    case reusedFile = "reused-file"
    // The world is shown wrong.
    case wrongZone = "wrong-zone"
    case doubleTrigger = "double-trigger"
    // It decides by other campaigns than were applied.
    case shortDelay = "short-delay"
    case openWindow = "open-window"
    case loudNight = "loud-night"
    case everEligible = "ever-eligible"
    case deafException = "deaf-exception"
    case noCaps = "no-caps"
    case noRateLimit = "no-rate-limit"
    case noPlaces = "no-places"

    var summary: String {
        switch self {
        case .lostTimer: "a timer that is added is not written"
        case .staleTimer: "a timer that is removed stays"
        case .lostID: "an answered item's id is not written"
        case .lostDecision: "a decision is not written"
        case .lostMessage: "a claimed message is not written"
        case .staleMessage: "a message that ended stays"
        case .lostTally: "a tally is not written"
        case .lostProfile: "a user's profile is not written"
        case .earlyAnswer: "an answer is given before it is on disk"
        case .untoldOutcome: "a line is not told what is recorded"
        case .untoldWithdrawal: "a line is not told that a message must not go"
        case .untoldTimer: "memory is not told of a new timer"
        case .keptCache: "after a commit that failed memory keeps what it would have written"
        case .unflushed: "a commit counts as durable before it is flushed"
        case .earlyView: "the view counts as written after its first table"
        case .reusedFile: "a file of the log is written over before the view has it"
        case .wrongZone: "users' clocks show another zone's time"
        case .doubleTrigger: "a trigger fires twice"
        case .shortDelay: "delays are half as long"
        case .openWindow: "windows are always open"
        case .loudNight: "there are no quiet hours"
        case .everEligible: "nobody has received anything before"
        case .deafException: "exceptions cancel nothing"
        case .noCaps: "frequency caps cap nothing"
        case .noRateLimit: "rate limits limit nothing"
        case .noPlaces: "there is a place for everybody"
        }
    }
}

// MARK: On the way to the disk

extension Canary {
    func spoiled(_ changes: Changes, at now: Instant) -> Changes {
        guard now.milliseconds % 3 == 0 else { return changes }
        var changes = changes
        switch self {
        case .lostTimer: changes.timersAdded = Array(changes.timersAdded.dropLast())
        case .staleTimer: changes.timersRemoved = Array(changes.timersRemoved.dropLast())
        case .lostID: changes.items = Array(changes.items.dropLast())
        case .lostDecision: changes.decisions = Array(changes.decisions.dropLast())
        case .lostMessage: changes.outboxAdded = Array(changes.outboxAdded.dropLast())
        case .staleMessage: changes.outboxRemoved = Array(changes.outboxRemoved.dropLast())
        case .lostTally: changes.tallies = [:]
        case .lostProfile:
            for index in changes.users.indices { changes.users[index].state.profile = Object() }
        default: break
        }
        return changes
    }
}

// MARK: What the core decides by

extension Canary {
    func spoiled(_ context: Context) -> Context {
        var (zone, match, workspace) = (context.zone, context.match, context.workspace)
        switch self {
        case .wrongZone: zone = { name in context.zone(name == "UTC" ? "Asia/Kolkata" : "UTC") }
        case .doubleTrigger: match = { event in context.match(event).flatMap(Self.twice) }
        case .deafException: match = { event in context.match(event).filter { !Self.isException($0) } }
        case .loudNight: workspace.quietHours = nil
        case .noCaps: workspace.frequencyCaps = []
        default: break
        }
        return Context(
            campaigns: context.campaigns.map(spoiled),
            channels: context.channels,
            workspace: workspace,
            limits: context.limits,
            identity: context.identity,
            acceptsAtOnce: context.acceptsAtOnce,
            zone: zone,
            match: match,
            render: context.render
        )
    }

    private func spoiled(_ campaign: Campaign) -> Campaign {
        var campaign = campaign
        switch self {
        case .shortDelay:
            if case .length(let delay) = campaign.delay {
                campaign.delay = .length(Length(milliseconds: delay.milliseconds / 2))
            }
        case .openWindow: campaign.window = nil
        case .loudNight: campaign.quietHours = .none
        case .everEligible: campaign.reEligibility = .after(.zero)
        case .noRateLimit: campaign.rateLimit = nil
        case .noPlaces: campaign.maxRecipients = nil
        default: break
        }
        return campaign
    }

    @Sendable private static func twice(_ match: Match) -> [Match] {
        match.role == .trigger(whereHolds: true) ? [match, match] : [match]
    }

    @Sendable private static func isException(_ match: Match) -> Bool {
        if case .exception = match.role { true } else { false }
    }
}

extension CampaignTable {
    /// The same heads, of other campaigns.
    fileprivate func map(_ change: (Campaign) -> Campaign) -> CampaignTable {
        var table = CampaignTable()
        for head in everyHead {
            table.put(head)
            for version in versions(of: head.number) {
                guard let campaign = campaign(version) else { continue }  // It left.
                let isHeld = isHeld(version)
                if version == head.current, head.deletedAt == nil {
                    table.put(head, change(campaign), isHeld: isHeld)
                } else {
                    table.put(change(campaign), as: version, isHeld: isHeld)
                }
            }
        }
        return table
    }
}
