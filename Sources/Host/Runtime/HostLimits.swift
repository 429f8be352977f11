import Core
import Engine
import Foundation

/// Every limit of the host, with its reason.
package struct HostLimits: Sendable {
    /// Items between connections and the engine's thread: a second's work. Beyond it calls are answered
    /// RESOURCE_EXHAUSTED, so that waiting stays short.
    package var queuedItems = 32_768
    /// The same in memory: 32 frames, and each takes some times its size.
    package var queuedBytes = 256 << 20
    /// Of a request of items, decoded on the event loop: a larger one takes its other connections a millisecond and more.
    package var bytesDecodedAtOnce = 64 << 10
    /// Of larger ones that wait to be decoded.
    package var bytesToDecode = 64 << 20
    /// Calls that only read and wait for a thread, and what they asked: as many as are answered within seconds.
    package var queuedReads = 4_096
    package var queuedReadBytes = 64 << 20
    /// Threads that read: they must leave the one that decides its core.
    package var readingThreads = max(2, ProcessInfo.processInfo.activeProcessorCount / 2)
    /// Items decided and flushed together: enough to share a flush among all that wait, few enough that one commit
    /// takes a few milliseconds.
    package var itemsPerCommit = 512
    /// How long what came in is decided before it is committed; what is left waits for its turn. A second part of the
    /// one second that another client's item may wait, and long beside a flush.
    package var commitTime = Duration.milliseconds(25)
    /// How far the clock may have been set back while the daemon did not run, so that its time goes on from where it
    /// was: days are mistakes that are mended; of a year nobody could wait until the clock has caught up.
    package static let longestSetBack = Length.days(7)
    /// Streams that watch decisions or inboxes: about a kilobyte each, and a turn of a loop for what concerns it.
    static let watchers = 10_000
    /// Of a name that a peer chose, quoted in an error.
    static let quotedBytes = 256
    /// Timers run together, so that many that are due at once do not hold up what comes in.
    package var timersPerCommit = 128
    /// Sends that are judged when slots of a rate limit come back in one commit: as many as outcomes share one.
    package var queueHeads = 256
    /// Users kept decoded, and about what they may take in memory.
    package var cachedUsers = 8_192
    package var cachedUserBytes = 256 << 20
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
    /// Requests that wait to be applied, and their bytes: the work of a minute at most. Beyond it they are answered
    /// RESOURCE_EXHAUSTED.
    package var waitingApplies = 64
    package var bytesOfWaitingApplies = 16 << 20
    /// Requests that wait for their turn where they only stop or resume a campaign: they are small.
    package var waitingStops = 1_024
    /// Faults that one answer tells, so that it fits a frame.
    package static let problemsTold = 100
    /// Of one fault's text.
    package static let bytesOfProblem = 2_000
    /// Campaigns that one fault names: nobody reads more.
    static let namesTold = 16

    /// How long after a user was deleted what was kept of them is taken from the disk, which rewrites every table: once
    /// a day at most. Until then it is only not shown.
    package var erasesAfter = Length.day

    /// Timers read at a time; twice as many are held at most, however many wait on disk.
    static let timersRead = 65_536
    /// How far ahead they are read. Those beyond it are only on disk.
    static let timersReadAhead = Length.seconds(600)
    /// Timers looked at together for what waits of stopped campaigns: their users are one piece of work.
    static let timersSwept = 4_096
    /// A step of the system's clock that is told: smaller corrections are nobody's concern.
    static let smallestStepOfClock = Length.seconds(1)
    /// So often whoever waits for an instant asks the clock whether it was set forward, or the machine slept.
    static let longestWait = Length.seconds(1)
    /// Of a thread's stack: filters and values in each other go as deep as their limits let them, with room to spare.
    static let bytesOfStack = 8 << 20
    /// Of something large only so much counts at a time in its client's turn: it may be done in part and put back.
    static let pieceOfWork: UInt64 = 64
    /// How many works that nobody waits for are gathered, and for how long, so that they share a commit.
    static let worksGathered = 256
    static let worksGatheredFor = Length(milliseconds: 4)
    /// After a try to erase that failed.
    static let erasePause = Length.seconds(3_600)
    /// Between looks for versions of campaigns that can convert no more because time passed.
    static let leavePause = Length.seconds(3_600)
    /// Kept events are some hundred bytes each: so many are little beside what may be kept.
    static let eventsBetweenTrims: UInt64 = 1 << 20

    /// Names that no zone has are remembered too, so many at most: clients write them.
    static let rememberedZones = 4_096
    /// Of zones that are damaged, in one line.
    static let damagedZonesNamed = 10
    /// What is read of the zone database at most, and how many folders deep: the whole of it is 600 files and one MiB,
    /// in two.
    static let (zoneFiles, bytesOfZones, depthOfZones) = (4_096, 16 << 20, 3)

    /// Of what a provider says, in characters: it stands in a decision.
    static let charactersOfDetail = 500
    /// Of a provider's name: a host's name has 253 at most.
    static let bytesOfService = 256
    /// Of a file with a secret: the largest, a service account's, has 3 KiB.
    static let bytesOfSecret = 1 << 16
    /// Shorter secrets are not blacked out: they would be found in ordinary words.
    static let leastBytesOfSecret = 6
    /// Of a secret that holds more than keys, as a service account does, shorter words are names. More than
    /// `leastBytesOfSecret`, which is of a secret alone.
    static let bytesOfSecretWord = 24
    /// Of a reason that a module gives, which stands in a fault.
    static let bytesOfReason = 1_024
    /// Milliseconds that a pipe with a secret may give nothing.
    static let patienceWithPipes: Int32 = 2_000

    /// Of one step of the core.
    package var core = CoreLimits()

    package init() {}
}

