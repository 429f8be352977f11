import Engine
import Storage

@testable import Core
@testable import Host

/// What happens around a line, one thing after the other.
extension LineWorld {
    /// One thing, whichever.
    mutating func happen() {
        if random.chance(1, of: 400) { phase = Phase.allCases[random.next(0...Phase.allCases.count - 1)] }
        if random.chance(1, of: 150) { moods[random.next(0...providers - 1)] = randomMood() }
        switch random.next(0...99) {
        case 0..<30: work()
        case 30..<50: if phase != .slowLine || random.chance(1, of: 8) { work() }
        case 50..<70: tell()
        case 70..<80: if phase != .diskIsFull { commit() }
        case 80..<93: if phase != .silence { answer() }
        case 93..<99: pass()
        default: if random.chance(1, of: 40) { crash() }
        }
    }

    private mutating func randomMood() -> Mood {
        random.chance(1, of: 3) ? .well : Mood.allCases[random.next(0...Mood.allCases.count - 1)]
    }

    // MARK: Time

    mutating func pass() {
        let soon = Length(milliseconds: Int64(random.next(1...500)))
        switch random.next(0...(phase == .haste ? 5 : 12)) {
        case 0: now = now + .seconds(Int64(random.next(1...90)))
        case 1 where waitsUntil > now && waitsUntil != .never: now = waitsUntil
        case 2 where random.chance(1, of: 10): now = now + .seconds(Int64(random.next(60...4_000)))
        default: now = now + soon
        }
    }

    // MARK: The engine's thread

    /// Claims, changes and outcomes, in one commit.
    mutating func commit() {
        var (claimed, withdrawn, readdressed) = ([OutboxMessage](), [UInt64](), [(UInt64, [Text])]())
        var (recorded, marked) = (RecordedOutcomes(), [UInt64]())
        let most = phase == .claims ? 12 : 3
        for _ in 0..<(isCalm || disk.count > 250 ? 0 : random.next(0...most)) { claimed.append(claim()) }
        for step in works.prefix(isCalm ? works.count : random.next(0...works.count)) {
            works.removeFirst()
            record(step, &recorded, &marked)
        }
        let isChanging = !isCalm && (phase == .changes || random.chance(1, of: 12))
        if isChanging, let number = disk.keys.min().map({ $0 + UInt64(random.next(0...40)) }), number <= lastNumber {
            if random.chance(1, of: 2) { withdrawn.append(number) } else { readdressed.append((number, [address()])) }
        }
        for number in withdrawn { change(number) { $0.isWithdrawn = true } }
        for (number, addresses) in readdressed { change(number) { $0.addresses = addresses } }
        for number in withdrawn { rules.change(number) { $0.isWithdrawn = true } }
        for (number, addresses) in readdressed { rules.change(number) { $0.addresses.append(addresses) } }
        told += claimed.map(Told.handOver)
        told += withdrawn.map(Told.withdraw)
        told += readdressed.map { Told.readdress($0, $1) }
        if !recorded.ended.isEmpty || !recorded.putOff.isEmpty { told.append(.recorded(recorded)) }
        told += marked.map(Told.marked)
    }

    private mutating func claim() -> OutboxMessage {
        lastNumber += UInt64(random.next(1...2))
        let message = OutboxMessage(
            number: lastNumber,
            key: "key-\(lastNumber)",
            user: UserID("u\(random.next(1...users))"),
            version: CampaignVersion(number: 1, version: 1),
            campaign: "C",
            send: lastNumber,
            channel: "line",
            addresses: [address()],
            fields: [:],
            claimedAt: now
        )
        disk[lastNumber] = OutboxEntry(message: message)
        rules.claimed(message)
        return message
    }

    private mutating func address() -> Text { Text("a\(random.next(0...999))") }

    private mutating func change(_ number: UInt64, _ body: (inout OutboxState) -> Void) {
        guard var entry = disk[number] else { return }  // It has ended.
        var state = entry.state ?? OutboxState()
        body(&state)
        entry.state = state
        disk[number] = entry
    }

    private mutating func record(
        _ step: LineStateMachine.Step,
        _ recorded: inout RecordedOutcomes,
        _ marked: inout [UInt64]
    ) {
        switch step {
        case .settle(let entry, _, _):
            if disk.removeValue(forKey: entry.message.number) == nil { rules.fault("an outcome is recorded twice") }
            recorded.ended.append(entry.message.number)
        case .putOff(let message, let state, _, _):
            change(message.number) { standing in
                let (isWithdrawn, addresses) = (standing.isWithdrawn, standing.addresses)
                standing = state
                (standing.isWithdrawn, standing.addresses) = (isWithdrawn, addresses)
            }
            recorded.putOff.append(message.number)
        case .mark(let message):
            change(message.number) { $0.isHandedOver = true }
            marked.append(message.number)
        case .read, .load, .sort, .send, .wait: rules.fault("the engine is asked for what is the line's")
        }
    }

    /// What was committed reaches the line.
    mutating func tell() {
        guard !told.isEmpty else { return }
        events += 1
        waitsUntil = Instant(milliseconds: 0)
        switch told.removeFirst() {
        case .handOver(let message): line.handOver(message, now: now)
        case .withdraw(let number):
            line.withdraw(number, now: now)
            rules.change(number) { $0.isWithdrawnTold = true }
        case .readdress(let number, let addresses):
            line.readdress(number, addresses)
            rules.change(number) { $0.addresses.removeFirst(($0.addresses.firstIndex(of: addresses) ?? 0)) }
        case .recorded(let outcomes): line.recorded(outcomes)
        case .marked(let number):
            line.marked(number)
            rules.change(number) { $0.isMarked = true }
        }
    }

    // MARK: A crash

    mutating func crash() {
        (works, told, sends, doing) = ([], [], [], .nothing)
        rules.crashed(disk)
        line = LineStateMachine(name: "line", settings: settings, pending: disk.count)
    }
}
