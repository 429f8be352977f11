import NIOCore

/// Every limit of a connection, with its reason.
package struct Limits: Sendable {
    package typealias Time = TimeAmount

    /// The most that one frame carries: what every client of this wire accepts.
    package static let messageBytes = 4 << 20
    /// The most that one frame of a client carries here, no more than that.
    package var frameBytes = Limits.messageBytes

    /// Connections at once of one door, so that TCP cannot take the Unix socket's.
    package var connections = 1_024
    /// Of them, those of one client, a process or a host over TCP: no client can shut all others out, whatever it does.
    package var connectionsOfClient = 768
    /// Calls under way on one connection; one more is answered RESOURCE_EXHAUSTED.
    package var callsUnderWay = 1_024
    /// Replies that a client has not read: beyond it nothing more is read from it. Older clients stop reading while
    /// they write, so this is generous; it is finite, so that a client that never reads costs no more.
    package var queuedReplyBytes = 8 << 20
    /// The same with the answers of calls that were under way by then: beyond it the client is let go.
    package var unreadReplyBytes = 32 << 20
    /// What all connections hold together: unread answers, and frames that have come in part. Beyond it the one that
    /// holds the most is let go, so that who holds little is never in want.
    package var heldBytes = 256 << 20
    /// Of a body that is refused for its size, read and dropped before the connection is closed.
    package var passedOverBytes = 8 << 20
    /// How long such a body may pause.
    package var passOverPause = TimeAmount.seconds(5)
    /// How long a client may take to read what it is sent, from the write before; long enough for 4 MiB at 140 kB/s.
    package var writeDeadline = TimeAmount.seconds(30)
    /// The same while the server ends: nobody can hold up a restart for longer.
    package var drainDeadline = TimeAmount.seconds(5)
    /// How long a frame may take to come, from its first byte on; long enough for 4 MiB at 70 kB/s.
    package var frameDeadline = TimeAmount.seconds(60)
    /// How long TLS may take to be agreed on, from the connection's first instant: three times as long as a slow phone's.
    package var handshakeDeadline = TimeAmount.seconds(10)
    /// How long a connection without a call may say nothing. Generous, since clients keep connections for later.
    package var idleTime = TimeAmount.minutes(60)
    /// Pairs of metadata in one request.
    package var metadataPairs = 16_384
    /// Their keys and values: each is made a text before anything is known of the caller.
    package var metadataBytes = 1 << 20
    /// How long a client may take to answer the end of TLS: it is told out of politeness.
    static let tlsEnd = TimeAmount.seconds(2)
    /// Of a token, in characters: 16 that are random nobody guesses, and more than 512 nobody makes.
    static let leastTokenBytes = 16
    static let tokenBytes = 512
    /// Each call compares with all: a file holds the new token and the one before, and not a database.
    static let tokensOfFile = 64
    /// Groups of a process: as many as Linux lets a user have that anybody has seen.
    static let groups = 256
    /// Lines of the log in a minute about who was turned away or refused, of each door.
    static let refusalsTold = 10
    static let refusalsAreCountedFor = TimeAmount.minutes(1)
    /// Of a name in a certificate, in such a line.
    static let shownOfName = 200
    /// Of one stream, messages that came and that its method has not taken, and their bytes: what a method takes in a
    /// moment is never so much. Beyond it the stream ends with RESOURCE_EXHAUSTED and everything else goes on; or,
    /// where its method always takes on, the connection is not read meanwhile.
    package var streamMessages = 1_024
    package var streamBytes = 4 << 20
    /// What leaves of all streams of a connection at once, in turn: so much stands before an answer that comes later.
    /// As much as the system takes at a time, so that a client that reads is not waited for.
    package var streamOutputBytes = 256 << 10
    /// Of one stream, what waits to leave before its method is to stop: enough to have something for its turns.
    static let streamTurnBytes = 64 << 10
    static let streamTurnMessages = 256
    /// The same of a method that does not stop: a mistake of ours, which costs its own stream.
    package var streamQueuedBytes = 16 << 20
    /// How long a client waits beyond a call's timeout for the server to say itself that it is over.
    static let clientSlack = TimeAmount.milliseconds(200)
    /// What a client keeps of one stream that nobody takes: beyond it the connection is not read, and the server waits.
    static let clientStreamMessages = 1_024
    static let clientStreamBytes = 8 << 20
    /// Streams and calls that ended, remembered so that what still comes for them is dropped without a word.
    static let endedStreams = 256
    /// Connections that wait to be accepted: a burst of clients, until a loop comes to it. Where they are more, a Unix
    /// socket refuses to connect, and a client that comes and goes as fast as it can would have all of them refused. Each
    /// may bring some 100 kB, which the system keeps for it meanwhile.
    static let backlog: Int32 = 1_024
    /// Of them, those that are taken in before what is open is looked at again. Each takes as long as some calls, and
    /// where many come their client is to wait, and not those whose connection is open.
    static let acceptedAtOnce: UInt = 1
    /// And in a second, after a burst as large as many servers start with: a fifth of a core at most.
    static let acceptedPerSecond = 2_000
    static let acceptedInBurst = 256
    /// How long a listener rests that has taken in as many: some come together then.
    static let acceptRest = TimeAmount.milliseconds(4)
    /// How long a listener rests that cannot accept, since no descriptor is left: connections end meanwhile, and it is
    /// one line of the log each time.
    static let acceptPause = TimeAmount.milliseconds(500)
    /// Between two lines that a listener is full: a flood is not to flood the log.
    static let fullIsToldAfter = TimeAmount.minutes(1)
    /// The longest time of a call: a century is as good as none, and added to any instant it overflows none.
    static let longestCall = TimeAmount.nanoseconds(3_155_760_000 * 1_000_000_000)
    /// With less time left an answer leaves at once, and does not wait for those of the frames that came with it.
    static let nearDeadline = TimeAmount.milliseconds(100)
    /// Room made for a frame at once, in times of what has come of it, or of the least: a header alone reserves nothing
    /// to speak of, and no frame is more than `messageBytes`.
    static let reservedTimes = 4
    static let reservedAtLeast = 4_096
    /// Room for answers that is kept after a write: what many small ones take.
    static let outputReserve = 64 << 10
    /// What a connection holds is told in steps of this, so that small calls cost nothing. All connections together
    /// hide no more than 1,024 times as much, a sixteenth of `heldBytes`.
    static let heldGrain = 16 << 10
    /// Until the one that holds the most is looked for: doing so at each read of a flood would take longer than the
    /// flood, which brings some MB meanwhile.
    static let heldPause = TimeAmount.milliseconds(2)

    package init() {}

    /// Where the system gives room for fewer connections, a quarter of them stays for others than who has the most.
    package mutating func fit(_ connections: Int) {
        guard connections < self.connections else { return }  // There is room for all.
        self.connections = connections
        connectionsOfClient = min(connectionsOfClient, max(1, connections - connections / 4))
    }
}