/// Every limit of a channel's line that nobody sets, with its reason; the others stand in `LineSettings`.
enum LineLimits {
    /// How long channels may take to end what they have when the daemon ends.
    static let grace = Length.seconds(10)
    /// How long a store that could not be read is left alone.
    static let readPause = Length.seconds(1)
    /// The longest that a channel may ask for: so long a daemon may wait for it, and a place is taken.
    static let longestDeadline = Length.seconds(3_600)
    /// Doublings of a pause or a rest, more than lead from the first to the longest of any.
    static let doublings: UInt32 = 20

    /// Providers of which deaths in a row are remembered: users name web push services, as many as they like.
    static let mostInRows = 1_024
    /// Providers of which it is told what is wrong, or counted what was unknown: users name web push services and
    /// receivers, as many as they like. As many as lanes are remembered; about 300 bytes each.
    static let mostTold = 10_000
    /// Of them, lines of the log in a minute, of those that took something before and of the others: enough for all that
    /// anybody looks at.
    static let mostLogged = 60
    static let loggedWithin = Length.seconds(60)
    /// Messages that left a line's queue from within, and lanes that there were at once: beyond them, and as many as
    /// there are, their room is given back. Until then the walk is not worth it.
    static let leftInQueue = 32
    static let roomForLanes = 1_024

    /// Crashes in a row at which a channel had a message, before it is set aside: twice may be chance.
    static let crashesToSetAside = 3
    /// Of one message, before all that channels had when the daemon died are tried one at a time. After a single crash,
    /// which is mostly none of theirs, hundreds would wait for one another.
    static let crashesToTryAlone = 2
    /// The same of deaths of any kind, `kill -9` and a machine out of memory among them: many, since whoever kills a
    /// daemon that hangs does so several times.
    static let deathsToSetAside = 12
    static let deathsToTryAlone = 6
    /// Deaths of each kind that are counted, more than either asks for; a byte holds them.
    static let deathsCounted: UInt8 = 200
    /// Messages of a channel that are set aside in a row before it rests at each start, so that a module that always
    /// crashes lets the daemon run meanwhile: so long at first, then twice that, and so on.
    static let setAsideToRest = 3
    static let firstRestAfterCrashes = Length.seconds(10)
    static let longestRestAfterCrashes = Length.seconds(900)
    /// Of the file `under-way`, read at the start: 1 MiB, and far more than all channels have at once.
    static let placesRead = 65_536

