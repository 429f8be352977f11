import Core
import DequeModule
import RPC

/// Where large requests are decoded: a frame of 4 MiB takes an event loop's other connections some ten milliseconds,
/// and fifty of them seconds. Their connections are not read meanwhile, so that each keeps its order.
final class Decoders: @unchecked Sendable {
    // Everything below is read and written under `condition` alone.
    private let condition = ThreadCondition()
    private var waiting = Deque<(bytes: Int, body: @Sendable () -> Void)>()
    private var bytes = 0
    private var isClosed = false
    private var thread: BackgroundThread?
    private let most: Int

    /// `bytes`: of requests that wait.
    init(bytes most: Int) {
        self.most = most
        thread = BackgroundThread("triggerd-decode") { self.work() }
    }

    /// Does `body` on another thread, and reads on from the call's connection after it. Nil where it was taken in; else
    /// why not.
    func decode(_ call: Call, bytes size: Int, _ body: @escaping @Sendable () -> Void) -> Refusal? {
        condition.lock()
        defer { condition.unlock() }
        if isClosed { return .draining }
        if bytes > 0, bytes + size > most { return .full }
        call.pauseReading()
        bytes += size
        waiting.append(
            (
                size,
                {
                    if call.isAwaited { body() }
                    call.resumeReading()
                }
            )
        )
        condition.signal()
        return nil
    }

    /// What was not begun is not done any more.
    func stop() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        let thread = thread
        condition.unlock()
        thread?.join(within: .seconds(5))
    }

    private func work() {
        while let body = next() { body() }
    }

    private func next() -> (@Sendable () -> Void)? {
        condition.lock()
        defer { condition.unlock() }
        while !isClosed {
            if let job = waiting.popFirst() {
                bytes -= job.bytes
                return job.body
            }
            condition.wait()
        }
        return nil
    }
}
