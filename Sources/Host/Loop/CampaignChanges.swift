import Core
import Dispatch
import Engine
import Synchronization

/// Where campaigns are read, checked, compiled, stopped, resumed and deleted: beside the engine's thread and off the event loops,
/// one request after another, in the order in which they came. The engine's thread only takes over what is ready, and
/// nothing changes campaigns beside this.
final class CampaignChanges: Sendable {
    /// The campaigns as last committed, for whoever reads beside the writer.
    let current: Published<CampaignRegistry>
    private let queue: WorkQueue
    private let identity: String
    private let limits: HostLimits
    private let clock: Clock
    private let tallies: @Sendable () throws -> [CampaignNumber: Tally]
    private let isLeaving = Mutex(false)
    private let line = DispatchQueue(label: "triggerd.campaigns")
    private let waiting = Mutex((count: 0, bytes: 0))

    /// `tallies`: as last committed.
    init(
        _ registry: CampaignRegistry,
        queue: WorkQueue,
        identity: String,
        tallies: @escaping @Sendable () throws -> [CampaignNumber: Tally],
        limits: HostLimits,
        clock: Clock
    ) {
        current = Published(registry)
        self.queue = queue
        self.identity = identity
        self.tallies = tallies
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
    func applyAtStart(_ set: CampaignSet, prunes: Bool) throws(Refusal) -> Applied {
        try line.sync { Result { () throws(Refusal) in try apply(set, prunes: prunes) } }.get()
    }

    struct Applied {
        var statuses: [CampaignStatus]
        /// With `prunes`: those that the set does not have.
        var deleted: [CampaignID] = []
        /// Where the set has one.
        var workspace: WorkspaceChange?
    }

    /// All of them, or none; returns when that is on disk. `prunes`: those that are not among them are deleted. To be
    /// called in order.
    func apply(_ set: CampaignSet, prunes: Bool = false) throws(Refusal) -> Applied {
        var request = ApplyRequest(set)
        let base = current.get()
        var registry = base
        let statuses = try registry.apply(&request, at: clock.now())
        let kept = Set(set.campaigns.map(\.id))
        let pruned = prunes ? registry.table.all.map(\.id).filter { !kept.contains($0) } : []
        let deleted = pruned.isEmpty ? [:] : try registry.delete(pruned)
        let workspace = set.workspace.map { WorkspaceChange(from: base.workspace, to: $0) }
        let applied = Applied(statuses: statuses, deleted: pruned, workspace: workspace)
        guard registry.revision != base.revision else { return applied }
        var change = CampaignChange(
            context: registry.makeContext(identity: identity),
            records: registry.records(of: statuses),
            workspace: registry.workspace == base.workspace ? nil : registry.workspace.packed()
        )
        change.deleted = deleted
        // While this thread has `base`, letting go of what it holds costs the engine's thread nothing.
        try withExtendedLifetime(base) { () throws(Refusal) in try take(over: registry, change) }
        if !deleted.isEmpty || statuses.contains(where: { $0.changed && $0.head.version > 1 }) { leave() }
        return applied
    }

    /// What waits of it ends; returns when that it was deleted is on disk, and how many messages wait then. To be called
    /// in order.
    func delete(_ id: CampaignID) throws(Refusal) -> Int64 {
        var registry = current.get()
        let deleted = try registry.delete([id])
        var change = CampaignChange(context: registry.makeContext(identity: identity), records: [])
        change.deleted = deleted
        let waiting = (try? tallies()).flatMap { tallies in deleted.keys.first.flatMap { tallies[$0]?.waiting } } ?? 0
        try take(over: registry, change)
        leave()
        return waiting
    }

    private func take(over registry: CampaignRegistry, _ change: CampaignChange) throws(Refusal) {
        var registry = registry
        switch hand(.change(change)) {
        case .changed(let instant):
            registry.deleted(change.deleted.keys, at: instant)
            current.set(registry)
        case .refused(let refusal): throw refusal
        case let other: preconditionFailure("a change of campaigns was answered with \(other)")
        }
    }

    /// What nothing waits for any more leaves soon.
    func leaveSoon() {
        let isNews = isLeaving.withLock { isLeaving in
            defer { isLeaving = true }
            return !isLeaving
        }
        guard isNews else { return }  // It will be looked at then.
        line.async { [self] in
            isLeaving.withLock { $0 = false }
            leave()
        }
    }

    /// Takes out what nothing waits for; what did not go is tried again with what is freed next. To be called in order.
    private func leave() {
        let base = current.get()
        var registry = base
        guard let tallies = try? tallies(), let change = registry.leave(tallies, at: clock.now(), identity: identity)
        else { return }
        let answer = withExtendedLifetime(base) { hand(.change(change)) }
        if case .changed = answer { current.set(registry) }
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
        guard let campaign = registry.table.head(of: id).flatMap({ registry.prepared($0.current) }) else {
            throw .unknownCampaign(id)
        }
        switch hand(work(campaign.definition)) {
        case .campaign(let head, let changed):
            if changed {
                registry.put(head)
                current.set(registry)
            }
            return registry.status(of: head, changed: changed)
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
