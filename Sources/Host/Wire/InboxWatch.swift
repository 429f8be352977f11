import Core
import Engine
import RPC
import Schema
import Storage

/// One `Inbox/Watch` under way: it leases what the user's session would show, whenever that may have changed, and sends
/// it. What it leases is lent as to any client (9.11). It belongs to its connection's event loop.
final class InboxWatch: @unchecked Sendable {
    private let stream: ServerStream
    private let service: InboxService
    private let user: UserID
    private let device: Text

    private var isAsking = false
    private var asksAgain = false
    /// The lease that was sent last.
    private var sent: UInt64?
    /// When it is asked next, whatever happens until then.
    private var next = Instant.never
    /// Before that nothing is shown (9.4).
    private var notBefore = Instant(milliseconds: .min)

    init(_ stream: ServerStream, _ service: InboxService, _ user: UserID, device: Text) {
        (self.stream, self.service, self.user, self.device) = (stream, service, user, device)
    }

    func begin() {
        let watcher = service.feed.watch(user) { [self] decisions in
            let decisions = decisions.map(\.decision)
            stream.onLoop { [self] in hear(decisions) }
        }
        guard let watcher else {
            return stream.fail(Refusal.tooMuch("\(HostLimits.watchers) watch already").status)
        }
        stream.onEnd { [service, user] in service.feed.leave(watcher, user) }
        ask()
    }

    /// What may change what is shown: a session (nothing was decided), a message that is due, one that was seen. To ask
    /// is itself told of, as messages that are passed over; that must not ask again before its time.
    private func hear(_ decisions: [Decision]) {
        var asks = decisions.isEmpty
        for decision in decisions {
            switch decision.code {
            case .queuedInApp, .delivered, .cancelledByException, .rescheduledByTrigger: asks = true
            case .inAppMinimumInterval:
                notBefore = decision.next ?? notBefore
                ask(at: notBefore)
            case .inAppHeld: ask(at: decision.next ?? .never)
            default: continue
            }
        }
        if asks { ask() }
    }

    private func ask() {
        let now = service.clock.now()
        if now < notBefore { return ask(at: notBefore) }
        guard !isAsking else {
            asksAgain = true
            return
        }
        isAsking = true
        let refusal = service.queue.put(.lease(user, device: device), bytes: 1_024, for: stream) { [self] answer in
            stream.onLoop { [self] in told(answer) }
        }
        if let refusal { told(.refused(refusal)) }
    }

    private func told(_ answer: Answer) {
        isAsking = false
        switch answer {
        case .presented(let presented?):
            ask(at: presented.ends)
            if presented.token != sent { send(presented) }
        case .presented(nil): break
        case .refused(.full), .refused(.unavailable): ask(at: service.clock.now() + WireLimits.inboxPause)
        case .refused(let refusal): return stream.fail(refusal.status)
        default: answer.isUnexpected(of: "Watch")
        }
        guard asksAgain else { return }  // Nothing happened meanwhile.
        asksAgain = false
        ask()
    }

    private func send(_ presented: Presented) {
        sent = presented.token
        // One message in 30 s at most: a client that does not read them is let go before they are many.
        stream.send(
            Arena.use { arena in
                let reply = arena.make(triggerd__v1__watch_inbox_reply__init)
                reply.pointee.message = presented.message(in: arena)
                return arena.payload(reply)
            }
        )
    }

    private func ask(at instant: Instant) {
        guard instant < next else { return }  // It is asked before that, and what comes of it says when next.
        next = instant
        // The daemon's instants are of whole milliseconds.
        let wait = max(0, (instant - service.clock.now()).milliseconds) + 1
        stream.onLoop(after: .milliseconds(wait)) { [self] in
            guard next == instant, stream.isOpen else { return }  // An earlier one took its place.
            next = .never
            ask()
        }
    }
}
