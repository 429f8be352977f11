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
    /// Sends that are judged when slots of a rate limit come back in one commit: as many as outcomes share one.
    package var queueHeads = 256
    /// Users kept decoded.
    package var cachedUsers = 8_192
    /// Items of one request.
    package var itemsPerRequest = 10_000
    /// Dead letters of one request: as many as a commit holds with ease.
    package var redrivesPerRequest = 500

    /// Whether what comes in is kept for rehearsals.
    package var keepsEvents = true

    package init() {}
}
