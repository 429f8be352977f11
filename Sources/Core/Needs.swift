import Engine
import Storage

/// What a step has to know before it can go on. Empty: nothing; it stands at a place where it could end.
package struct Needs {
    package var users: [UserID] = []
    /// What was answered to items of these ids.
    package var receipts: [ItemID] = []
    /// Whose they are.
    package var tokens: [Text] = []
    package var letters: [UInt64] = []
    /// What is known of their tries.
    package var messages: [OutboxPlace] = []
    /// Whose sends a rate limit holds: the timers of those that are next.
    package var queues: [CampaignNumber] = []

    package var isEmpty: Bool {
        users.isEmpty && receipts.isEmpty && tokens.isEmpty && letters.isEmpty && messages.isEmpty && queues.isEmpty
    }
}
