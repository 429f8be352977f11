import Engine
import Storage

/// What is told of messages: that they were claimed, read, changed.
extension LineStateMachine {
    /// Claimed just now, and on disk.
    package mutating func handOver(_ message: OutboxMessage, now: Instant) {
        defer { check() }
        claimed()
        switch disk.claim(message.number, hasRoom: hasRoom) {
        case .admitted: admit(OutboxEntry(message: message), MessageNotes(), now)
        case .seen, .left: break
        }
    }

    /// What `Step.read` asked for; `isAll`: there is no more on disk.
    package mutating func read(_ entries: [OutboxEntry], isAll: Bool, now: Instant) {
        defer { check() }
        let changes = disk.end(last: entries.last?.message.number, isAll: isAll)
        for entry in entries {
            if let service = entry.state?.doubtedBy { doubt(service, now) }
            admit(entry, changes[entry.message.number], now)
        }
    }

    /// What `Step.read` asked for could not be read; it is asked for again.
    package mutating func unread() {
        defer { check() }
        disk.fail()
    }

    private mutating func admit(_ entry: OutboxEntry, _ changes: MessageNotes?, _ now: Instant) {
        let number = entry.message.number
        let hasTurn = messages.admit(number, of: entry.message.user, service: settings.hasServices ? nil : "")
        if let changes, !changes.isEmpty { messages.change(number) { $0 = changes } }
        if hasTurn { place(number, entry, now) }
    }

    /// What `Step.load` asked for; nil where the disk does not show it any more: it is damaged, which the store tells.
    package mutating func loaded(_ number: UInt64, _ entry: OutboxEntry?, now: Instant) {
        defer { check() }
        guard case .loading(let lane)? = messages.state(number) else { messages.impossible("loaded", number) }
        if let entry { place(number, entry, now) } else { messages.lose(number) }
        guard let lane else { return }  // It was not parked.
        lanes[lane].unparking -= 1
        stand(lane, now)
    }

    /// What `Step.load` asked for could not be read; it is asked for again.
    mutating func unloaded(_ numbers: [UInt64]) {
        defer { check() }
        for number in numbers {
            guard case .loading(let lane)? = messages.state(number) else { messages.impossible("unloaded", number) }
            messages.move(number, to: .wanted(lane))
        }
    }

    /// Finds the place of what was read just now.
    private mutating func place(_ number: UInt64, _ stored: OutboxEntry, _ now: Instant) {
        guard case .loading(let lane)? = messages.state(number) else { messages.impossible("placed", number) }
        let notes = messages.notes(number)
        let entry = notes.applied(to: stored)
        let state = entry.state ?? OutboxState()
        let last = last(entry.message)
        if state.isWithdrawn || notes.isWithdrawn {
            end(number, Box(entry), .withdrawn)
        } else if let deaths = suspects.toSetAside(number) {
            end(number, Box(entry), .unknown(reason: whySetAside(deaths)))
        } else if state.isHandedOver, settings.unknownPolicy == .neverAgain {
            let reason = "the daemon ended while the channel had it: nobody knows its outcome"
            end(number, Box(entry), .unknown(reason: reason))
        } else if now >= last {
            end(number, Box(entry), .gaveUp(reason: whyGivenUp(entry)))
        } else if suspects.isToWait(number) {
            messages.move(number, to: .suspected(last: last))
        } else if let lane {
            lanes[lane].ready.append(number)
            messages.move(number, to: .ready(Box(entry), lane))
        } else if settings.hasServices {
            messages.move(number, to: .unsorted(Box(entry)))
        } else {
            queue(number, Box(entry), "", now)
        }
    }

    /// Which provider each of what `Step.sort` asked about is for.
    package mutating func sorted(_ entries: [(entry: OutboxEntry, service: Text)], now: Instant) {
        defer { check() }
        for (number, service) in entries.map({ ($0.entry.message.number, $0.service) }) {
            guard case .sorting(let entry)? = messages.state(number) else { messages.impossible("sorted", number) }
            if messages.notes(number).isWithdrawn {
                end(number, entry, .withdrawn)
            } else if messages.enter(number, service) {
                queue(number, entry, service, now)
            } else {
                messages.move(number, to: .behind)
            }
        }
    }

    private mutating func queue(_ number: UInt64, _ entry: Box<OutboxEntry>, _ service: Text, _ now: Instant) {
        if let notBefore = entry.value.state?.notBefore, notBefore > now {
            return messages.move(number, to: .later(at: min(notBefore, last(entry.value.message))))
        }
        // What was called dead and not believed waits aside: nobody stands behind it.
        let name = LaneName(service: service, isAside: entry.value.state?.doubtedBy != nil)
        let lane = lanes.open(name, isInDoubt: deaths.isInDoubt(service))
        // What is tried alone needs no room: nothing else is handed over.
        if lanes.takesReady(lane, now) || suspects.trial?.number == number && lanes[lane].takesReady(now) {
            lanes[lane].ready.append(number)
            messages.move(number, to: .ready(entry, lane))
        } else {
            lanes[lane].parked.append(number)
            messages.move(number, to: .parked(lane, last: last(entry.value.message)))
        }
        stand(lane, now)
    }

    /// What `Step.mark` asked for is on disk.
    package mutating func marked(_ number: UInt64) {
        defer { check() }
        guard case .marking(let entry, let lane)? = messages.state(number) else {
            messages.impossible("marked", number)
        }
        var marked = entry.value
        var state = marked.state ?? OutboxState()
        state.isHandedOver = true
        marked.state = state
        messages.move(number, to: .marked(Box(marked), lane))
    }

    /// The message must not be tried any more. One that is under way ends with that try.
    package mutating func withdraw(_ number: UInt64, now: Instant) {
        defer { check() }
        guard let state = messages.state(number) else {
            return disk.change(number) { $0.isWithdrawn = true }
        }
        switch state {
        case .settled, .ending: return  // It has its outcome.
        // Its turn, its reading, its lane or its try comes soon, and asks.
        case .behind, .wanted, .loading, .unsorted, .sorting, .marking, .marked, .underWay: break
        case .later, .suspected: messages.move(number, to: .wanted(nil))
        case .parked(let lane, _): unpark(number, lane, now)
        case .ready(let entry, let lane):
            lanes[lane].ready.leave(number)
            end(number, entry, .withdrawn)
            stand(lane, now)
        }
        messages.change(number) { $0.isWithdrawn = true }
    }

    /// Every further try of the message goes to these addresses.
    package mutating func readdress(_ number: UInt64, _ addresses: [Text]) {
        defer { check() }
        switch messages.state(number) {
        case nil: disk.change(number) { $0.addresses = addresses }
        case .settled, .ending: break  // There is no further try.
        case .behind, .later, .suspected, .parked, .wanted, .loading, .unsorted, .sorting, .ready, .marking, .marked,
            .underWay:
            messages.change(number) { $0.addresses = addresses }
        }
    }
}
