import Engine

/// Every limit of the host, with its reason.
package struct HostLimits: Sendable {
    /// Items between connections and the engine's thread: a second's work. Beyond it calls are answered
    /// RESOURCE_EXHAUSTED, so that waiting stays short.
    package var queuedItems = 32_768
    /// Items decided and flushed together: enough to share a flush among all that wait, few enough that one commit
    /// takes a few milliseconds.
    package var itemsPerCommit = 512
    /// Timers run together, so that many that are due at once do not hold up what comes in.
    package var timersPerCommit = 128
    /// Users kept decoded.
    package var cachedUsers = 32_768
    /// Items of one request.
    package var itemsPerRequest = 10_000
    /// Claimed messages in memory; the rest wait on disk.
    package var outboxWindow = 8_192
    /// 13, Hand-over: a message that no provider accepted by then has failed.
    package var givesUpAfter = Length.seconds(72 * 3_600)
    /// How long a channel may take for one message before the host answers for it.
    package var sendDeadline = Length.seconds(60)

    /// Whether what comes in is kept for rehearsals.
    package var keepsEvents = true

    package init() {}

    /// Doubles from 1 s to 15 min.
    func pause(beforeAttempt attempt: Int) -> Length {
        .seconds(min(900, 1 << Int64(min(attempt - 1, 10))))
    }
}
