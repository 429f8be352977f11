import Core
import Engine
import RPC
import Schema
import Storage

/// `triggerd.v1.Outbox`: messages that no provider took, and sending them after all.
struct OutboxService {
    let queue: WorkQueue
    let store: any Store
    let readers: Readers
    let limits: HostLimits

    var service: Service {
        Service(
            "triggerd.v1.Outbox",
            methods: ["ListFailed": { self.listFailed($0, $1) }, "Redrive": { self.redrive($0, $1) }]
        )
    }

    private func listFailed(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__ListFailedRequest.self, schema_list_failed_request()) {
            request,
            _ throws(Status) in
            let campaign = Text(cString: request.pointee.campaign)
            let channel = String(cString: request.pointee.channel)
            let user = Text(cString: request.pointee.user)
            let asked = Int(request.pointee.limit)
            let limit = asked == 0 ? WireLimits.rowsOfPage : min(asked, WireLimits.mostRowsOfPage)
            let first = try request.pointee.page.asPage() ?? 0
            readers.read(call) { arena in
                var after = first
                var found = ReplyPage<DeadLetter>(limit: limit)
                var looked = 0
                var hasMore = true
                reading: while hasMore, !found.isFull, looked < WireLimits.looksForPage, call.isAwaited {
                    let read = try store.deadLetters(after: after, limit: WireLimits.messagesRead)
                    for letter in read {
                        let isMeant =
                            (campaign.isEmpty || letter.message.campaign == campaign)
                            && (channel.isEmpty || letter.message.channel == channel)
                            && (user.isEmpty || letter.message.user == user)
                        if isMeant, !found.add(letter, letter.replySize) { break reading }
                        after = letter.message.number
                        looked += 1
                    }
                    hasMore = read.count == WireLimits.messagesRead
                }
                let reply = arena.make(triggerd__v1__list_failed_reply__init)
                reply.pointee.n_messages = found.rows.count
                reply.pointee.messages = arena.array(found.rows.map { $0.reply(in: arena) })
                if hasMore { reply.pointee.next_page = arena.text(String(after)) }
                return arena.answer(call, reply)
            }
        }
    }

    private func redrive(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__RedriveRequest.self, schema_redrive_request()) {
            request,
            _ throws(Status) in
            let ids = Array(UnsafeBufferPointer(start: request.pointee.ids, count: request.pointee.n_ids))
            guard (1...limits.redrivesPerRequest).contains(ids.count) else {
                throw .invalid("ids", "\(ids.count) are not within 1 and \(limits.redrivesPerRequest)")
            }
            call.ask(
                queue,
                .redrive(ids)
            ) { answer, arena in
                guard case .redriven(let answers) = answer else { answer.isUnexpected(of: "Redrive") }
                let reply = arena.make(triggerd__v1__redrive_reply__init)
                reply.pointee.n_results = answers.count
                reply.pointee.results = arena.array(
                    answers.map { answer in
                        let message = arena.make(triggerd__v1__redrive_result__init)
                        message.pointee.id = answer.number
                        message.pointee.redriven = answer.refusal == nil ? 1 : 0
                        message.pointee.reason = arena.text(answer.refusal ?? "")
                        return message
                    }
                )
                return arena.payload(reply)
            }
        }
    }
}

extension DeadLetter {
    fileprivate var replySize: Int { sizeWithoutFields + message.fields.replySize }

    private var sizeWithoutFields: Int {
        256 + message.key.utf8.count + message.user.utf8.count + message.campaign.utf8.count
            + message.channel.utf8.count + reason.utf8.count
            + message.addresses.reduce(0) { $0 + 8 + $1.utf8.count }
    }

    fileprivate func reply(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__FailedMessage> {
        let reply = arena.make(triggerd__v1__failed_message__init)
        reply.pointee.id = message.number
        reply.pointee.key = arena.text(message.key)
        reply.pointee.user = arena.text(message.user)
        reply.pointee.campaign = arena.text(message.campaign)
        reply.pointee.channel = arena.text(message.channel)
        reply.pointee.n_addresses = message.addresses.count
        reply.pointee.addresses = arena.texts(message.addresses.map(\.string))
        var fields = message.fields
        if replySize > ReplyRoom.bytes {
            // What is sent again is whole.
            fields = fields.cut(to: ReplyRoom.bytes - sizeWithoutFields)
            reply.pointee.cut = 1
        }
        reply.pointee.n_fields = fields.members.count
        reply.pointee.fields = fields.entries(in: arena, as: Triggerd__V1__FailedMessage__FieldsEntry.self)
        reply.pointee.decision = arena.text(code.rawValue)
        reply.pointee.reason = arena.text(reason)
        reply.pointee.attempts = attempts
        reply.pointee.claimed_at_ms = message.claimedAt.milliseconds
        reply.pointee.failed_at_ms = failedAt.milliseconds
        return reply
    }
}
