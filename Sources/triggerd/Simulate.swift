import ArgumentParser
import CampaignFiles
import Core
import Engine
import Host
import PluginSchemas

struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run scenarios, or what really happened, through the engine on a virtual clock.",
        discussion: """
            A scenario is a file with campaigns, users, what happens to them, and every decision that must follow. It \
            runs through the real engine and the real trigger plug-ins; nothing is sent, and no daemon is needed.

            With --campaign and --from a draft is tried on the events that a daemon kept, beside the live campaigns: who \
            would have got what, when, and who not and why. The daemon may be running.

            What --json names as `rule` is explained in docs/rules.md under its number.

            Exit status: 0 all passed, 1 one failed, 2 a file could not be read.

            EXAMPLES
              triggerd simulate abandoned-cart.scenario.yaml
              triggerd simulate scenarios/
              triggerd simulate scenarios/ --json | jq 'select(.decision == "frequency_capped")'
              triggerd simulate --campaign draft.yaml --from /var/lib/triggerd --since 7d
              triggerd simulate --campaign draft.yaml --from ./data --since 2026-03-01 --user u1
            """
    )

    @Argument(help: "Scenario files, or folders of them; - is standard input.", completion: .file()) var paths:
        [String] = []
    @Option(help: ArgumentHelp("A campaign file to try on what really happened.", valueName: "file"))
    var campaign: String?
    @Option(help: ArgumentHelp("The data folder with the events.", valueName: "dir"), completion: .directory)
    var from: String?
    @Option(
        help: ArgumentHelp("Decisions from this instant on, or this long ago; the draft's launch.", valueName: "when")
    )
    var since: String?
    @Option(help: "Only this user's decisions.") var user: String?
    @Flag(help: "Print every decision and refusal as one JSON object a line instead, and what fails on standard error.")
    var json = false
    @Option(help: ArgumentHelp("Where the plug-ins are.", valueName: "folder"), completion: .directory)
    var plugins: String?

    func validate() throws {
        if campaign == nil, from == nil, since == nil, user == nil {
            if paths.isEmpty { throw ValidationError("name scenario files, or --campaign and --from") }
            return
        }
        guard campaign != nil, from != nil, paths.isEmpty else {
            throw ValidationError("a rehearsal needs --campaign FILE and --from DIR, and no scenario files")
        }
        if let since, Instant(iso8601: since) == nil {
            guard let ago = Length(since), ago <= CommandLimits.length else {
                throw ValidationError("--since \(since): write an instant, 2026-03-01, or how long ago, 7d")
            }
        }
    }

    func run() throws {
        let registry: PluginRegistry
        do throws(PluginRegistry.Problems) {
            registry = try PluginRegistry(folder: plugins ?? Serve.standardPlugins)
        } catch {
            throw Failure(error)
        }
        if let campaign, let from {
            let ago = Length(since ?? "30d").map { Clock.system.now() + Length(milliseconds: -$0.milliseconds) }
            try Rehearsal(
                draft: campaign,
                data: from,
                since: since.flatMap(Instant.init(iso8601:)) ?? ago ?? Instant(milliseconds: 0),
                user: user.map { Text($0) },
                json: json,
                plugins: registry
            ).run()
            return
        }
        let reader = CampaignReader(registry)
        var counts = (passed: 0, failed: 0, unreadable: 0)
        for path in paths {
            for file in try Folder.scenarioFiles(of: path) {
                do {
                    let run = try ScenarioRun(file: file, reader: reader, plugins: registry)
                    if json { run.json.forEach(Output.json) } else { Output.lines(run.report) }
                    if json, !run.isPassed { for line in run.report { Output.complain(line) } }
                    if run.isPassed { counts.passed += 1 } else { counts.failed += 1 }
                } catch let unreadable as Failure {
                    for line in unreadable.lines { Output.complain(line) }
                    counts.unreadable += 1
                }
            }
        }
        if !json { Output.line("\(counts.passed) passed, \(counts.failed) failed") }
        if counts.unreadable > 0 { throw ExitCode(2) }
        if counts.failed > 0 { throw ExitCode(1) }
    }

}

/// One scenario, run.
struct ScenarioRun {
    let scenario: Scenario
    private let decisions: [Decision]
    /// The codes with which the campaigns were refused, and why.
    private let refusals: [(code: String, text: String)]

