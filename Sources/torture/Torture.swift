import ArgumentParser
import CampaignFiles
import Engine
import Host
import PluginSchemas

/// The core, the lines of channels and the store's logic in a world of faults, by seed: `docs/testing.md`.
@main
struct Torture: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Runs the core through faults that a seed draws.")

    @Option(help: "The first seed; the same seed is the same run.")
    var seed: UInt64 = 1
    @Option(help: "So many seeds from there on.")
    var seeds: UInt64 = 1
    @Option(help: "Seeds until so many minutes have passed.")
    var minutes: Double?
    @Option(help: "A fault to be made on purpose, 1 to \(Canary.all.count): the run must find it.")
    var canary = 0
    @Flag(help: "Tells everything that happens.")
    var trace = false
    @Option(help: "The folder of the plug-ins; where this program stands, if it is not given.")
    var plugins: String?

    func validate() throws {
        guard (0...Canary.all.count).contains(canary) else { throw ValidationError("there is no canary \(canary)") }
    }

    func run() throws {
        let program = CommandLine.arguments[0]
        let folder = plugins ?? program.lastIndex(of: "/").map { String(program[..<$0]) } ?? "."
        let registry = try PluginRegistry(folder: folder)
        let reader = CampaignReader(registry)
        let began = ContinuousClock.now
        var (next, years, sends, commits) = (seed, 0.0, 0, 0)
        var isOver: Bool {
            minutes.map { ContinuousClock.now - began > .seconds($0 * 60) } ?? (next >= seed + seeds)
        }
        while !isOver {
            // Before it: what ends the process is of this seed.
            print("seed \(next)", terminator: " ", flushed: true)
            let world = World(seed: next, canary: canary, isTold: trace, plugins: registry, reader: reader)
            do {
                let summary = try world.run()
                print("\(summary.trace)  \(summary.commits) commits, \(summary.starts) starts, \(summary.sends) sends")
                years += summary.userYears
                (sends, commits) = (sends + summary.sends, commits + summary.commits)
            } catch {
                print("failed: \(error)\nrepeat it: swift run torture --seed \(next) --trace")
                throw ExitCode(1)
            }
            next += 1
        }
        print("\(next - seed) seeds, \(Int(years)) user-years, \(commits) commits, \(sends) sends: nothing was found")
    }

    private func print(_ text: String, terminator: String = "\n", flushed: Bool = false) {
        Swift.print(text, terminator: terminator)
        if flushed { flush() }
    }
}
