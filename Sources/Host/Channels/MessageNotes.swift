import Engine
import Storage

/// What memory knows of a message beside its state: of most of them nothing.
struct MessageNotes {
    /// The user must not be reached any more.
    var isWithdrawn = false
    /// Where it goes since its user's addresses changed.
    var addresses: [Text]?
    /// What was put off last, until that is on disk: the disk tells less.
    var unsaved: OutboxState?
    /// Times that it was put off and that are not on disk yet.
    var writes = 0

    var isEmpty: Bool { !isWithdrawn && addresses == nil && unsaved == nil && writes == 0 }

    /// What the disk shows of the message, as it is to be tried next.
    func applied(to stored: OutboxEntry) -> OutboxEntry {
        var entry = stored
        if var state = unsaved {
            state.isWithdrawn = stored.state?.isWithdrawn ?? false
            state.addresses = stored.state?.addresses ?? state.addresses
            entry.state = state
        }
        let addresses = addresses ?? entry.state?.addresses ?? []
        if !addresses.isEmpty { entry.message.readdress(addresses) }
        return entry
    }
}
