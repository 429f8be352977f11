import ArgumentParser
import CampaignFiles
import Engine
import Host
import PluginSchemas

/// The core, the lines of channels and the store's logic in a world of faults, by seed: `docs/testing.md`.
@main
struct Torture: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the core, the channels' lines and the store's records through faults that a seed draws.",
        discussion: """
            EXAMPLES
              swift run torture --seed 7                one seed: the same seed is the same run
              swift run torture --seed 7 --trace        what happens in it, a line each
              swift run torture --seed 1 --seeds 200    what `make check` runs
              swift run -c release torture --seed 1000 --minutes 480
                                                        a night
              swift run torture --seeds 200 --canary lost-timer
                                                        with a fault made on purpose, which must be found

            A run that finds something prints its last lines, the seed, and how to repeat it; the status is then 1.

            CANARIES
            \(Canary.allCases.map { "  \($0.rawValue): \($0.summary)" }.joined(separator: "\n"))
            """
    )

    @Option(help: "The first seed.")
    var seed: UInt64 = 1
    @Option(help: "So many seeds from there on.")
    var seeds: UInt64 = 1
    @Option(help: "Seeds until so many minutes have passed, instead.")
    var minutes: Double?
    @Option(help: "A fault to be made on purpose, one of those below.")
    var canary: Canary?
    @Flag(help: "Tells everything that happens.")
    var trace = false
    @Flag(help: "Tells at the end alone what came of it, and nothing of each seed.")
    var quiet = false
    @Option(help: "The folder of the plug-ins; where this program stands, if it is not given.")
    var plugins: String?

    func run() throws {
        let program = CommandLine.arguments[0]
        let folder = plugins ?? program.lastIndex(of: "/").map { String(program[..<$0]) } ?? "."
        let shelf = try PluginShelf(folder: folder)
        let reader = CampaignReader(shelf.whole)
        let began = ContinuousClock.now
        var (next, total) = (seed, Summary())
        var isOver: Bool {
            minutes.map { ContinuousClock.now - began > .seconds($0 * 60) } ?? (next >= seed + seeds)
        }
        while !isOver {
            // Before it: what ends the process is of this seed.
            if !quiet { print("seed \(next)", terminator: " ") }
            let world = World(seed: next, canary: canary, isTold: trace, plugins: shelf, reader: reader)
            do {
                let summary = try world.run()
                if !quiet { print("\(world.trace.value)  \(summary)") }
                total += summary
            } catch {
                let last = world.trace.newest.map { "  \($0)" }.joined(separator: "\n")
                print("\n\(last)\nseed \(next) failed: \(error)\nrepeat it: \(again(next))")
                throw ExitCode(1)
            }
            next += 1
        }
        print("\(next - seed) seeds, \(total): nothing was found")
        if !total.missing.isEmpty { print("never decided: \(total.missing.joined(separator: ", "))") }
    }

    private func again(_ seed: UInt64) -> String {
        "swift run torture --seed \(seed) --trace" + (canary.map { " --canary \($0.rawValue)" } ?? "")
    }

    private func print(_ text: String, terminator: String = "\n") {
        Swift.print(text, terminator: terminator)
        flush()
    }
}

extension Canary: ExpressibleByArgument {}
