import CampaignFiles
import Engine
import NaiveModel
import Storage

/// What the naive model decides of the same history, where every provider accepts at once.
struct ModelHistory {
    private var commits: [Commit] = []
    var launch: Instant?

    mutating func add(_ commit: Commit) { commits.append(commit) }

    func check(_ story: Story, _ store: DiskStore) throws {
        guard let launch else { throw Violation("no campaign was ever applied") }
        var scenario = Scenario(name: "torture")
        (scenario.campaigns, scenario.workspace) = (story.campaigns, story.workspace)
        // A start after the clock was set back goes on from the newest decision; what was received since and decided
        // nothing may lie in the future. Of such a history the model has no opinion.
        guard zip(commits, commits.dropFirst()).allSatisfy({ $0.now <= $1.now }) else { return }
        let model = Model(scenario, launch: launch)
        var stopped: Set<Text> = []
        for commit in commits {
            model.now = max(model.now, commit.now)
            if commit.ranTimers { model.run(before: commit.now) }
            for event in commit.changes.events { model.take(event) }
            for record in commit.changes.campaigns {
                let id = record.head.id
                if record.head.isStopped, stopped.insert(id).inserted { model.stop(id) }
                if !record.head.isStopped, stopped.remove(id) != nil { model.resume(id) }
            }
        }
        try compare(store.decisions(before: nil, limit: .max).reversed().map(\.decision), model.decided)
    }

    private func compare(_ engine: [Decision], _ model: [Scenario.Expected]) throws {
        var missing = engine.filter(\.isReported).map(\.reported)
        var lines: [String] = []
        // What only a near miss remembers is no decision.
        for decision in model where decision.decision != Decision.Code.propertyFilterMismatch.rawValue {
            if let index = missing.firstIndex(of: decision) {
                missing.remove(at: index)
            } else {
                lines.append("  only the model   \(decision.line)")
            }
        }
        lines += missing.map { "  only the engine  \($0.line)" }
        if !lines.isEmpty { throw Violation("the naive model decides otherwise:\n" + lines.joined(separator: "\n")) }
    }
}

extension Model {
    fileprivate func take(_ event: StoredEvent) {
        let time = min(event.time ?? event.receivedAt, event.receivedAt)
        let what =
            event.type.isEmpty
            ? nil
            : Happening(
                type: event.type,
                subject: event.subject,
                user: event.user,
                time: time,
                properties: event.properties,
                chain: newChain()
            )
        if event.isHistory {
            remember(event.set, of: event.user, id: nil, what)
        } else {
            receive(Object(), id: nil, user: event.user, time: time, set: event.set, what)
        }
    }
}

extension Scenario.Expected {
    var line: String {
        "\(at) \(user?.string ?? "-") \(campaign?.string ?? "-") \(decision) \(channel ?? "") \(conversion.map(String.init) ?? "")"
    }
}
