import Engine
import Storage

/// When something was last recorded: by a decision, or by an event that decided nothing.
package enum LastReceipt {
    /// Nil where nothing was after `now`. From more than `HostLimits.longestSetBack` later time does not go on: an event is
    /// not looked for there, and a decision of then gives way to an event that is nearer.
    package static func after(_ now: Instant, in store: any Store) throws -> Instant? {
        let near = try event(after: now, store)
        guard let decided = try store.decisions(before: nil, limit: 1).first?.decision.at, decided > now else {
            return near
        }
        guard let near else { return decided }
        return decided - now > HostLimits.longestSetBack ? near : max(decided, near)
    }

    /// The newest event's receipt, found by halves: events are read forward alone.
    private static func event(after now: Instant, _ store: any Store) throws -> Instant? {
        var newest: Instant?
        var low = now + Length(milliseconds: 1)
        let last = now + HostLimits.longestSetBack
        var high = last
        while low <= high {
            let middle = low + Length(milliseconds: (high - low).milliseconds / 2)
            var found: Instant?
            try store.events(since: middle) { event in
                found = event.receivedAt
                return false
            }
            if let found, found <= last {
                newest = found
                low = found + Length(milliseconds: 1)
            } else {
                high = middle - Length(milliseconds: 1)
            }
        }
        return newest
    }
}
