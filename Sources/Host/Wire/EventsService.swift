import Core
import Engine
import RPC
import Schema
import Storage

/// `triggerd.v1.Events`: what users did. The reply comes after every change is on disk.
struct EventsService {
    let queue: WorkQueue
    let decoders: Decoders
    let readers: Readers
    let store: any Store
    let limits: HostLimits

    var service: Service {
        Service(
            "triggerd.v1.Events",
            methods: ["Track": { self.track($0, $1) }],
            streams: ["Stream": .bidirectional(surplus: .waits) { self.stream($0, $1) }]
        )
    }

    private func track(_ call: Call, _ asked: Request) {
        // Before anything is made of it: a flood costs no more than this.
        if let refusal = queue.refusal(for: call) { return call.fail(refusal.status) }
        let size = asked.payload.readableBytes
        guard size > limits.bytesDecodedAtOnce else { return decode(call, asked) }
        if let refusal = decoders.decode(call, bytes: size, { decode(call, asked) }) { call.fail(refusal.status) }
    }

    private func decode(_ call: Call, _ asked: Request) {
        do throws(Status) {
            let (items, tellsNearMisses) = try asked.withBytes { bytes throws(Status) -> ([Item], Bool) in
                try Arena.use { arena throws(Status) -> ([Item], Bool) in try read(bytes, arena) }
            }
            let memory = items.reduce(0) { $0 + $1.memory }
            call.ask(
                queue,
                .track(Track(items, tellsNearMisses: tellsNearMisses, answerBytes: limits.core.answerBytes)),
                bytes: memory
            ) { [store] answer, arena in
                guard case .tracked(let answers) = answer else { answer.isUnexpected(of: "Track") }
                let rows = try TrackReply(answers, store.decision).rows
                let reply = arena.make(triggerd__v1__track_reply__init)
                reply.pointee.n_items = rows.count
                reply.pointee.items = arena.array(rows.map { $0.message(in: arena) })
                return arena.payload(reply)
            }
        } catch {
            call.fail(error)
        }
    }

    /// Unpacked one by one, so that a request takes no more memory for that than its largest item.
    private func read(_ bytes: UnsafeRawBufferPointer, _ arena: Arena) throws(Status) -> ([Item], Bool) {
        let (elements, request) = try takeApart(bytes, arena)
        guard !elements.isEmpty else { throw .invalid("items", "there are none") }
        var items: [Item] = []
        items.reserveCapacity(elements.count)
        let sentAt = try Self.sentAt(request.pointee)
        for (index, element) in elements.enumerated() {
            var item = try Arena.use { arena throws(Status) in try Self.item(element, at: index, arena) }
            item.sentAt = sentAt
            items.append(item)
        }
        return (items, request.pointee.near_misses != 0)
    }

    /// A stream's messages are the same, under another name.
    func takeApart(
        _ bytes: UnsafeRawBufferPointer,
        _ arena: Arena
    ) throws(Status) -> (UnsafeBufferPointer<schema_span>, UnsafePointer<Triggerd__V1__TrackRequest>) {
        do throws(PayloadError) {
            let (elements, rest) = try arena.takeApart(bytes, Self.itemsField, most: limits.itemsPerRequest)
            return (elements, try arena.unpack(Triggerd__V1__TrackRequest.self, schema_track_request(), rest))
        } catch {
            guard error.hasTooManyFields else { throw error.status }
            throw .invalid("items", "more than the \(limits.itemsPerRequest) that one request may hold")
        }
    }

    /// 14: by the clock that the items' times are by.
    static func sentAt(_ request: Triggerd__V1__TrackRequest) throws(Status) -> Instant? {
        guard request.sent_case == TRIGGERD__V1__TRACK_REQUEST__SENT_SENT_AT_MS else { return nil }
        do throws(ItemProblem) {
            return try Item.instant(request.sent_at_ms, "sent_at_ms")
        } catch {
            throw .invalid(error.field, error.why)
        }
    }

    /// The number of `TrackRequest.items`.
    private static let itemsField: UInt32 = 1

    static func item(_ element: schema_span, at index: Int, _ arena: Arena) throws(Status) -> Item {
        let message: UnsafePointer<Triggerd__V1__Item>
        do throws(PayloadError) {
            message = try arena.unpack(
                Triggerd__V1__Item.self,
                schema_item(),
                UnsafeRawBufferPointer(element),
                mostFields: ItemLimits.fields
            )
        } catch {
            throw Status(.invalidArgument, "items[\(index)]: error unmarshalling payload: \(error.text)")
        }
        do throws(ItemProblem) {
            return try Item(message)
        } catch {
            let text = "items[\(index)].\(error.field): \(error.why)"
            throw Status(.invalidArgument, text.cut(to: WireLimits.itemProblem))
        }
    }
}

extension TrackReply.Row {
    func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__ItemReply> {
        let message = arena.make(triggerd__v1__item_reply__init)
        switch result {
        case .accepted: message.pointee.result = TRIGGERD__V1__ITEM_REPLY__RESULT__ACCEPTED
        case .duplicate: message.pointee.result = TRIGGERD__V1__ITEM_REPLY__RESULT__DUPLICATE
        case .refused: message.pointee.result = TRIGGERD__V1__ITEM_REPLY__RESULT__REFUSED
        }
        if let refusal {
            message.pointee.code = UInt32(refusal.code.rawValue)
            message.pointee.why = arena.text(refusal.message)
        }
        message.pointee.n_decisions = decisions.count
        message.pointee.decisions = arena.array(decisions.map { $0.message(in: arena) })
        message.pointee.decisions_dropped = UInt32(clamping: dropped)
        if let presented { message.pointee.message = presented.message(in: arena, isCut: isCut) }
        return message
    }
}
