import Core
import Engine
import RPC
import Schema
import Storage
import Synchronization

/// One `Decisions/Watch` under way. It reads from the store whatever lies behind its position, a message at a time and
/// as fast as its client takes them, and then waits to be told that there is more. It belongs to its connection's event
/// loop.
final class DecisionWatch: @unchecked Sendable {
    struct Filter: Sendable {
        /// Each nil: any.
        var user: UserID?
        var campaign: Text?
        var code: Decision.Code?

        func passes(_ decision: Decision) -> Bool {
            (user == nil || decision.user == user) && (campaign == nil || decision.campaign == campaign)
                && (code == nil || decision.code == code)
        }
    }

    private struct Page {
        var decisions: [Decision]
        var position: UInt64
        var isLast: Bool
    }

    private let stream: ServerStream
    private let service: DecisionsService
    private let filter: Filter
    /// Everything up to it was told, or passed over.
    private var position: UInt64
    private var isReading = false
    private var hasRoom = true
    /// Whether there may be more than was read.
    private var hasNews = true
    /// Whether the client knows a position yet.
    private var isTold = false
    /// What was said meanwhile: that there is more, from behind that number on; the greatest where nothing was said.
    private let news = Atomic(UInt64.max)

    init(_ stream: ServerStream, _ service: DecisionsService, _ filter: Filter, after position: UInt64) {
        (self.stream, self.service, self.filter, self.position) = (stream, service, filter, position)
    }

    func begin() {
        guard let watcher = service.feed.watch(filter.user, { [self] in tell($0) }) else {
            return stream.fail(Refusal.tooMuch("\(HostLimits.watchers) watch already").status)
        }
        stream.onEnd { [service, filter] in service.feed.leave(watcher, filter.user) }
        stream.onRoom { [self] in
            hasRoom = true
            goOn()
        }
        goOn()
    }

    /// On the engine's thread, for every commit that concerns it: one turn of the loop for many.
    private func tell(_ decisions: [StoredDecision]) {
        guard let first = decisions.first else { return }  // A session, which is no decision.
        // What was said before, and is not heard yet, reaches further back.
        let (isFirst, _) = news.compareExchange(
            expected: .max,
            desired: first.decision.sequence - 1,
            ordering: .acquiringAndReleasing
        )
        if isFirst { stream.onLoop { [self] in hear() } }
    }

    private func hear() {
        let behind = news.exchange(.max, ordering: .acquiringAndReleasing)
        // Between what was read and this, nothing concerned it.
        if !hasNews, !isReading { position = max(position, behind) }
        hasNews = true
        goOn()
    }

    private func goOn() {
        guard hasNews, hasRoom, !isReading, stream.isOpen else { return }  // Whatever ends one comes back here.
        isReading = true
        hasNews = false
        let position = position
        service.readers.answer(stream.call) { [self] in
            let page = Result { try read(after: position) }
            stream.onLoop { [self] in told(page) }
        }
    }

    /// On a reader's thread.
    private func read(after start: UInt64) throws -> Page {
        var page = Page(decisions: [], position: start, isLast: false)
        // Before it is looked for what there is: so far everything is on disk.
        let newest = service.feed.newest
        var room = WireLimits.watchBytes
        var looked = 0
        while looked < WireLimits.looksForPage, stream.isOpen {
            let read = try service.store.decisions(after: page.position, limit: WireLimits.decisionsRead)
            for stored in read {
                if filter.passes(stored.decision) {
                    let size = stored.decision.replySize
                    // Where one alone is larger, its front goes.
                    if room < size, !page.decisions.isEmpty { return page }
                    room -= size
                    page.decisions.append(stored.decision)
                }
                page.position = stored.decision.sequence
            }
            looked += read.count
            if read.count < WireLimits.decisionsRead {
                page.isLast = true
                page.position = max(page.position, newest)
                return page
            }
        }
        return page
    }

    private func told(_ page: Result<Page, any Error>) {
        isReading = false
        switch page {
        case .failure(let error): stream.fail(Status(.unavailable, "the store cannot be read: \(error)"))
        case .success(let page):
            let hasMoved = page.position > position
            position = max(position, page.position)
            if !page.isLast { hasNews = true }
            if !page.decisions.isEmpty || !isTold || (hasMoved && !page.isLast) {
                isTold = true
                hasRoom = stream.send(message(page.decisions))
            }
            goOn()
        }
    }

    private func message(_ decisions: [Decision]) -> Payload {
        Arena.use { arena in
            let reply = arena.make(triggerd__v1__watch_decisions_reply__init)
            reply.pointee.position = position
            reply.pointee.n_decisions = decisions.count
            reply.pointee.decisions = arena.array(decisions.map { $0.message(in: arena, most: ReplyRoom.bytes) })
            return arena.payload(reply)
        }
    }
}
