import Engine
import Foundation
import Storage
import Testing

@testable import Core
@testable import Host

/// A line among faults that a seed draws: a million things happen to it in all, and what `LineRules` says holds.
struct LineRandomTests {
    private static let events = 25_000
    /// `TRIGGERD_LINE_SEEDS=7` runs that one alone, `100-199` a hundred.
    private static let seeds: [UInt64] = {
        guard let text = ProcessInfo.processInfo.environment["TRIGGERD_LINE_SEEDS"] else { return Array(0..<40) }
        let bounds = text.split(separator: "-").compactMap { UInt64($0) }
        return Array(bounds[0]...bounds[bounds.count - 1])
    }()

    @Test(
        "whatever happens: one outcome for each message, in order, within bounds; and when it is over, all leave",
        arguments: seeds
    )
    func random(seed: UInt64) {
        var world = LineWorld(seed: seed)
        while world.events < Self.events, world.rules.faults.isEmpty { world.happen() }
        world.calmDown()
        #expect(world.rules.faults.isEmpty, "seed \(seed)")
        #expect(world.events >= Self.events && world.rules.outcomes > 100, "seed \(seed): too little happens")
    }
}

extension LineWorld {
    /// No fault happens any more. Everything leaves within what pauses and rests take, and what was asked for.
    mutating func calmDown() {
        isCalm = true
        let begin = now
        var rounds = 0
        while !disk.isEmpty || !told.isEmpty, rules.faults.isEmpty {
            rounds += 1
            if now > begin + .seconds(4_000) || rounds > 200_000 {
                return rules.fault(
                    "after \((now - begin).milliseconds / 1_000) s and \(rounds) rounds \(stuck) are left"
                )
            }
            answer()
            if phase != .slowLine || rounds % 4 == 0 { work() }
            if rounds % 3 == 0 { commit() }
            tell()
            if case .nothing = doing, !disk.isEmpty, sends.isEmpty, works.isEmpty, told.isEmpty, waitsUntil > now {
                if waitsUntil == .never { return rules.fault("it waits for ever, and \(stuck) are left") }
                now = waitsUntil
            }
        }
        if line.pending != 0 { rules.fault("\(line.pending) are counted, and nothing is left") }
        if let broken = line.brokenInvariant(nil) { rules.fault(broken) }
    }

    private var stuck: String {
        disk.keys.sorted().prefix(5).map { number in
            "\(number) (\(line.messages.state(number).map { "\($0.kind)" } ?? "unknown"))"
        }.joined(separator: ", ")
    }
}
