import Engine

/// Tries of which nobody knows whether the provider took the message, since the start.
struct UnknownOutcomes {
    struct Count: Hashable, Sendable {
        var count = 0
        /// Of the last one.
        var reason = ""
        var last = Instant(milliseconds: 0)
    }

    private(set) var total = 0
    private(set) var byService: [Text: Count] = [:]

    mutating func add(_ service: Text, _ reason: String, _ now: Instant) {
        total += 1
        // One more provider is counted under no name.
        guard byService[service] != nil || byService.count < LineLimits.mostTold else { return }
        byService[service] = Count(count: (byService[service]?.count ?? 0) + 1, reason: reason, last: now)
    }
}
