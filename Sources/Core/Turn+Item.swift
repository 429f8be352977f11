import Engine

extension Turn {
    /// What a client told, received at the turn's instant: attributes, then the event (1.1.7).
    mutating func handle(_ item: Item) {
        let time = item.time ?? now
        set(item.set, at: time, isHistory: item.isHistory)
        guard let occurred = item.occurred else { return }  // It only sets.
        var event = Event(
            type: occurred.type,
            subject: occurred.subject,
            user: item.user,
            time: time,
            receivedAt: now,
            properties: occurred.properties
        )
        event.isHistory = item.isHistory
        handle(event, device: item.device)
    }
}
