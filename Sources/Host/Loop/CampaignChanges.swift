import Core
import Dispatch
import Engine
import Synchronization

/// Where campaigns are read, checked, compiled, stopped and resumed: beside the engine's thread and off the event loops,
/// one request after another, in the order in which they came. The engine's thread only takes over what is ready, and
/// nothing changes campaigns beside this.
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

    /// Runs `body` when what came before is done. Nil where it was taken in; else why not. `bytes`: of what is applied; nil
    /// for what only stops or resumes, which many applies that wait do not keep out.
    func inOrder(bytes size: Int?, _ body: @escaping @Sendable () -> Void) -> Refusal? {
        let bytes = size ?? 0
        let most = size == nil ? limits.waitingStops : limits.waitingApplies
        let isFull = waiting.withLock { waiting in
            guard waiting.count < most, waiting.bytes + bytes <= limits.bytesOfWaitingApplies else { return true }
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
        let base = current.get()
        var registry = base
        let statuses = try registry.apply(&request, at: clock.now())
        guard registry.revision != base.revision else { return statuses }
        let change = CampaignChange(
            context: registry.makeContext(identity: identity),
            records: registry.records(of: statuses),
            workspace: registry.workspace == base.workspace ? nil : registry.workspace.packed()
        )
        // While this thread has `base`, letting go of what it holds costs the engine's thread nothing.
        let answer = withExtendedLifetime(base) { hand(.change(change)) }
        switch answer {
        case .recorded: current.set(registry)
        case .refused(let refusal): throw refusal
        case let other: preconditionFailure("a change of campaigns was answered with \(other)")
        }
        return statuses
    }

    /// Ends everything that waits, and what would begin to; returns when that is on disk. To be called in order.
    func stop(_ id: CampaignID) throws(Refusal) -> CampaignStatus {
        try changeHead(of: id) { .stop(id, definition: $0) }
    }

    /// From now on it triggers again. To be called in order.
    func resume(_ id: CampaignID) throws(Refusal) -> CampaignStatus {
        try changeHead(of: id) { .resume(id, definition: $0) }
    }

    private func changeHead(of id: CampaignID, _ work: ([UInt8]) -> Work) throws(Refusal) -> CampaignStatus {
        var registry = current.get()
        guard let campaign = registry.table.head(of: id).flatMap({ registry.table.campaign($0.current) }) else {
            throw .unknownCampaign(id)
        }
        switch hand(work(campaign.packed())) {
        case .campaign(let head, let changed):
            if changed {
                registry.put(head)
                current.set(registry)
            }
            return CampaignStatus(head: head, campaign: campaign, changed: changed)
        case .refused(let refusal): throw refusal
        case let other: preconditionFailure("stopping or resuming \(id) was answered with \(other)")
        }
    }

    private func hand(_ work: Work) -> Answer {
        let answer = Published(Answer.recorded)
        let isDone = DispatchSemaphore(value: 0)
        let refusal = queue.put(awaited: work) {
            answer.set($0)
            isDone.signal()
        }
        if let refusal { return .refused(refusal) }
        isDone.wait()
        return answer.get()
    }
}
