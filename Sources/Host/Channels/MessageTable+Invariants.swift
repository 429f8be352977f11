import Engine

extension MessageTable {
    /// Nil: what is kept beside the states says the same as they do.
    func brokenInvariant() -> String? {
        brokenCount() ?? brokenQueue() ?? brokenOrder() ?? brokenAlarm()
    }

    private func numbers(_ kind: MessageState.Kind) -> Set<UInt64> {
        Set(messages.lazy.filter { $0.value.state.kind == kind }.map(\.key))
    }

    private func brokenCount() -> String? {
        var found = [Int](repeating: 0, count: counts.count)
        for message in messages.values { found[message.state.kind.rawValue] += 1 }
        if found != counts { return "\(found) messages of the kinds, and \(counts) are counted" }
        let sum = messages.values.reduce(0) { $0 + ($1.notes?.value.writes ?? 0) }
        return sum == writes ? nil : "\(sum) writes, and \(writes) are counted"
    }

    private func brokenQueue() -> String? {
        let queues = [
            (MessageState.Kind.wanted, wanted), (.unsorted, unsorted), (.marked, marked), (.ending, ending),
        ]
        for (kind, queue) in queues {
            let states = numbers(kind)
            if queue.count != states.count || Set(queue) != states { return "\(queue) are next, and \(states) \(kind)" }
        }
        if suspected != numbers(.suspected) { return "\(suspected) are kept as suspected, not \(numbers(.suspected))" }
        return nil
    }

    /// A user's messages without an outcome are one chain: the first has its turn, the others are behind.
    private func brokenOrder() -> String? {
        for (number, message) in messages {
            guard let next = message.next else { continue }
            guard let behind = messages[next], behind.state.kind == .behind, behind.user == message.user, next > number
            else { return "message \(next), which comes after \(number), is not behind it" }
        }
        if messages.values.count(where: { $0.next != nil }) != count(.behind) {
            return "\(count(.behind)) messages are behind, and \(messages.values.count { $0.next != nil }) have a next"
        }
        for (user, last) in lasts {
            guard let message = messages[last], message.next == nil, message.state.kind != .settled,
                message.user == user
            else { return "message \(last) is not the last one of its user" }
        }
        return lasts.count == tracked - count(.behind) ? nil : "\(lasts.count) users have a last message"
    }

    private func brokenAlarm() -> String? {
        var set: Set<UInt64> = []
        for alarm in alarms.all(isMeant: { messages[$0.key]?.state.alarm(givesUpAfter) == $0.at }) {
            set.insert(alarm.key)
        }
        for (number, message) in messages where message.state.alarm(givesUpAfter) != nil && !set.contains(number) {
            return "nothing wakes message \(number), which is \(message.state.kind)"
        }
        return nil
    }
}
