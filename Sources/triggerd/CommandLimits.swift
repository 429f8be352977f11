import Engine

/// What a command takes at most.
enum CommandLimits {
    /// Of the campaign files of one request, in bytes: what it carries.
    static let campaignFiles = 4 << 20
    /// Of one line of `track`, in bytes: what one request carries.
    static let line = 4 << 20
    /// Of the lines of one request, in bytes, so that their items surely fit it; one longer line goes alone.
    static let batchBytes = 1 << 20
    /// Lines of one request: enough to share a flush, few enough to be answered within milliseconds.
    static let batchLines = 500
    /// Lines on their way over a stream, as many as the daemon takes in and decides at once.
    static let streamWindow = 8_192
    /// Values of one JSON text: as a request they take up to 50 times the bytes that they were written in.
    static let jsonValues = 100_000
    /// Values in values of a JSON text, as deep as a request may hold them.
    static let jsonDepth = 64
    /// An option's length of time: a hundred years can be added to any instant of this age.
    static let length = Length.days(36_500)
    /// How long the daemon may take to answer: a batch of campaigns is compiled in seconds, a test is sent in as many.
    static let answer = Length.seconds(60)
    /// How long `health` waits: a daemon that takes longer does not serve.
    static let health = Length.seconds(5)
    /// Between two tries to reach a daemon that starts again.
    static let retryPause = Duration.milliseconds(200)
    /// A named pipe that nobody opens for writing is told of after so long.
    static let patienceWithPipes = Duration.seconds(2)
    /// Bytes read of a file or a pipe at once; and where it is read line by line, of which a pipe gives as many as are
    /// there, a quarter of `batchBytes`.
    static let readAtOnce = 64 << 10
    static let lineBytesRead = 256 << 10
    /// Of a file with certificates, a key or tokens, in bytes: those of all authorities of a system have 250 kB.
    static let doorFile = 1 << 20
    /// Of a socket's path, in bytes: what its address has room for.
    static let socketPath = 107
    /// Decisions asked for at once, and failed messages, which are larger: the daemon gives 1,000 rows at most.
    static let decisionsOfPage = 1_000
    static let failedOfPage: UInt32 = 500
    /// Messages of one request to send them again, a fifth of what one may have: a terminal shows how far it is.
    static let redrivenAtOnce = 100
    /// Characters of a message's field that `failed` shows.
    static let shownOfField = 200
    /// Characters of a column, and of a bar: one long name would push all others off the screen.
    static let column = 40
    /// Of an argument in an error, in bytes; and what is shown of one that is longer, in characters.
    static let quotedArgument = 200
    static let shownOfArgument = 60
}

/// What the daemon's process takes at most.
enum ServeLimits {
    /// How long calls under way may take when the daemon is told to end. Channels have `LineLimits.grace` beside it.
    static let grace = Duration.seconds(30)
    /// Descriptors that are not for connections: the store's files (512 at most), channels' connections, logs, plug-ins.
    static let keptDescriptors = 768
    /// With fewer of them the store, event loops and listeners cannot even be opened.
    static let fewestDescriptors = 64
    /// Seconds between two looks at the files of doors: a few calls of the system each.
    static let doorsAreLookedAt = 1.0
}
