import Core
import DequeModule
import Engine
import RPC
import Storage

/// Where calls are answered that only read: beside the writer and off the event loops, since a read may go to disk.
/// A few threads, and a bounded queue before them, from which clients are served in turn, however many connections each has.
final class Readers: @unchecked Sendable {
    // Everything below is read and written under `condition` alone.
    private let condition = ThreadCondition()
    private var waiting: [Peer.Client: Deque<Job>] = [:]
    /// The clients of whom something waits, in the order in which they are served.
    private var turns = Deque<Peer.Client>()
    /// The daemon's own.
    private var background = Deque<@Sendable () -> Void>()
    private var shares: Shares<Peer.Client>
    private var isClosed = false
    private var threads: [BackgroundThread] = []

    private struct Job {
        let call: Call
        let load: QueueLoad
        let body: @Sendable () -> Void
    }

    init(threads count: Int, calls: Int, bytes: Int) {
        shares = Shares(limit: QueueLoad(count: calls, bytes: bytes))
        threads = (0..<count).map { number in BackgroundThread("triggerd-read-\(number)") { self.work() } }
    }

    /// Answers the call with what `body` builds or throws. `bytes`: what the question itself takes in memory.
    func read(_ call: Call, bytes: Int = 0, _ body: @escaping @Sendable (Arena) throws -> Finished) {
        answer(call, bytes: bytes) {
            Arena.use { arena in
                do {
                    call.finish(try body(arena))
                } catch let status as Status {
                    call.fail(status)
                } catch StoreError.corrupt(let what) {
                    call.fail(.damaged(what))
                } catch let error as StoreError where error.isDamage {
                    call.fail(Status(.dataLoss, "\(error)"))
                } catch {
                    call.fail(Status(.unavailable, "the store cannot be read: \(error)"))
                }
            }
        }
    }

    /// The same where `body` answers by itself.
    func answer(_ call: Call, bytes: Int = 0, _ body: @escaping @Sendable () -> Void) {
        let load = QueueLoad(count: 1, bytes: bytes)
        condition.lock()
        let isAdmitted = !isClosed && shares.admits(load, of: call.peer.client)
        if isAdmitted {
            shares.add(load, of: call.peer.client)
            if waiting[call.peer.client] == nil { turns.append(call.peer.client) }
            waiting[call.peer.client, default: Deque()].append(Job(call: call, load: load, body: body))
            condition.signal()
        }
        let refusal = isClosed ? Refusal.draining : .full
        condition.unlock()
        if !isAdmitted { call.fail(refusal.status) }
    }

    /// For what goes on in the background.
    func run(_ body: @escaping @Sendable () -> Void) {
        condition.lock()
        if !isClosed { background.append(body) }
        condition.signal()
        condition.unlock()
    }

    /// What was not begun is not done any more.
    func stop() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        let threads = threads
        condition.unlock()
        for thread in threads { thread.join(within: .seconds(5)) }
    }

    private func work() {
        while let body = next() { body() }
    }

    private func next() -> (@Sendable () -> Void)? {
        condition.lock()
        defer { condition.unlock() }
        while !isClosed {
            if let job = nextJob() { return job.body }
            if let body = background.popFirst() { return body }
            condition.wait()
        }
        return nil
    }

    /// The next client's first call that anybody still waits for.
    private func nextJob() -> Job? {
        while let client = turns.popFirst() {
            guard let job = waiting[client]?.popFirst() else {
                waiting[client] = nil
                continue
            }
            turns.append(client)
            shares.remove(job.load, of: client)
            if job.call.isAwaited { return job }
        }
        return nil
    }
}
