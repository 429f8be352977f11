import CampaignFiles
import Core
import Engine
import Host
import PluginSchemas
import Storage
import StorageRocksDB

/// A draft, tried on what really happened: the events that a daemon kept, through the draft beside the live campaigns,
/// on a virtual clock. Nothing is sent, and nothing is written.
struct Rehearsal {
    let draft: String
    let data: String
    let since: Instant
    let user: UserID?
    let json: Bool
    let plugins: PluginRegistry

    func run() throws {
        let reader = CampaignReader(plugins)
        let set: CampaignSet
        switch reader.read(file: draft, text: try InputFile.text(draft)) {
        case .success(let read): set = read
        case .failure(let errors): throw Failure(lines: errors.all.map(\.description))
        }
        let store: RocksDBStore
        do {
            Descriptors.raiseToMost()  // All tables are open at once.
            store = try RocksDBStore(reading: data)
        } catch {
            throw Failure("\(data): \(error)")
        }
        defer { store.close() }
        let now = Clock.system.now()
        var simulation: Simulation
        do {
            simulation = try Simulation(plugins: plugins, store: store, draft: set, launch: since)
        } catch let refusal as Refusal {
            throw Failure(refusal)
        }
        let (line, begin) = (ProgressLine(), ContinuousClock.now)
        let replayed = try simulation.replay(store, until: now) { count, all in
            line.show(count, Double(count) / Double(max(1, all)), since: begin)
        }
        line.clear()
        let drafted = Set(set.campaigns.map(\.id))
        let decisions = simulation.decisions.filter { decision in
            decision.campaign.map(drafted.contains) ?? false && decision.at >= since
                && (user == nil || decision.user == user)
        }
        let ends = decisions.filter { $0.code.isTerminal || $0.code == .converted }
        if json {
            for decision in ends { Output.json(ShownDecision(decision).json) }
            return
        }
        table(ends)
        summary(ends, waiting: simulation.waiting(of: drafted, user: user), replayed)
    }

    private func table(_ ends: [Decision]) {
        guard !ends.isEmpty else { return }  // The summary says so.
        let width = min(CommandLimits.column, ends.map { Visible.line($0.user.string).count }.max() ?? 0)
        for decision in ends {
            let channel = decision.channel.map { " (\($0))" } ?? ""
            let why = ShownDecision(decision).compared
            Output.line(
                "\(decision.at)  \(Self.padded(decision.user.string, width))  "
                    + "\(decision.campaign ?? "")  \(decision.code.rawValue)\(channel)"
                    + "\(why.isEmpty ? "" : "  \(why)")  [rule \(decision.rule)]"
            )
        }
        Output.line("")
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - Visible.line(text).count))
    }

    /// A bar for each reason.
    private func summary(_ ends: [Decision], waiting: Int, _ replayed: Int) {
        var counts = Dictionary(grouping: ends, by: \.code.rawValue).mapValues(\.count)
        if waiting > 0 { counts["waiting"] = waiting }
        let most = counts.values.max() ?? 0
        let names = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let width = names.map(\.key.count).max() ?? 0
        let digits = String(most).count
        for (name, count) in names {
            let number = String(count)
            let bar = String(repeating: "█", count: max(1, count * CommandLimits.column / max(1, most)))
            Output.line(
                Self.padded(name, width) + "  "
                    + String(repeating: " ", count: digits - number.count) + number + "  " + bar
            )
        }
        Output.line("\(replayed) events replayed, \(ends.count) decisions since \(since)")
    }
}
