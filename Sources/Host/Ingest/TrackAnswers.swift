import Engine
import RPC
import Storage

/// What is answered to the items of one request. It is one frame, whatever was decided: every item's result has its
/// place, then what is presented, then decisions in the order of the items. A request that was taken is never answered
/// as refused, so what has no room is left out, and counted.
struct TrackAnswers {
    private struct Entry {
        var result: ItemAnswer.Result
        var presented: Presented?
        var decisions: Decisions
    }

    /// Where the decisions of an item are.
    private enum Decisions {
        /// In this batch, from that place on.
        case batch(Int, count: Int)
        /// With near misses between, or of a part that is done; and how many more there were.
        case told([Decision], dropped: Int)
        /// In the store, since the first answer.
        case store(ItemReceipt)
    }

    private var entries: [(user: UserID, entry: Entry)] = []
    private var looks = Self.mostLooks
    /// Of decisions that are kept of parts that are done: more than a reply holds need not be.
    private var kept = ReplyRoom()

    init(capacity: Int) {
        entries.reserveCapacity(capacity)
    }

    var count: Int { entries.count }

    /// `told`: instead of the decisions of that range of the batch.
    mutating func add(_ user: UserID, decisions: Range<Int>, told: [Decision]?, presented: Presented?) {
        let decisions: Decisions =
            told.map { .told($0, dropped: 0) } ?? .batch(decisions.lowerBound, count: decisions.count)
        entries.append((user, Entry(result: .accepted, presented: presented, decisions: decisions)))
    }

    /// The same item again: the first answer was given in this batch, or before.
    mutating func add(_ user: UserID, repeated receipt: ItemReceipt, in batch: Batch?) {
        let decisions: Decisions =
            if let batch {
                .batch(batch.index(ofDecision: receipt.firstDecision), count: Int(receipt.decisionCount))
            } else {
                .store(receipt)
            }
        entries.append((user, Entry(result: .duplicate, presented: nil, decisions: decisions)))
    }

    /// Nothing was done of it.
    mutating func add(_ user: UserID, refused refusal: Refusal) {
        let status = refusal.status
        let result = ItemAnswer.Result.refused(status.code, status.message.cut(to: Self.longestReason))
        entries.append((user, Entry(result: result, presented: nil, decisions: .told([], dropped: 0))))
    }

    /// The part that begins with that item ends: its decisions are taken out of its batch.
    mutating func keep(_ batch: Batch, from first: Int) {
        for index in first..<entries.count {
            let decisions: [Decision]
            switch entries[index].entry.decisions {
            case .batch(let first, let count): decisions = (first..<(first + count)).map { batch.decision(at: $0) }
            case .told(let told, _): decisions = told
            case .store: continue
            }
            let fitting = Array(decisions.prefix { kept.take($0.replySize) })
            entries[index].entry.decisions = .told(fitting, dropped: decisions.count - fitting.count)
        }
    }

    /// Those after that many are not on disk.
    mutating func drop(after count: Int) {
        entries.removeSubrange(count...)
    }

    /// Of parts that are done.
    mutating func read() -> [ItemAnswer] {
        do {
            return try read(Batch()) { _ throws(StoreError) in nil }
        } catch {
            preconditionFailure("nothing was read from the store: \(error)")
        }
    }

    /// Reads what has room. Numbers that were looked for in vain cost, too.
    mutating func read(
        _ batch: Batch,
        _ stored: (UInt64) throws(StoreError) -> StoredDecision?
    ) throws(StoreError) -> [ItemAnswer] {
        var room = ReplyRoom()
        var answers = entries.map { (_, entry) in
            _ = room.take(Self.itemBytes + entry.result.size + (entry.presented?.sizeWithoutFields ?? 0))
            return ItemAnswer(result: entry.result, decisions: [], presented: entry.presented)
        }
        for index in answers.indices {
            guard let fields = answers[index].presented?.fields, !room.take(fields.replySize) else { continue }
            let cut = fields.cut(to: room.left)
            _ = room.take(cut.replySize)
            answers[index].presented?.fields = cut
            answers[index].isCut = true
        }
        for (index, (user, entry)) in entries.enumerated() {
            switch entry.decisions {
            case .batch(let first, let count):
                for place in first..<(first + count) {
                    let decision = batch.decision(at: place)
                    guard room.take(decision.replySize) else { break }
                    answers[index].decisions.append(decision)
                }
                answers[index].dropped = count - answers[index].decisions.count
            case .told(let decisions, let dropped):
                answers[index].decisions = Array(decisions.prefix { room.take($0.replySize) })
                answers[index].dropped = dropped + decisions.count - answers[index].decisions.count
            case .store(let receipt):
                let decisions = try read(receipt, of: user, &room, stored)
                answers[index].decisions = decisions
                answers[index].dropped = Int(receipt.decisionCount) - decisions.count
            }
        }
        return answers
    }

    /// What an item's result takes, with the counts beside it.
    private static let itemBytes = 32
    /// Of why an item was refused; an id is quoted in it. The longest of a request of 10,000 items fit a reply.
    private static let longestReason = 300
    /// Between the decisions of one item stand the numbers of its leases and claims, and none of another user's; more
    /// than any decision is followed by.
    private static let numbersPerDecision: UInt64 = 32
    /// Numbers looked for in the store for one request, at some microseconds each.
    private static let mostLooks = 100_000

    private mutating func read(
        _ receipt: ItemReceipt,
        of user: UserID,
        _ room: inout ReplyRoom,
        _ stored: (UInt64) throws(StoreError) -> StoredDecision?
    ) throws(StoreError) -> [Decision] {
        var decisions: [Decision] = []
        var sequence = receipt.firstDecision
        let end = sequence + UInt64(receipt.decisionCount + 1) * Self.numbersPerDecision
        while decisions.count < receipt.decisionCount, sequence < end, looks > 0 {
            looks -= 1
            do throws(StoreError) {
                if let stored = try stored(sequence), stored.decision.user == user {
                    guard room.take(stored.decision.replySize) else { break }
                    decisions.append(stored.decision)
                }
            } catch {
                guard error.isDamage else { throw error }
                // The answer lacks this one: the item is a repeated one all the same.
            }
            sequence += 1
        }
        // Once there is no room nothing more is read.
        if decisions.count < receipt.decisionCount, room.left < Self.leastDecision { looks = 0 }
        return decisions
    }

    private static let leastDecision = 1_024
}

extension ItemAnswer.Result {
    fileprivate var size: Int {
        if case .refused(_, let why) = self { why.utf8.count + 8 } else { 0 }
    }
}

extension Presented {
    fileprivate var sizeWithoutFields: Int { replySize - fields.replySize }
}
