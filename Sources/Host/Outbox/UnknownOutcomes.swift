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
    private(set) var byService: [String: Count] = [:]
    /// Providers counted by name: users name web push services and receivers, as many as they like.
    private static let most = 256

    mutating func add(_ service: String, _ reason: String, _ now: Instant) {
        total += 1
        guard byService[service] != nil || byService.count < Self.most else { return }  // Counted, under no name.
        byService[service] = Count(count: (byService[service]?.count ?? 0) + 1, reason: reason, last: now)
    }
}
