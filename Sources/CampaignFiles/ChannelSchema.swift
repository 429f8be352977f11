import Engine

/// A channel's keys, and whether its messages wait for the user's next session.
package struct ChannelSchema: Sendable {
    package var message: [FieldSchema]
    package var queues: Bool

    package init(message: [FieldSchema], queues: Bool) {
        self.message = message
        self.queues = queues
    }
}
