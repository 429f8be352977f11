import Core
import Engine
import RPC
import Storage

/// What is answered to the items of one request. It is one frame, whatever was decided: every item's result has its
/// place, then what is presented, then decisions in the order of the items. A request that was taken is never answered
/// as refused, so what has no room is left out, and counted.
struct TrackReply {
    struct Row {
        var result: ItemAnswer.Result
        var decisions: [Decision] = []
        /// Decisions for which there is no room.
        var dropped = 0
        var presented: Presented?
        var isCut: Bool
        /// Why it was refused.
        var refusal: Status?
    }

    private(set) var rows: [Row]
    private var room = ReplyRoom()
    private var looks = WireLimits.decisionLooks

    /// `idBytes`: what its items' ids take. `stored`: reads a decision beside the writer. Numbers that were looked for in vain cost, too.
    init(
        _ answers: [ItemAnswer],
        idBytes: Int = 0,
        _ stored: (UInt64) throws(StoreError) -> StoredDecision?
    ) throws(StoreError) {
        _ = room.take(idBytes)
        rows = answers.map { answer in
            var row = Row(result: answer.result, presented: answer.presented, isCut: answer.isCut)
            if case .refused(let refusal) = answer.result {
                row.refusal = refusal.status
                row.refusal?.message = refusal.status.message.cut(to: WireLimits.itemReason)
            }
            return row
        }
        for row in rows {
            let presented = row.presented.map { $0.replySize - $0.fields.replySize } ?? 0
            _ = room.take(Self.itemBytes + (row.refusal?.message.utf8.count ?? 0) + presented)
        }
        for index in rows.indices {
            // Nothing is presented, or it fits as it is.
            guard let fields = rows[index].presented?.fields, !room.take(fields.replySize) else { continue }
            let cut = fields.cut(to: room.left)
            _ = room.take(cut.replySize)
            rows[index].presented?.fields = cut
            rows[index].isCut = true
        }
        for (index, answer) in answers.enumerated() {
            switch answer.decisions {
            case .told(let decisions, let dropped):
                rows[index].decisions = Array(decisions.prefix { room.take($0.replySize) })
                rows[index].dropped = dropped + decisions.count - rows[index].decisions.count
            case .stored(let user, let receipt):
                rows[index].decisions = try read(receipt, of: user, stored)
                rows[index].dropped = Int(receipt.decisionCount) - rows[index].decisions.count
            }
        }
    }

    /// What an item's result takes, with the counts beside it.
    private static let itemBytes = 40

    private mutating func read(
        _ receipt: ItemReceipt,
        of user: UserID,
        _ stored: (UInt64) throws(StoreError) -> StoredDecision?
    ) throws(StoreError) -> [Decision] {
        var decisions: [Decision] = []
        var sequence = receipt.firstDecision
        let end = sequence + UInt64(receipt.decisionCount + 1) * WireLimits.numbersPerDecision
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
        if decisions.count < receipt.decisionCount, room.left < WireLimits.leastDecision { looks = 0 }
        return decisions
    }
}
