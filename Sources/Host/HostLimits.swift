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

    /// Campaigns in all, stopped ones too. Each that hears an event is asked about it, and every version is kept.
    package var campaigns = 20_000
    /// Campaigns of one request.
    package var campaignsPerRequest = 10_000
    /// Of one campaign's definition: so many fit a reply with all that is said of it.
    package var bytesOfCampaign = 2 << 20
    /// Of the definitions of all, as they count now: they are in memory, with their templates.
    package var bytesOfCampaigns = 256 << 20
    /// Exceptions of one campaign, and conversions: each is asked about the events that it names.
    package var occurrencesOfCampaign = 100
    /// Requests that wait to be applied, and their bytes: the work of a minute at most. Beyond it they are answered
    /// RESOURCE_EXHAUSTED.
    package var waitingApplies = 64
    package var bytesOfWaitingApplies = 16 << 20
    /// How often a request is put beside campaigns that are stopped or resumed meanwhile, before the engine's thread
    /// does it itself, so that it ends.
    package var triesOfApply = 3
    /// Faults that one answer tells, so that it fits a frame.
    package static let problemsTold = 100
    /// Of one fault's text.
    package static let bytesOfProblem = 2_000
    /// Of an answer to Apply: with definitions of more, it tells their ids alone.
    package static let bytesOfApplied = 256 << 10

    /// How long after a user was deleted what was kept of them is taken from the disk, which rewrites every table: once
    /// a day at most. Until then it is only not shown.
    package var erasesAfter = Length.day

    /// Whether what comes in is kept for rehearsals.
    package var keepsEvents = true

    package init() {}
}
