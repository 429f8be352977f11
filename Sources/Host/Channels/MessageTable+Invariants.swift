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

    /// Of each chain the first has its turn, and the others are behind.
    private func brokenOrder() -> String? {
        var behind = 0
        var members: [Text: Int] = [:]
        for (chain, row) in chains {
            behind += row.behind.count
            members[chain.service, default: 0] += 1 + row.behind.count
            for number in [row.first] + row.behind.unordered {
                guard let message = messages[number], message.user == chain.user, message.service == chain.service,
                    message.state.kind != .settled, (message.state.kind == .behind) == (number != row.first)
                else { return "message \(number) stands in a chain that is not its own, or out of its turn" }
            }
        }
        if behind != count(.behind) { return "\(count(.behind)) messages are behind, and \(behind) in chains" }
        let chained = messages.values.count {
            $0.service != nil && $0.state.kind != .settled && $0.state.kind != .behind
        }
        if chained != chains.count { return "\(chained) messages have their turn, in \(chains.count) chains" }
        return members == waiting ? nil : "\(members) wait, and \(waiting) are counted"
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
