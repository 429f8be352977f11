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

    /// Messages of one page, unless the request says otherwise, and at most.
    private static let pageSize = 100
    private static let largestPage = 1_000
    /// Messages looked at for one page: a filter that hardly anything passes goes on with the next page.
    private static let looksAt = 20_000
    /// What a page's payloads may take, in bytes: a reply is one frame of at most 4 MiB.
    private static let pageBytes = 1 << 20

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
            let limit = asked == 0 ? Self.pageSize : min(asked, Self.largestPage)
            let page = String(cString: request.pointee.page)
            guard let first = page.isEmpty ? 0 : UInt64(page) else {
                throw .invalid("page", "not a `next_page` of a reply")
            }
            readers.read(call) { arena in
                var after = first
                var found: [DeadLetter] = []
                var looked = 0
                var hasMore = true
                var bytes = 0
                while hasMore, found.count < limit, bytes < Self.pageBytes, looked < Self.looksAt {
                    let read = try store.deadLetters(after: after, limit: Self.largestPage)
                    hasMore = read.count == Self.largestPage
                    for letter in read {
                        after = letter.message.number
                        looked += 1
                        guard campaign.isEmpty || letter.message.campaign == campaign,
                            channel.isEmpty || letter.message.channel == channel,
                            user.isEmpty || letter.message.user == user
                        else { continue }
                        found.append(letter)
                        bytes += letter.message.fields.members.reduce(200) { $0 + $1.value.size }
                        if found.count == limit || bytes >= Self.pageBytes {
                            hasMore = true
                            break
                        }
                    }
                }
                let reply = arena.make(triggerd__v1__list_failed_reply__init)
                reply.pointee.n_messages = found.count
                reply.pointee.messages = arena.array(found.map { $0.reply(in: arena) })
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
                .redrive(ids) { result, arena in
                    switch result {
                    case .failure(let refusal): return (call, .failure(refusal.status))
                    case .success(let answers):
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
                        return arena.answer(call, reply)
                    }
                }
            )
        }
    }
}

extension Value {
    /// About what it takes in a reply, in bytes.
    fileprivate var size: Int {
        switch self {
        case .null, .boolean, .integer, .decimal: 16
        case .string(let text): text.utf8.count + 16
        case .array(let elements): elements.reduce(16) { $0 + $1.size }
        case .object(let object): object.members.reduce(16) { $0 + $1.name.utf8.count + $1.value.size }
        }
    }

    /// The value, with long texts cut: of a message that alone would not fit into a reply.
    fileprivate var shortened: Value {
        switch self {
        case .string(let text) where text.utf8.count > 65_536: .string(String(text.string.prefix(16_384)) + " ...")
        case .array(let elements): .array(elements.prefix(100).map(\.shortened))
        case .object(let object):
            .object(Object(object.members.prefix(100).map { Object.Member($0.name, $0.value.shortened) }))
        case .null, .boolean, .integer, .decimal, .string: self
        }
    }
}

extension DeadLetter {
    /// A payload beyond this is shown shortened; what is sent again is whole.
    private static let largestPayload = 2 << 20

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
        if fields.members.reduce(0, { $0 + $1.value.size }) > Self.largestPayload {
            fields = Object(fields.members.map { Object.Member($0.name, $0.value.shortened) })
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
