import CampaignFiles
import Core
import Engine
import Foundation
import Host
import NaiveModel
import PluginSchemas
import Testing

@testable import triggerd

/// The engine beside the naive model, on random scenarios: `TRIGGERD_SEED` and `TRIGGERD_SCENARIOS` say which and how
/// many.
@Suite struct ModelTests {
    static let plugins = Result { try PluginRegistry(folder: Programs.folder) }

    @Test("random scenarios: the engine decides what the naive model decides")
    func random() throws {
        let plugins = try Self.plugins.get()
        let reader = CampaignReader(plugins)
        let environment = ProcessInfo.processInfo.environment
        let first = environment["TRIGGERD_SEED"].flatMap(UInt64.init) ?? 1
        let count = environment["TRIGGERD_SCENARIOS"].flatMap(UInt64.init) ?? 3_000
        var reached: [String: Int] = [:]
        var refused = 0
        for seed in first..<(first + count) {
            var generator = RandomScenario(seed: seed)
            let tree = generator.make()
            guard let run = try Comparison(tree, reader, plugins) else {
                refused += 1
                continue
            }
            for decision in run.engine { reached[decision.decision, default: 0] += 1 }
            guard run.differs else { continue }
            let small = try Shrink(reader: reader, plugins: plugins).smallest(tree)
            let difference = try Comparison(small, reader, plugins)?.report ?? ""
            Issue.record("seed \(seed) differs:\n\(difference)\n\(YAMLText.of(small))")
            return
        }
        #expect(refused < count / 2, "most scenarios are refused: the generator is of no use")
        // What only channels, templates and places can bring about has tests of its own.
        let others: Set<Decision.Code> = [
            .templateError, .noAddress, .providerRejected, .providerGaveUp, .rateLimitExpired, .chainTooDeep,
            .tooManyWaiting, .campaignDeleted,
        ]
        for code in Decision.Code.allCases where count >= 3_000 && (code.isTerminal || code == .converted) {
            if !others.contains(code) { #expect(reached[code.rawValue] != nil, "\(code.rawValue) was never reached") }
        }
    }
}

/// What both make of one scenario.
struct Comparison {
    let engine: [Scenario.Expected]
    let model: [Scenario.Expected]

    /// Nil where the campaigns are refused.
    init?(_ tree: Object, _ reader: CampaignReader, _ plugins: PluginRegistry) throws {
        let text = tree.description
        guard case .success(let scenario) = reader.readScenario(file: "random", text: text), scenario.problems.isEmpty
        else {
            return nil
        }
        let items = try scenario.events.map { event -> (Item?, Scenario.Event) in
            guard case .item(let fields, _, _) = event else { return (nil, event) }
            return (try Item(fields: fields), event)
        }
        let launch = (items.map { Self.time($0.0, $0.1.receivedAt) }.min() ?? RandomScenario.start) + .days(-1)
        var simulation: Simulation
        do {
            simulation = try Simulation(
                plugins: plugins,
                workspace: scenario.workspace,
                campaigns: scenario.campaigns,
                launch: launch
            )
        } catch {
            return nil
        }
        let model = Model(scenario, launch: launch)
        for (user, profile, _) in scenario.users { simulation.add(user, profile: profile) }
        for (item, event) in items {
            let at = event.receivedAt
            if let until = scenario.until, at > until { break }
            model.run(before: at)
            model.now = max(model.now, at)
            switch event {
            case .item:
                guard let item else { continue }
                simulation.track(item, receivedAt: at)
                let time = Self.time(item, at)
                let what = item.occurred.map {
                    Model.Happening(
                        type: $0.type,
                        subject: $0.subject,
                        user: item.user,
                        time: time,
                        properties: $0.properties,
                        chain: model.newChain()
                    )
                }
                if item.isHistory {
                    model.remember(item.set, of: item.user, id: item.id, what)
                } else {
                    model.receive(Object(), id: item.id, user: item.user, time: time, set: item.set, what)
                }
            case .stop(let campaign, _, _):
                try simulation.stop(campaign, at: at)
                model.stop(campaign)
            case .resume(let campaign, _, _):
                try simulation.resume(campaign, at: at)
                model.resume(campaign)
            }
        }
        simulation.finish(until: scenario.until)
        model.finish(until: scenario.until)
        engine = simulation.decisions.filter { $0.isReported }.map(\.reported)
        self.model = model.decided
    }

    /// 1.1.5, 14: by a clock that was off by more than 5 s when the item was sent, it happened as much later.
    private static func time(_ item: Item?, _ receipt: Instant) -> Instant {
        guard let item, var time = item.time else { return receipt }
        if let sent = item.sentAt {
            let error = receipt.milliseconds - sent.milliseconds
            if abs(error) > 5_000 { time.milliseconds += error }
        }
        return min(time, receipt)
    }

    private static func counts(_ all: [Scenario.Expected]) -> [Scenario.Expected: Int] {
        Dictionary(all.map { ($0, 1) }, uniquingKeysWith: +)
    }

    var differs: Bool { Self.counts(engine) != Self.counts(model) }

    var report: String {
        var missing = engine
        var lines: [String] = []
        for decision in model {
            if let index = missing.firstIndex(of: decision) {
                missing.remove(at: index)
            } else {
                lines.append("  only the model   \(decision.line)")
            }
        }
        return (lines + missing.map { "  only the engine  \($0.line)" }).joined(separator: "\n")
    }
}

/// Makes a scenario that fails smaller for as long as it fails.
struct Shrink {
    let reader: CampaignReader
    let plugins: PluginRegistry

    func fails(_ tree: Object) -> Bool {
        (try? Comparison(tree, reader, plugins))?.differs ?? false
    }

    func smallest(_ tree: Object) throws -> Object {
        var tree = tree
        var isSmaller = true
        while isSmaller {
            isSmaller = false
            for candidate in smaller(.object(tree)) {
                guard case .object(let object) = candidate, fails(object) else { continue }
                tree = object
                isSmaller = true
                break
            }
        }
        return tree
    }

    /// Every value with one part less.
    private func smaller(_ value: Value) -> [Value] {
        switch value {
        case .object(let object):
            return object.members.indices.flatMap { index -> [Value] in
                var without = object.members
                without.remove(at: index)
                return [.object(Object(without))]
                    + smaller(object.members[index].value).map { part in
                        var changed = object.members
                        changed[index].value = part
                        return .object(Object(changed))
                    }
            }
        case .array(let elements):
            return elements.indices.flatMap { index -> [Value] in
                var without = elements
                without.remove(at: index)
                return [.array(without)]
                    + smaller(elements[index]).map { part in
                        var changed = elements
                        changed[index] = part
                        return .array(changed)
                    }
            }
        default: return []
        }
    }
}

/// A scenario as a file, an event a line.
enum YAMLText {
    static func of(_ scenario: Object) -> String {
        scenario.members.map { member in
            switch member.value {
            case .array(let elements): "\(member.name):\n" + elements.map { "- \($0)" }.joined(separator: "\n")
            default: "\(member.name): \(member.value)"
            }
        }.joined(separator: "\n")
    }
}

/// Where the built plug-ins are.
enum Programs {
    static let folder: String = {
        var folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        while folder.path != "/" {
            if FileManager.default.fileExists(atPath: folder.appending(path: "libtrigger-purchase.so").path) {
                return folder.path
            }
            folder.deleteLastPathComponent()
        }
        return URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
            .appending(path: ".build/debug").path
    }()
}
