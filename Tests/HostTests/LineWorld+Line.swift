import Engine
import Storage

@testable import Core
@testable import Host

/// The line's own thread, and its channel.
extension LineWorld {
    /// The line's thread does one thing.
    mutating func work() {
        switch doing {
        case .nothing: ask()
        case .read(let after, let limit):
            if fails() {
                events += 1
                line.unread()
                doing = .nothing
            } else {
                let numbers = disk.keys.filter { $0 > after }.sorted().prefix(limit)
                doing = .hasRead(numbers.map { disk[$0]! }, isAll: numbers.count < limit)
            }
        case .hasRead(let entries, let isAll):
            events += 1
            line.read(entries, isAll: isAll, now: now)
            doing = .nothing
        case .load(let numbers): load(numbers)
        case .sort(let entries):
            events += 1
            line.sorted(entries.map { ($0, service(of: $0.message)) }, now: now)
            for entry in entries {
                let service = service(of: entry.message)
                rules.sorted(entry.message.number, service)
            }
            doing = .nothing
        }
    }

    /// The disk cannot be read just now.
    private mutating func fails() -> Bool {
        !isCalm && random.chance(1, of: phase == .diskIsFull ? 2 : 30)
    }

    private mutating func load(_ numbers: [UInt64]) {
        events += 1
        if fails() {
            line.unloaded(numbers)
            doing = .nothing
        } else {
            line.loaded(numbers[0], disk[numbers[0]], now: now)
            doing = numbers.count > 1 ? .load(Array(numbers.dropFirst())) : .nothing
        }
    }

    private mutating func ask() {
        events += 1
        let step = line.next(now)
        waitsUntil = Instant(milliseconds: 0)
        switch step {
        case .wait(let until): waitsUntil = until
        case .read(let after, let limit): doing = .read(after: after, limit: limit)
        case .load(let numbers): doing = .load(numbers)
        case .sort(let entries): doing = .sort(entries)
        case .send(let entry):
            let service = rules.messages[entry.message.number]?.service ?? ""
            rules.sent(entry, service, now)
            let mood = mood(of: entry)
            sends.append(Send(entry: entry, service: service, isSilent: mood == .silent || random.chance(1, of: 50)))
        case .mark(let message):
            rules.marks(message.number, rules.messages[message.number]?.service ?? "", now)
            works.append(step)
        case .settle, .putOff: told(step, nil)
        }
    }

    /// What the line says of a message; `said`: what the channel did, nil where it did not.
    private mutating func told(_ step: LineStateMachine.Step, _ said: ChannelOutcome?) {
        switch step {
        case .settle(let entry, let outcome, _): rules.settled(entry.message.number, outcome, said: said, now)
        case .putOff(let message, let state, _, _): rules.putOff(message.number, state, said: said, now)
        case .read, .load, .sort, .send, .mark, .wait: rules.fault("\(step) is no outcome")
        }
        works.append(step)
    }

    // MARK: The channel

    private func mood(of entry: OutboxEntry) -> Mood { isCalm ? .well : moods[provider(of: entry.message)] }

    /// One of the tries that the channel has is answered, now and then once more.
    mutating func answer() {
        guard !sends.isEmpty else { return }
        let place = isCalm ? 0 : random.next(0...sends.count - 1)
        let send = sends[place]
        if send.isSilent, !isCalm, !random.chance(1, of: 60) { return }
        if !send.isAnswered, !isCalm, random.chance(1, of: 20) {
            sends[place].isAnswered = true
        } else {
            sends.remove(at: place)
        }
        let report = report(on: send)
        events += 1
        waitsUntil = Instant(milliseconds: 0)
        let step = line.ended(send.entry.message.number, attempt: send.entry.attempts, report, now)
        if !send.isAnswered { rules.placeBack(send.service) }
        if let step {
            if send.isAnswered { rules.fault("a try has two outcomes") }
            told(step, report.outcome)
        }
    }

    private mutating func report(on send: Send) -> ChannelReport {
        var report = ChannelReport(outcome(mood(of: send.entry)), service: send.service)
        if random.chance(1, of: 30), !isCalm { report.service = "another" }
        return report
    }

    private mutating func outcome(_ mood: Mood) -> ChannelOutcome {
        let wait = random.chance(1, of: 3) ? Length.seconds(Int64(random.next(1...600))) : .zero
        switch mood {
        case .well where !isCalm && random.chance(1, of: 20): return .refused(reason: "no")
        case .well, .silent: return .accepted(id: "")
        case .mixed:
            switch random.next(0...5) {
            case 0: return .tryAgain(after: wait, reason: "busy", cause: .message)
            case 1: return .tryAgain(after: wait, reason: "slowly", cause: .throttled)
            case 2: return .unknown(reason: "?")
            default: return .accepted(id: "")
            }
        case .down: return .tryAgain(after: wait, reason: "down", cause: .unavailable)
        case .throttling where random.chance(1, of: 2): return .tryAgain(after: wait, reason: "slow", cause: .throttled)
        case .throttling: return .accepted(id: "")
        case .deadly where settings.deathsToStop == nil && random.chance(1, of: 2):
            return .tryAgain(after: .zero, reason: "nobody, I think", cause: .doubted)
        case .deadly: return .addressDead(address: "a1", reason: "nobody")
        case .lost: return .unknown(reason: "?")
        }
    }
}
