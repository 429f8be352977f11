import Engine

/// What goes wrong in a run, and how often, in thousandths: each seed has weather of its own, since what always
/// happens hides what hardly ever does.
struct Weather {
    /// The engine decides as if every provider accepted at once, so that the naive model can judge all of it.
    var acceptsAtOnce: Bool
    var crashes = 0
    var crashesAtStart = 0
    var fullDisk = 0
    var slowFlush = 0
    var hurry = 0
    var lostReplies = 0
    var doubledCalls = 0
    var repeatedItems = 0
    var clockJumps = 0
    /// Whether the clock is set by days, not by minutes.
    var jumpsFar = false
    var badChannels = 0
    /// Starts at which a plug-in is missing.
    var vanishing = 0
    /// Ends of the daemon that are orderly.
    var stops = 0
    var edits = 0
    var deletions = 0
    var campaignDeletions = 0
    var redrives = 0
    /// Claims after which the user leaves at once.
    var leavings = 0

    init(_ chance: inout Chance) {
        acceptsAtOnce = chance.happens(350)
        func rate(_ all: [Int], _ chance: inout Chance) -> Int { chance.one([0] + all) }
        crashes = rate([2, 10, 40], &chance)
        crashesAtStart = chance.one([0, 0, 300])
        fullDisk = rate([5, 20], &chance)
        slowFlush = rate([20, 100], &chance)
        hurry = rate([100, 500], &chance)
        lostReplies = rate([50, 300], &chance)
        doubledCalls = rate([30, 200], &chance)
        repeatedItems = rate([20, 100], &chance)
        clockJumps = rate([1, 4], &chance)
        jumpsFar = chance.happens(300)
        badChannels = rate([100, 400, 800], &chance)
        vanishing = chance.one([0, 0, 0, 200, 500])
        stops = chance.one([0, 200, 500])
        edits = rate([10, 40], &chance)
        deletions = rate([5, 20], &chance)
        campaignDeletions = rate([10, 40], &chance)
        redrives = rate([20, 100], &chance)
        leavings = rate([50, 300], &chance)
        if acceptsAtOnce {
            // The model knows nothing of these.
            (edits, deletions, campaignDeletions, redrives, vanishing) = (0, 0, 0, 0, 0)
        }
    }

    /// Nothing goes wrong any more.
    mutating func calm() {
        let calm = (acceptsAtOnce, hurry)
        self = Weather(acceptsAtOnce: calm.0, hurry: calm.1)
    }

    private init(acceptsAtOnce: Bool, hurry: Int) {
        (self.acceptsAtOnce, self.hurry) = (acceptsAtOnce, hurry)
    }
}
