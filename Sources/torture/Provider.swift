import Engine
import Host
import Storage

/// What stands behind a channel: it accepts, refuses, hangs, lies, answers twice, late or never. It outlives the daemon.
final class Provider {
    let channel: String
    let settings: LineSettings
    private var mood = Mood.well
    private var moodUntil = Instant(milliseconds: .min)
    /// Whether it never ended some send: that keeps its place until the daemon starts anew (docs/plugins.md).
    private(set) var hasHung = false

    private enum Mood: CaseIterable {
        case well, slow, refusing, throttling, down, hanging, unsure, dead, lying, mixed
    }

    init(_ channel: String, _ chance: inout Chance) {
        self.channel = channel
        var settings = LineSettings(concurrency: chance.number(in: 1...4))
        settings.hasServices = chance.happens(500)
        settings.unknownPolicy = chance.one(UnknownPolicy.allCases)
        settings.deadline = chance.length(5_000...120_000)
        settings.perSecond = chance.happens(300) ? 2 : nil
        settings.deathsToStop = chance.happens(500) ? 2 : nil
        settings.window = chance.one([4, 16, 2_048])
        settings.longestTracked = chance.one([8, 64, 250_000])
        settings.firstOfService = chance.number(in: 1...4)
        settings.mostLanes = chance.one([1, 2, 1_024])
        settings.sortedAtOnce = chance.number(in: 1...8)
        settings.unparkedAtOnce = chance.number(in: 1...8)
        settings.mostUnrecorded = chance.one([1, 4, 4_096])
        settings.givesUpAfter = chance.one([.days(3), .seconds(3_600), .seconds(90)])
        self.settings = settings
    }

    func service(of message: OutboxMessage) -> Text {
        settings.hasServices ? "s\((message.addresses.first?.utf8.count ?? 0) % 3)" : ""
    }

    /// Plans what will be said of a message.
    func send(
        _ message: OutboxMessage,
        attempt: UInt32,
        _ addresses: [Text],
        _ now: Instant,
        _ world: World
    ) {
        if now >= moodUntil {
            mood = world.chance.happens(world.weather.badChannels) ? world.chance.one(Mood.allCases) : .well
            moodUntil = now + world.chance.length(1_000...7_200_000)
        }
        let today = world.weather.badChannels == 0 ? .well : mood
        let service = service(of: message)
        func report(_ outcome: ChannelOutcome, in delay: Length, dead: [Text] = []) {
            let report = ChannelReport(outcome, service: service, deadAddresses: dead)
            world.later(in: delay, .report(channel: channel, number: message.number, attempt: attempt, report))
        }
        let soon = world.chance.length(0...300)
        let late = world.chance.length(0...(2 * settings.deadline.milliseconds))
        switch today == .mixed ? world.chance.one(Mood.allCases) : today {
        case .well, .mixed: report(.accepted(id: "p"), in: soon)
        case .slow: report(.accepted(id: "p"), in: late)
        case .refusing: report(.refused(reason: "refused"), in: soon)
        case .throttling:
            report(.tryAgain(after: world.chance.length(0...60_000), reason: "slower", cause: .throttled), in: soon)
        case .down:
            let cause: ChannelOutcome.Cause = world.chance.happens(500) ? .unavailable : .message
            report(.tryAgain(after: .zero, reason: "down", cause: cause), in: soon)
        case .hanging: hasHung = true  // Nothing is ever said.
        case .unsure: report(.unknown(reason: "the connection broke"), in: late)
        case .lying: report(lie(world), in: soon, dead: world.chance.happens(300) ? ["nobody"] : [])
        case .dead:
            guard let address = addresses.first else { return report(.refused(reason: "no address"), in: soon) }
            let others = addresses.count > 1 && world.chance.happens(500) ? addresses : []
            report(.addressDead(address: address, reason: "gone"), in: soon, dead: others)
        }
        // It says something else a second time.
        if world.chance.happens(world.weather.badChannels / 4) { report(.refused(reason: "again"), in: late) }
    }

    /// What no provider that is well would say.
    private func lie(_ world: World) -> ChannelOutcome {
        switch world.chance.number(4) {
        case 0: .addressDead(address: "nobody", reason: "gone")
        case 1: .tryAgain(after: .days(400), reason: "next year", cause: .message)
        case 2: .tryAgain(after: .zero, reason: "", cause: .doubted)
        default: .accepted(id: "")
        }
    }
}
