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
        /// With near misses between.
        case told([Decision])
        /// In the store, since the first answer.
        case store(ItemReceipt)
    }

    private var entries: [(user: UserID, entry: Entry)] = []
    private var looks = Self.mostLooks

    init(capacity: Int) {
        entries.reserveCapacity(capacity)
    }

    /// `told`: instead of the decisions of that range of the batch.
    mutating func add(_ user: UserID, decisions: Range<Int>, told: [Decision]?, presented: Presented?) {
        let decisions = told.map(Decisions.told) ?? .batch(decisions.lowerBound, count: decisions.count)
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
    mutating func add(_ user: UserID, damaged why: String) {
        let text = Status.damaged(why.cut(to: Self.longestReason)).message
        entries.append((user, Entry(result: .damaged(text), presented: nil, decisions: .told([]))))
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
            case .told(let decisions):
                answers[index].decisions = Array(decisions.prefix { room.take($0.replySize) })
                answers[index].dropped = decisions.count - answers[index].decisions.count
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
    private static let longestReason = 200
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
        if case .damaged(let why) = self { why.utf8.count + 8 } else { 0 }
    }
}

extension Presented {
    fileprivate var sizeWithoutFields: Int { replySize - fields.replySize }
}
