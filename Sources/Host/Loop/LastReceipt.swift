import Engine
import Storage

/// When something was last recorded: by a decision, or by an event that decided nothing.
package enum LastReceipt {
    /// Nil where nothing was after `now`. More than `HostLimits.longestSetBack` later an event is not looked for: time does
    /// not go on from there.
    package static func after(_ now: Instant, in store: any Store) throws -> Instant? {
        let decided = try store.decisions(before: nil, limit: 1).first?.decision.at
        let newest = max(decided ?? now, try event(after: now, store) ?? now)
        return newest > now ? newest : nil
    }

    /// The newest event's receipt, found by halves: events are read forward alone.
    private static func event(after now: Instant, _ store: any Store) throws -> Instant? {
        var newest: Instant?
        var low = now + Length(milliseconds: 1)
        var high = now + HostLimits.longestSetBack
        while low <= high {
            let middle = low + Length(milliseconds: (high - low).milliseconds / 2)
            var found: Instant?
            try store.events(since: middle) { event in
                found = event.receivedAt
                return false
            }
            if let found {
                newest = found
                low = found + Length(milliseconds: 1)
                high = max(high, found)
            } else {
                high = middle - Length(milliseconds: 1)
            }
        }
        return newest
    }
}
