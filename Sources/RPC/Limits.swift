import NIOCore

/// Every limit of a connection, with its reason.
package struct Limits: Sendable {
    /// The most that one frame carries: what every client of this wire accepts.
    package static let messageBytes = 4 << 20

    /// Connections at once.
    package var connections = 1_024
    /// Calls under way on one connection; one more is answered RESOURCE_EXHAUSTED.
    package var callsUnderWay = 1_024
    /// Replies that a client has not read: beyond it nothing more is read from it. Older clients stop reading while
    /// they write, so this is generous; it is finite, so that a client that never reads costs no more.
    package var queuedReplyBytes = 8 << 20
    /// Of a body that is refused for its size, read and dropped before the connection is closed.
    package var passedOverBytes = 8 << 20
    /// How long such a body may pause.
    package var passOverPause = TimeAmount.seconds(5)
    /// How long a client may take to read a large reply.
    package var writeDeadline = TimeAmount.seconds(30)
    /// Pairs of metadata in one request.
    package var metadataPairs = 16_384
    /// Streams that ended, remembered so that what still comes for them is dropped without a word.
    static let endedStreams = 64

    package init() {}
}
