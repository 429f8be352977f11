import Engine

/// The items of one request, and how far they are: what costs much is decided in parts, each with a commit of its own
/// and others' work between them, and answered after the last. Only the engine's thread looks at it once it waits in
/// the queue.
final class TrackWork: @unchecked Sendable {
    let items: [Item]
    let tellsNearMisses: Bool
    let reply: Reply<[ItemAnswer]>
    var answers: TrackAnswers
    /// When the first part was taken: by that a client's clock is judged, however long the rest takes (14).
    private var begun: Instant?
    /// So many are on disk; the request cannot be refused any more.
    private(set) var done = 0
    /// So many were decided in the last part: the next one has time for about as many.
    private var lastPart = 0

    init(_ items: [Item], tellsNearMisses: Bool, _ reply: @escaping Reply<[ItemAnswer]>) {
        self.items = items
        self.tellsNearMisses = tellsNearMisses
        self.reply = reply
        answers = TrackAnswers(capacity: items.count)
    }

    /// Whether nothing is left to do but to answer.
    var isAnswered: Bool { isRefused || answers.count == items.count }
    /// Whether the request is refused whole.
    var isRefused = false

    /// As it happened, where the client's clock is off.
    func corrected(_ item: Item, now: Instant) -> Item {
        let begun = begun ?? now
        self.begun = begun
        return item.corrected(receivedAt: begun)
    }

    /// What the next part needs to know of: of the first all, since the request is refused whole or not at all (1.1.4,
    /// 1.1.7).
    func next(_ most: Int) -> ArraySlice<Item> {
        done == 0 ? items[...] : items[done...].prefix(min(most, max(32, 2 * lastPart)))
    }

    /// A part ends here.
    func keep(_ batch: Batch) {
        answers.keep(batch, from: done)
    }

    /// What was decided is on disk.
    func isOnDisk() {
        lastPart = answers.count - done
        done = answers.count
    }

    /// What was decided since the last part is not on disk: the items that are get their answers all the same.
    func refusal(_ refusal: Refusal) -> Result<[ItemAnswer], Refusal> {
        guard done > 0 else { return .failure(refusal) }
        answers.drop(after: done)
        for item in items[done...] { answers.add(item.user, refused: refusal) }
        return .success(answers.read())
    }
}
