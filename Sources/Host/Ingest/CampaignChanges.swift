import Dispatch
import Engine
import Synchronization

/// Where campaigns are read, checked and compiled: beside the engine's thread and off the event loops, one request
/// after another, in the order in which they came. The engine's thread only takes over what is ready.
final class CampaignChanges: Sendable {
    /// The campaigns as last committed, for whoever reads beside the writer.
    let current: Published<CampaignRegistry>
    private let queue: WorkQueue
    private let identity: String
    private let limits: HostLimits
    private let clock: Clock
    private let line = DispatchQueue(label: "triggerd.campaigns")
    private let waiting = Mutex((count: 0, bytes: 0))

    init(_ registry: CampaignRegistry, queue: WorkQueue, identity: String, limits: HostLimits, clock: Clock) {
        current = Published(registry)
        self.queue = queue
        self.identity = identity
        self.limits = limits
        self.clock = clock
    }

    /// Runs `body` when what came before is done. Nil where it was taken in; else why not.
    func inOrder(bytes: Int, _ body: @escaping @Sendable () -> Void) -> Refusal? {
        let isFull = waiting.withLock { waiting in
            guard waiting.count < limits.waitingApplies, waiting.bytes + bytes <= limits.bytesOfWaitingApplies else {
                return true
            }
            waiting.count += 1
            waiting.bytes += bytes
            return false
        }
        guard !isFull else { return .tooMuch("too many requests wait to be applied: try again in a moment") }
        line.async { [self] in
            body()
            waiting.withLock { waiting in
                waiting.count -= 1
                waiting.bytes -= bytes
            }
        }
        return nil
    }

    /// Before anybody can call.
    func applyAtStart(_ set: CampaignSet) throws(Refusal) -> [CampaignStatus] {
        try line.sync { Result { () throws(Refusal) in try apply(set) } }.get()
    }

    /// All of them, or none; returns when that is on disk. To be called in order.
    func apply(_ set: CampaignSet) throws(Refusal) -> [CampaignStatus] {
        var request = ApplyRequest(set)
        var attempt = 0
        while true {
            attempt += 1
            let base = current.get()
            let ready = try CampaignChange.Ready(&request, beside: base, at: clock.now(), identity)
            guard ready.registry.revision != base.revision else { return ready.statuses }
            let last = attempt == limits.triesOfApply ? request : nil
            // While this thread has `base`, letting go of what it holds costs the engine's thread nothing.
            let outcome = try withExtendedLifetime(base) { () throws(Refusal) in
                try hand(ready, madeFrom: base, last)
            }
            switch outcome {
            case .done(let statuses): return statuses
            case .stale: continue
            case .refused(let refusal): throw refusal
            }
        }
    }

    private func hand(
        _ ready: CampaignChange.Ready,
        madeFrom base: CampaignRegistry,
        _ last: ApplyRequest?
    ) throws(Refusal) -> CampaignChange.Outcome {
        let outcome = Published(CampaignChange.Outcome.stale)
        let isDone = DispatchSemaphore(value: 0)
        let change = CampaignChange(base: base.revision, ready: ready, last: last) {
            outcome.set($0)
            isDone.signal()
        }
        if let refusal = queue.put(awaited: .change(change)) { throw refusal }
        isDone.wait()
        return outcome.get()
    }
}
