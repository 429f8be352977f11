import NIOCore

/// Every limit of a connection, with its reason.
package struct Limits: Sendable {
    /// The most that one frame carries: what every client of this wire accepts.
    package static let messageBytes = 4 << 20

    /// Connections at once of one kind of listener, so that TCP cannot take the Unix socket's.
    package var connections = 1_024
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
    /// How long a connection without a call may say nothing. Generous, since clients keep connections for later.
    package var idleTime = TimeAmount.minutes(60)
    /// Pairs of metadata in one request.
    package var metadataPairs = 16_384
    /// Streams that ended, remembered so that what still comes for them is dropped without a word.
    static let endedStreams = 64

    package init() {}
}
