import Core
import DequeModule
import Engine
import RPC
import Storage

/// One `Events/Stream` under way: items in, gathered into works of the engine's; their results out, in their order.
///
/// It belongs to its connection's event loop. One work is under way; what comes meanwhile is gathered, up to a window.
final class EventStream: @unchecked Sendable {
    /// An item, or why it is none.
    struct Entry: Sendable {
        let item: Result<Item, Status>
        let id: Text
        let tellsNearMisses: Bool

        fileprivate var bytes: Int {
            guard case .success(let item) = item else { return WireLimits.itemReason }
            return item.memory
        }
    }

    private let stream: ServerStream
    private let service: EventsService

    private var gathered = Deque<Entry>()
    private var gatheredBytes = 0
    private var isWorking = false
    private var isDecoding = false
    private var hasRoom = true
    /// Set once nothing more comes: how the stream ends when everything has its result; nil in it: well.
    private var ending: Status??
    /// Of the first that has no result yet.
    private var place: UInt64 = 0

    init(_ stream: ServerStream, _ service: EventsService) {
        self.stream = stream
        self.service = service
    }

    func begin() {
        stream.receive { [self] inbound in
            switch inbound {
            case .message(let message): take(message)
            case .end: end(nil)
            case .drain: end(Refusal.draining.status)
            }
        }
        stream.onRoom { [self] in
            hasRoom = true
            goOn()
        }
    }

    private func end(_ status: Status?) {
        // The first counts: behind a message that does not decode nothing is looked at.
        if ending == nil { ending = .some(status) }
        goOn()
    }

    // MARK: In

    private func take(_ message: Payload) {
        let size = message.readableBytes
        guard size > service.limits.bytesDecodedAtOnce else { return add(service.entries(message)) }
        isDecoding = true
        stream.pause()
        let refusal = service.decoders.decode(stream.call, bytes: size) { [self] in
            let read = service.entries(message)
            stream.onLoop { [self] in
                isDecoding = false
                add(read)
            }
        }
        if let refusal { stream.fail(refusal.status) }
    }

    private func add(_ read: Result<[Entry], Status>) {
        switch read {
        case .failure(let status): end(status)
        case .success(let entries):
            for entry in entries {
                gathered.append(entry)
                gatheredBytes += entry.bytes
            }
            goOn()
        }
    }

    /// Does what there is to do, and takes in what comes while there is room for it.
    private func goOn() {
        work()
        let isFull = gathered.count >= WireLimits.streamWindow || gatheredBytes >= WireLimits.streamWindowBytes
        if isFull || isDecoding || ending != nil { stream.pause() } else { stream.resume() }
        guard case .some(let status) = ending, gathered.isEmpty, !isWorking, !isDecoding else { return }  // More to do.
        if let status { stream.fail(status) } else { stream.finish() }
    }

    // MARK: Out

    private func work() {
        guard !isWorking, hasRoom, let first = gathered.first else { return }  // Whatever ends one comes back here.
        isWorking = true
        let entries = Array(
            gathered.prefix(WireLimits.streamWork).prefix { $0.tellsNearMisses == first.tellsNearMisses }
        )
        let items = entries.compactMap { try? $0.item.get() }
        let bytes = entries.reduce(0) { $0 + $1.bytes }
        guard !items.isEmpty else {
            remove(entries.count, bytes)
            return give(replies(entries, .tracked([])), entries.count)
        }
        let track = Track(
            items,
            tellsNearMisses: first.tellsNearMisses,
            answerBytes: service.limits.core.answerBytes,
            refusesItemsAlone: true
        )
        let refusal = service.queue.put(.track(track), bytes: bytes, for: stream) { [self] answer in
            told(entries, answer)
        }
        switch refusal {
        case nil: remove(entries.count, bytes)
        case .full:
            // A stream waits, as before a full socket.
            stream.onLoop(after: WireLimits.streamPause) { [self] in
                isWorking = false
                goOn()
            }
        case .some(let refusal): stream.fail(refusal.status)
        }
    }

    private func remove(_ count: Int, _ bytes: Int) {
        gathered.removeFirst(count)
        gatheredBytes -= bytes
    }

    /// On the engine's thread.
    private func told(_ entries: [Entry], _ answer: Answer) {
        if answer.takesLong(more: service.limits.bytesDecodedAtOnce) {
            service.readers.run { [self] in
                let replies = replies(entries, answer)
                stream.onLoop { [self] in give(replies, entries.count) }
            }
        } else {
            stream.onLoop { [self] in give(replies(entries, answer), entries.count) }
        }
    }

    private func replies(_ entries: [Entry], _ answer: Answer) -> Result<[Payload], Status> {
        // Nothing changes it while a work is under way.
        service.replies(entries, answer, first: place)
    }

    private func give(_ replies: Result<[Payload], Status>, _ count: Int) {
        switch replies {
        case .failure(let status): stream.fail(status)
        case .success(let payloads):
            for payload in payloads { hasRoom = stream.send(payload) }
            place += UInt64(count)
            isWorking = false
            goOn()
        }
    }
}
