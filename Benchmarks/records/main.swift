import Engine
import Storage

// A user's record written and read, as for each user of each commit: one who waits for two messages, and one of whom a
// lot is remembered. Prints nanoseconds and bytes; with an argument, that many rounds (for callgrind).
let rounds = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1])! : 200_000

func wait(_ send: UInt64) -> Wait {
    Wait(
        send: send,
        version: CampaignVersion(number: 7, version: 2),
        epoch: 1,
        trigger: Instant(milliseconds: 1_790_000_000_000),
        due: Instant(milliseconds: 1_790_000_900_000),
        properties: ["product_id": "lamp", "cart_value": 120, "item": "The lamp with the green shade"]
    )
}

func shopper() -> UserState {
    var state = UserState()
    state.profile = [
        "email": "somebody@example.com", "first_name": "Somebody", "language": "en", "orders": 12,
        "is_member": true, "time_zone": "Europe/Berlin",
    ]
    state.waits = [wait(123_456), wait(123_457)]
    state.receipts = (0..<3).map {
        Receipt(campaign: UInt32($0), at: Instant(milliseconds: 1_780_000_000_000), send: 99, isCertain: true)
    }
    state.counts = ["add_to_cart", "session_start", "purchase"].map {
        EventCount(event: Text($0), count: 4, last: Instant(milliseconds: 1_790_000_000_000))
    }
    state.lastSession = Instant(milliseconds: 1_790_000_000_000)
    state.lastDecision = 123_459
    return state
}

func regular() -> UserState {
    var state = shopper()
    state.waits += (0..<10).map { wait(UInt64($0)) }
    state.queue = (0..<5).map {
        QueueEntry(
            wait: wait(UInt64($0)),
            channel: "in_app",
            sequence: 7,
            available: Instant(milliseconds: 1_790_000_000_000),
            expires: .never,
            lease: Lease(token: 9, ends: Instant(milliseconds: 1_790_000_000_000), device: "phone")
        )
    }
    state.claims = (0..<5).map { Claim(send: $0, campaign: 3, channel: "email", at: Instant(milliseconds: 9)) }
    state.happened = (0..<50).map { Happened(event: "view", at: Instant(milliseconds: 1_790_000_000_000 + $0)) }
    state.engagements = (0..<100).map { Instant(milliseconds: 1_790_000_000_000 + $0) }
    state.counted = (0..<50).map {
        CountedMessage(channel: "push", send: $0, at: Instant(milliseconds: 1_790_000_000_000))
    }
    state.conversionWindows = (0..<20).map {
        ConversionWindow(
            version: CampaignVersion(number: 7, version: 2),
            send: $0,
            channel: "push",
            opened: Instant(milliseconds: 1_790_000_000_000),
            credited: [0, 1]
        )
    }
    return state
}

for (name, state) in [("shopper", shopper()), ("regular", regular())] {
    let turns = name == "shopper" ? rounds : rounds / 10
    var writer = ProtobufWriter()
    let clock = ContinuousClock()
    let writing = clock.measure {
        for _ in 0..<turns {
            writer.clear()
            UserRecord.encode(state, into: &writer)
        }
    }
    var waits = 0
    let reading = try clock.measure {
        for _ in 0..<turns { waits += try UserRecord.decode(writer.bytes).waits.count }
    }
    precondition(waits == turns * state.waits.count)
    print("  \(name): \(writer.count) bytes, written in \(writing / turns), read in \(reading / turns)")
}
