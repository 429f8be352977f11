import Engine
import Storage

/// The items of one request, and how far they are: what costs much is decided in parts, each with a commit of its own
/// and others' work between them, and answered after the last.
package struct Track: Sendable {
    package let items: [Item]
    package let tellsNearMisses: Bool
    /// Whether an item that cannot be taken leaves the others alone, as in a stream; else the request is refused whole.
    package let refusesItemsAlone: Bool
    /// Of the items that are decided, in order.
    private(set) var answers: [ItemAnswer] = []
    /// When the first part was taken: by that a client's clock is judged, however long the rest takes (14).
    private var begun: Instant?
    /// So many are on disk once what decided them is; the request cannot be refused whole any more.
    package private(set) var done = 0
    /// So many were decided in the last part: the next one has time for about as many.
    private var lastPart = 0
    /// So many users and ids of it were looked at before the first is decided.
    var looked = 0
    /// Whether it was found that it need not be refused whole.
    var isChecked = false
    /// For what its answer still has room.
    private var roomForDecisions: ReplyRoom
    private var roomForPresented: ReplyRoom

    package init(
        _ items: [Item],
        tellsNearMisses: Bool = false,
        answerBytes: Int = CoreLimits().answerBytes,
        refusesItemsAlone: Bool = false
    ) {
        self.items = items
        self.refusesItemsAlone = refusesItemsAlone
        self.tellsNearMisses = tellsNearMisses
        roomForDecisions = ReplyRoom(answerBytes)
        roomForPresented = ReplyRoom(answerBytes)
        answers.reserveCapacity(min(items.count, 64))
    }

    var isAnswered: Bool { answers.count == items.count }

    /// As it happened, where the client's clock is off.
    mutating func corrected(_ item: Item, now: Instant) -> Item {
        let begun = begun ?? now
        self.begun = begun
        return item.corrected(receivedAt: begun)
    }

    /// What the next part needs to know of: of the first all, since the request is refused whole or not at all (1.1.4,
    /// 1.1.7).
    package func next(_ most: Int) -> ArraySlice<Item> {
        done == 0 ? items[...] : items[done...].prefix(min(most, max(32, 2 * lastPart)))
    }

    /// Takes no more than there is room for; what has none is counted.
    mutating func add(_ decisions: [Decision], presented: Presented?) {
        let told = roomForDecisions.left > 0 ? Array(decisions.prefix { roomForDecisions.take($0.replySize) }) : []
        var answer = ItemAnswer(.accepted, .told(told, dropped: decisions.count - told.count), presented: presented)
        if let fields = presented?.fields, !roomForPresented.take(fields.replySize) {
            let cut = fields.cut(to: roomForPresented.left)
            _ = roomForPresented.take(cut.replySize)
            answer.presented?.fields = cut
            answer.isCut = true
        }
        answers.append(answer)
    }

    /// The same item again: what was decided then.
    mutating func add(repeated: ItemAnswer.Decisions) {
        var decisions = repeated
        if case .told(let all, _) = repeated {
            let told = Array(all.prefix { roomForDecisions.take($0.replySize) })
            decisions = .told(told, dropped: all.count - told.count)
        }
        answers.append(ItemAnswer(.duplicate, decisions))
    }

    /// Nothing is done of it.
    mutating func add(refused refusal: Refusal) {
        answers.append(ItemAnswer(.refused(refusal)))
    }

    /// A part ends here; it counts once it is on disk.
    mutating func endPart() {
        lastPart = answers.count - done
        done = answers.count
    }

    /// The items that are on disk have their answers, whatever becomes of the rest.
    func answers(refusingRest refusal: Refusal) -> [ItemAnswer] {
        answers.prefix(done) + items[done...].map { _ in ItemAnswer(.refused(refusal)) }
    }
}
