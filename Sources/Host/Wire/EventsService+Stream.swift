import Core
import Engine
import RPC
import Schema
import Storage

/// What `Events/Stream` reads and writes.
extension EventsService {
    func stream(_ stream: ServerStream, _: Request) {
        EventStream(stream, self).begin()
    }

    /// The items of a message, each by itself: one that is wrong is refused alone.
    func entries(_ message: Payload) -> Result<[EventStream.Entry], Status> {
        Result { () throws(Status) in
            try Request(payload: message).withBytes { bytes throws(Status) in
                try Arena.use { arena throws(Status) in try entries(bytes, arena) }
            }
        }
    }

    private func entries(_ bytes: UnsafeRawBufferPointer, _ arena: Arena) throws(Status) -> [EventStream.Entry] {
        let (elements, request) = try takeApart(bytes, arena)
        let sentAt = try Self.sentAt(request.pointee)
        let tellsNearMisses = request.pointee.near_misses != 0
        return elements.enumerated().map { index, element in
            Arena.use { arena in
                do throws(Status) {
                    var item = try Self.item(element, at: index, arena)
                    item.sentAt = sentAt
                    return EventStream.Entry(
                        item: .success(item),
                        id: item.id ?? "",
                        tellsNearMisses: tellsNearMisses
                    )
                } catch {
                    let id =
                        (try? arena.unpack(Triggerd__V1__Item.self, schema_item(), UnsafeRawBufferPointer(element)))
                        .map { Text(cString: $0.pointee.id) } ?? ""
                    return EventStream.Entry(
                        item: .failure(error),
                        id: id.utf8.count <= Item.longestID ? id : "",
                        tellsNearMisses: tellsNearMisses
                    )
                }
            }
        }
    }

    /// The results of entries, of which `answer` tells of those that are items.
    func replies(_ entries: [EventStream.Entry], _ answer: Answer, first: UInt64) -> Result<[Payload], Status> {
        var answers: ArraySlice<ItemAnswer>
        switch answer {
        case .tracked(let all): answers = all[...]
        case .refused(let refusal): answers = entries.map { _ in ItemAnswer(.refused(refusal)) }[...]
        default: answer.isUnexpected(of: "Stream")
        }
        var payloads: [Payload] = []
        do {
            for start in stride(from: 0, to: entries.count, by: WireLimits.streamResults) {
                let part = entries[start..<min(start + WireLimits.streamResults, entries.count)]
                let own = part.map { entry in
                    // What is no item has its own reason, below.
                    if case .failure = entry.item { ItemAnswer(.refused(.full)) } else { answers.removeFirst() }
                }
                payloads.append(try reply(part, own, first: first + UInt64(start)))
            }
        } catch {
            return .failure(Status(.unavailable, "the store cannot be read: \(error)"))
        }
        return .success(payloads)
    }

    private func reply(
        _ entries: ArraySlice<EventStream.Entry>,
        _ answers: [ItemAnswer],
        first: UInt64
    ) throws(StoreError) -> Payload {
        let rows = try TrackReply(answers, idBytes: entries.reduce(0) { $0 + $1.id.utf8.count }, store.decision).rows
        return Arena.use { arena in
            let reply = arena.make(triggerd__v1__stream_reply__init)
            reply.pointee.first = first
            reply.pointee.n_items = rows.count
            reply.pointee.items = arena.array(
                zip(rows, entries).map { row, entry in
                    var row = row
                    if case .failure(let status) = entry.item { row.refusal = status }
                    row.refusal = row.refusal.map { status in
                        Status(status.code, status.message.ofOneItem.cut(to: WireLimits.itemReason))
                    }
                    let message = row.message(in: arena)
                    message.pointee.id = arena.text(entry.id)
                    return message
                }
            )
            return arena.payload(reply)
        }
    }
}

extension String {
    /// Without the place in a work of ours: in a stream a result stands at its item's place.
    fileprivate var ofOneItem: String {
        guard hasPrefix("items["), let end = firstIndex(of: "]") else { return self }
        return String(self[index(after: end)...].drop { $0 == "." || $0 == ":" || $0 == " " })
    }
}
