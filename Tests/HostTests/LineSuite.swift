import Engine
import Storage
import Testing

@testable import Core
@testable import Host

/// What the tests of a line share.
protocol LineSuite {}

extension LineSuite {
    static func settings(_ change: (inout LineSettings) -> Void = { _ in }) -> LineSettings {
        var settings = LineSettings(concurrency: 2)
        change(&settings)
        return settings
    }

    static func message(_ number: UInt64, user: UserID? = nil, at seconds: Int64 = 0) -> OutboxMessage {
        OutboxMessage(
            number: number,
            key: "key-\(number)",
            user: user ?? "u\(number)",
            version: CampaignVersion(number: 1, version: 1),
            campaign: "C",
            send: number,
            channel: "email",
            addresses: ["\(number)@example.com"],
            fields: [:],
            claimedAt: .at(seconds)
        )
    }

    static func entry(_ number: UInt64, user: UserID? = nil, _ change: (inout OutboxState) -> Void) -> OutboxEntry {
        var state = OutboxState()
        change(&state)
        return OutboxEntry(message: message(number, user: user), state: state)
    }

    static func machine(_ settings: LineSettings = settings(), pending: Int = 0) -> LineStateMachine {
        LineStateMachine(name: "email", settings: settings, pending: pending)
    }

    static var later: ChannelReport { ChannelReport(.tryAgain(after: .zero, reason: "451", cause: .message)) }
    static var gone: ChannelReport { ChannelReport(.tryAgain(after: .zero, reason: "refused", cause: .unavailable)) }
    static var accepted: ChannelReport { ChannelReport(.accepted(id: "x")) }

    /// A line with several providers, each user's messages for the one that their user's name begins with.
    static func several(_ change: (inout LineSettings) -> Void = { _ in }) -> LineStateMachine {
        machine(
            settings {
                $0.concurrency = 100
                $0.hasServices = true
                change(&$0)
            }
        )
    }

    /// Does what is to be done until the line waits, and gives what it sent. Parked messages are read from `disk`.
    static func work(
        _ line: inout LineStateMachine,
        _ now: Instant,
        disk: [UInt64: OutboxEntry] = [:],
        service: (OutboxMessage) -> Text
    ) -> [OutboxEntry] {
        var sent: [OutboxEntry] = []
        for _ in 0..<10_000 {
            switch line.next(now) {
            case .wait: return sent
            case .sort(let entries): line.sorted(entries.map { ($0, service($0.message)) }, now: now)
            case .load(let numbers): for number in numbers { line.loaded(number, disk[number], now: now) }
            case .send(let entry): sent.append(entry)
            case .read(let cursor, let limit) where !disk.isEmpty:
                let rows = disk.filter { $0.key > cursor }.sorted { $0.key < $1.key }.prefix(limit)
                line.read(rows.map(\.value), isAll: rows.count < limit, now: now)
            case .read, .mark, .settle, .putOff: Issue.record("nothing else is to be done")
            }
        }
        Issue.record("it never waits")
        return sent
    }
}

extension Instant {
    static func at(_ seconds: Int64) -> Instant { Instant(milliseconds: seconds * 1_000) }
}
