import Engine

/// One user, some campaigns, and a clock in the hands of the test. Triggers and exceptions are matched by the event's
/// name alone, as a plug-in would.
struct Bench {
    var table = CampaignTable()
    var state = UserState()
    var sequence: UInt64 = 1
    var tallies: [CampaignNumber: Tally] = [:]
    var workspace = Workspace()
    var channels = [
        "email": ChannelRules(
            queues: false,
            addressField: "email",
            statusField: "email_status",
            consentField: "email_subscription"
        ),
        "in_app": ChannelRules(queues: true),
    ]
    var render: @Sendable (Rendering) -> Rendered = { _ in .fields(["title": "hello"]) }
    /// The timers that run out later, as a store would keep them.
    var timers: [Timer] = []

    init(_ campaigns: Campaign..., email: String? = "u@example.com") {
        for campaign in campaigns { apply(campaign) }
        if let email { state.profile["email"] = .string(email) }
    }

    mutating func apply(_ campaign: Campaign) {
        let old = table.head(of: campaign.id)
        let head = CampaignHead(
            id: campaign.id,
            number: old?.number ?? table.nextNumber,
            version: (old?.version ?? 0) + 1,
            launchedAt: campaign.launchedAt ?? Instant(milliseconds: 0),
            appliedAt: Instant(milliseconds: 0),
            isStopped: old?.isStopped ?? false,
            stops: old?.stops ?? []
        )
        table.put(head, campaign)
    }

    mutating func stop(_ id: CampaignID, at seconds: Int64) {
        guard var head = table.head(of: id) else { return }
        head.isStopped = true
        head.stops.append(.at(seconds))
        table.put(head)
    }

    mutating func resume(_ id: CampaignID) {
        guard var head = table.head(of: id) else { return }
        head.isStopped = false
        table.put(head)
    }

    /// An event that happened at `seconds`, received then or at `received`.
    @discardableResult
    mutating func event(
        _ name: Text,
        at seconds: Int64,
        received: Int64? = nil,
        _ properties: Object = Object(),
        type: String = Event.customEvent
    ) -> [Decision] {
        let event = Event(
            type: type,
            subject: type == Event.customEvent ? name : "",
            user: "u",
            time: .at(seconds),
            receivedAt: .at(received ?? seconds),
            properties: properties
        )
        return turn(at: received ?? seconds) { turn, _ in turn.handle(event) }
    }

    @discardableResult
    mutating func session(at seconds: Int64, device: Text = "") -> [Decision] {
        let event = Event(type: Event.sessionStart, user: "u", time: .at(seconds), receivedAt: .at(seconds))
        return turn(at: seconds) { turn, _ in turn.handle(event, device: device) }
    }

    /// Runs every timer up to that instant, each at its own.
    @discardableResult
    mutating func run(to seconds: Int64) -> [Decision] {
        var decisions: [Decision] = []
        while let timer = timers.filter({ $0.at <= .at(seconds) }).min() {
            timers.removeAll { $0 == timer }
            decisions += turn(at: timer.at.milliseconds / 1_000) { turn, _ in turn.handle(timer) }
        }
        return decisions
    }

    private(set) var effects = Effects()

    @discardableResult
    mutating func turn(at seconds: Int64, _ body: (inout Turn, Bench) -> Void) -> [Decision] {
        let bench = self
        let context = Context(
            campaigns: table,
            channels: channels,
            workspace: workspace,
            identity: "test",
            match: { bench.matches($0) },
            render: render
        )
        let turn = Turn.take(
            user: "u",
            state: state,
            context: context,
            now: .at(seconds),
            nextSequence: sequence,
            tallies: tallies,
            tellsNearMisses: true,
            { body(&$0, bench) }
        )
        state = turn.state
        sequence = turn.nextSequence
        tallies = turn.tallies
        effects = turn.effects
        timers += effects.timersAdded
        for timer in effects.timersRemoved { timers.removeAll { $0 == timer } }
        return effects.told
    }

    func matches(_ event: Event) -> [Match] {
        var found: [Match] = []
        for (version, campaign) in table.allVersions {
            for (index, exception) in campaign.exceptions.enumerated() where exception.isMet(by: event) {
                if exception.where?.holds(event.properties, now: event.receivedAt) ?? true {
                    found.append(Match(version, .exception(index)))
                }
            }
            for (index, conversion) in campaign.conversions.enumerated() where conversion.occurrence.isMet(by: event) {
                found.append(Match(version, .conversion(index)))
            }
            if table.head(version.number)?.current == version, campaign.trigger.isMet(by: event) {
                let holds = campaign.trigger.where?.holds(event.properties, now: event.receivedAt) ?? true
                found.append(Match(version, .trigger(whereHolds: holds)))
            }
        }
        return found
    }
}

extension Occurrence {
    static func event(_ name: String, where: Filter? = nil, same: String? = nil) -> Occurrence {
        Occurrence(
            type: Event.customEvent,
            configuration: ["event": .string(name)],
            where: `where`,
            same: same.flatMap { PropertyPath($0) }
        )
    }

    static let session = Occurrence(type: Event.sessionStart)

    fileprivate func isMet(by event: Event) -> Bool {
        type == event.type && (type != Event.customEvent || configuration["event"] == .string(event.subject))
    }
}

extension Instant {
    static func at(_ seconds: Int64) -> Instant { Instant(milliseconds: seconds * 1_000) }
}

extension [Decision] {
    /// What was decided, in order.
    var codes: [Decision.Code] { map(\.code) }
    /// Without the decisions that are not the end of anything.
    var ends: [Decision.Code] { filter { $0.code.isTerminal }.map(\.code) }
}

extension Message {
    static let email = Message(channel: "email", fields: ["subject": "hello"])
    static func inApp(_ priority: Priority = .medium, expires seconds: Int64? = nil) -> Message {
        Message(
            channel: "in_app",
            fields: ["title": "hello"],
            priority: priority,
            expiresAfter: seconds.map { .seconds($0) }
        )
    }
}