    /// Messages a second of a provider that takes nothing for now: it is asked once a minute.
    static let slowestRate = 1.0 / 60
    /// How much its rate grows in a second at least, so that the slowest is left within a minute.
    static let leastGrowthOfRate = 0.1
    /// Seconds that it grows for at once: a pause in which nothing was sent says little.
    static let longestGrowthOfRate = 10.0
    /// Beyond so many times what it once refused, and so many a second, it does not want fewer any more.
    static let timesRefusedRate = 4.0
    static let endlessRate = 1_000.0
    /// What a provider took before is half forgotten after so long.
    static let rateLookedBack = Length.seconds(10)
}

/// Every limit of what is answered, with its reason. Each reply is one frame, which `ReplyRoom.bytes` bounds.
enum WireLimits {
    /// Rows of one page, unless the request says otherwise, and at most.
    static let rowsOfPage = 100
    static let mostRowsOfPage = 1_000
    /// Records looked at for one page: a filter that hardly anything passes goes on with the next page.
    static let looksForPage = 20_000
    /// Decisions, and failed messages, read from the store at once: each may be large, a message larger.
    static let decisionsRead = 128
    static let messagesRead = 32
    /// Of one page of what is kept of a user: a quarter of a frame.
    static let exportBytes = 1 << 20
    /// Records looked at for it: what is sought among those of all users goes on with the next page.
    static let exportLooks = 100_000
    /// Of a reason in a reply about health, which a provider or the system gives, and of the channels, services and
    /// campaigns that are unwell: the reply stays below a frame, whatever they are.
    static let conditionReason = 1_024
    static let conditions = 1_000
    /// Of a stream of items, what waits to be decided, beside one work under way: beyond it nothing more is taken in.
    static let streamWindow = 4_096
    static let streamWindowBytes = 8 << 20
    /// Items of one work of a stream: some commits. More would hold up others' works behind it.
    static let streamWork = 1_024
    /// Results of one message: with as little as is said of each, some tens of kilobytes.
    static let streamResults = 1_000
    /// Until a stream asks again for which the queue had no room.
    static let streamPause = Duration.milliseconds(5)
    /// Of one message of a watch: what is read of the store at once, and large beside a frame's cost.
    static let watchBytes = 256 << 10
    /// Until an inbox is asked again of which the question could not be taken in.
    static let inboxPause = Length.seconds(1)
    /// How long a test may take, as somebody waits for it: no longer than a command waits for an answer.
    static let testSend = Length.seconds(60)
    /// Of why an item was refused; an id is quoted in it. Those of as many items as a request has fit a reply.
    static let itemReason = 300
    /// Of why a request is, which may quote what stands in an item.
    static let itemProblem = 4_096
    /// Between the decisions of one item stand the numbers of its leases and claims, and none of another user's; more
    /// than any decision is followed by.
    static let numbersPerDecision: UInt64 = 32
    /// Numbers looked for in the store for one request, at some microseconds each.
    static let decisionLooks = 100_000
    /// With less room than any decision takes none is looked for.
    static let leastDecision = 1_024
    /// Of one user, claimed messages of which it is told what holds them: the rest waits for the same.
    static let heldMessages = 100
    /// As long as a window may hold a message.
    static let longestHold = Length.days(7)
}

/// Every limit of what is remembered of languages. Of these themselves there are as many as ICU has, about 1,000, and
/// profiles name them: 20 kB each.
enum LanguageLimits {
    /// RFC 5646, 4.4.1: so many bytes hold every tag.
    static let tagBytes = 35
    /// Tags whose language was looked for, since profiles hold anything.
    static let rememberedTags = 4_096
    /// Of one language: 22 of numbers, and of as many currencies as it has use for; events name them.
    static let numberFormatters = 64
}
