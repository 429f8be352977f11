import Core
import Engine
import Schema

extension UserState {
    /// What is known of the user, as one row after another.
    private enum Row {
        case attribute(Object.Member)
        case waiting(Wait)
        case queued(QueueEntry)
        case receipt(Receipt)

        var replySize: Int {
            switch self {
            case .attribute(let member): member.replySize
            // With the name of a campaign.
            case .waiting, .queued, .receipt: 512
            }
        }
    }

    private var rows: [Row] {
        profile.members.map(Row.attribute) + waits.map(Row.waiting) + queue.map(Row.queued)
            + receipts.filter(\.isCertain).map(Row.receipt)
    }

    func message(
        of user: UserID,
        from first: Int,
        _ campaigns: CampaignTable,
        in arena: Arena
    ) -> UnsafeMutablePointer<Triggerd__V1__User> {
        func name(_ number: CampaignNumber) -> UnsafeMutablePointer<CChar> {
            arena.text(campaigns.head(number)?.id ?? "")
        }
        let message = arena.make(triggerd__v1__user__init)
        var page = ReplyPage<Row>()
        let rows = rows
        for row in rows.dropFirst(first) {
            guard page.add(row, row.replySize) else { break }
        }
        message.pointee.user = arena.text(user)
        if let lastSession {
            message.pointee.last_session_case = TRIGGERD__V1__USER__LAST_SESSION_LAST_SESSION_MS
            message.pointee.last_session_ms = lastSession.milliseconds
        }
        let next = first + page.rows.count
        if next < rows.count { message.pointee.next_page = arena.text(String(next)) }
        var shown = Shown()
        for row in page.rows {
            switch row {
            case .attribute(let member): shown.profile.append(member)
            case .waiting(let wait): shown.waiting.append(wait.message(name(wait.version.number), in: arena))
            case .queued(let entry): shown.queue.append(entry.message(name(entry.wait.version.number), in: arena))
            case .receipt(let receipt): shown.receipts.append(receipt.message(name(receipt.campaign), in: arena))
            }
        }
        var profile = Object(shown.profile)
        if profile.replySize > ReplyRoom.bytes {
            profile = profile.cut(to: ReplyRoom.bytes)
            message.pointee.cut = 1
        }
        message.pointee.n_profile = profile.members.count
        message.pointee.profile = profile.entries(in: arena, as: Triggerd__V1__User__ProfileEntry.self)
        message.pointee.n_waiting = shown.waiting.count
        message.pointee.waiting = arena.array(shown.waiting)
        message.pointee.n_queue = shown.queue.count
        message.pointee.queue = arena.array(shown.queue)
        message.pointee.n_receipts = shown.receipts.count
        message.pointee.receipts = arena.array(shown.receipts)
        return message
    }

    /// The rows of a page, by what they are.
    private struct Shown {
        var profile: [Object.Member] = []
        var waiting: [UnsafeMutablePointer<Triggerd__V1__WaitingSend>] = []
        var queue: [UnsafeMutablePointer<Triggerd__V1__QueuedMessage>] = []
        var receipts: [UnsafeMutablePointer<Triggerd__V1__CampaignReceipt>] = []
    }
}

extension Wait {
    fileprivate func message(
        _ campaign: UnsafeMutablePointer<CChar>,
        in arena: Arena
    ) -> UnsafeMutablePointer<Triggerd__V1__WaitingSend> {
        let waiting = arena.make(triggerd__v1__waiting_send__init)
        waiting.pointee.send = send
        waiting.pointee.campaign = campaign
        waiting.pointee.version = version.version
        waiting.pointee.trigger_ms = trigger.milliseconds
        waiting.pointee.due_ms = due.milliseconds
        return waiting
    }
}

extension QueueEntry {
    fileprivate func message(
        _ campaign: UnsafeMutablePointer<CChar>,
        in arena: Arena
    ) -> UnsafeMutablePointer<Triggerd__V1__QueuedMessage> {
        let queued = arena.make(triggerd__v1__queued_message__init)
        queued.pointee.send = wait.send
        queued.pointee.campaign = campaign
        queued.pointee.channel = arena.text(channel)
        queued.pointee.available_ms = available.milliseconds
        if expires != .never {
            queued.pointee.expires_case = TRIGGERD__V1__QUEUED_MESSAGE__EXPIRES_EXPIRES_MS
            queued.pointee.expires_ms = expires.milliseconds
        }
        if let lease {
            queued.pointee.lease_case = TRIGGERD__V1__QUEUED_MESSAGE__LEASE_LEASED_UNTIL_MS
            queued.pointee.leased_until_ms = lease.ends.milliseconds
        }
        return queued
    }
}

extension Receipt {
    fileprivate func message(
        _ campaign: UnsafeMutablePointer<CChar>,
        in arena: Arena
    ) -> UnsafeMutablePointer<Triggerd__V1__CampaignReceipt> {
        let received = arena.make(triggerd__v1__campaign_receipt__init)
        received.pointee.campaign = campaign
        received.pointee.at_ms = at.milliseconds
        return received
    }
}