    /// Throws a `Failure` for a file that cannot be read.
    init(file: String, reader: CampaignReader, plugins: PluginRegistry) throws {
        switch reader.readScenario(file: file, text: try InputFile.text(file, most: FileLimits.scenarioBytes)) {
        case .failure(let errors): throw Failure(lines: errors.all.map(\.description))
        case .success(let read): scenario = read
        }
        var items: [(item: Item?, event: Scenario.Event)] = []
        for (index, event) in scenario.events.enumerated() {
            guard case .item(let fields, _, let line) = event else {
                items.append((nil, event))
                continue
            }
            do throws(ItemProblem) {
                items.append((try Item(fields: fields, beside: ["received_at"]), event))
            } catch {
                throw Failure("\(file):\(line): events[\(index)].\(error)")
            }
        }
        for (user, profile, line) in scenario.users {
            do {
                try Item.check(profile: profile, of: user)
            } catch {
                throw Failure("\(file):\(line): \(error)")
            }
        }
        guard scenario.problems.isEmpty else {
            refusals = scenario.problems.map { ($0.code.rawValue, $0.description) }
            decisions = []
            return
        }
        do throws(Refused) {
            decisions = try Self.run(scenario, items, plugins)
            refusals = []
        } catch {
            guard case .invalidCampaigns(let problems) = error.refusal else {
                throw Failure("\(file):\(error.line): \(error.refusal.text)")
            }
            refusals = problems.map { ($0.code.rawValue, $0.description) }
            decisions = []
        }
    }

    /// What could not be done, and of which line of the file.
    private struct Refused: Error {
        var refusal: Refusal
        var line: Int
    }

    private static func run(
        _ scenario: Scenario,
        _ items: [(item: Item?, event: Scenario.Event)],
        _ plugins: PluginRegistry
    ) throws(Refused) -> [Decision] {
        func done<Result>(_ line: Int, _ body: () throws(Refusal) -> Result) throws(Refused) -> Result {
            do throws(Refusal) { return try body() } catch { throw Refused(refusal: error, line: line) }
        }
        // Campaigns without a launch of their own were launched before the first event.
        let first = items.map { item, event in
            item?.happened(receivedAt: event.receivedAt) ?? event.receivedAt
        }.min()
        let launch = (first ?? Instant(milliseconds: 0)) + .days(-1)
        var simulation = try done(1) { () throws(Refusal) in
            try Simulation(
                plugins: plugins,
                workspace: scenario.workspace,
                campaigns: scenario.campaigns,
                places: scenario.places,
                launch: launch
            )
        }
        for (user, profile, _) in scenario.users { simulation.add(user, profile: profile) }
        for (item, event) in items {
            if let until = scenario.until, event.receivedAt > until { break }
            switch event {
            case .item(_, let at, _): if let item { simulation.track(item, receivedAt: at) }
            case .stop(let campaign, let at, let line):
                try done(line) { () throws(Refusal) in try simulation.stop(campaign, at: at) }
            case .resume(let campaign, let at, let line):
                try done(line) { () throws(Refusal) in try simulation.resume(campaign, at: at) }
            }
        }
        simulation.finish(until: scenario.until)
        return simulation.decisions
    }

    var isPassed: Bool {
        let (missing, unexpected) = differences
        return missing.isEmpty && unexpected.isEmpty
    }

    private var differences: (missing: [String], unexpected: [String]) {
        switch scenario.expectation {
        case .refused(let code):
            if refusals.contains(where: { $0.code == code }) { return ([], []) }
            let found = refusals.map { "refused: \($0.code)  \($0.text)" }
            return (["refused: \(code)"], found.isEmpty ? ["(the campaigns were accepted)"] : found)
        case .decisions(let expected):
            var unexpected: [String] = refusals.map { "refused: \($0.code)  \($0.text)" }
            var missing = expected
            for decision in decisions where decision.isReported {
                if let index = missing.firstIndex(of: decision.reported) {
                    missing.remove(at: index)
                } else {
                    unexpected.append(decision.line)
                }
            }
            return (missing.map(\.line), unexpected)
        }
    }

    var report: [String] {
        let (missing, unexpected) = differences
        guard !missing.isEmpty || !unexpected.isEmpty else { return ["ok \(scenario.name)"] }
        var lines = ["FAIL \(scenario.name)"]
        lines += missing.map { "  missing     \($0)" }
        lines += unexpected.map { "  unexpected  \($0)" }
        return lines
    }

    var json: [Object] {
        refusals.map { ["scenario": .string(scenario.name), "refused": .string($0.code), "why": .string($0.text)] }
            + decisions.map { decision in
                Object([Object.Member("scenario", .string(scenario.name))] + ShownDecision(decision).json.members)
            }
    }
}

extension Decision {
    fileprivate var line: String { "\(reported.line)  [rule \(rule)]  \(why)" }
}

extension Scenario.Expected {
    var line: String {
        [
            at.description, user?.string ?? "-", campaign?.string ?? "-", decision, channel.map { "(\($0))" },
            conversion.map { "conversion \($0)" },
        ].compactMap(\.self).joined(separator: "  ")
    }
}
