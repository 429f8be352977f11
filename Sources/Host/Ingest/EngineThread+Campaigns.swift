import Engine
import Storage

/// How the campaigns change under what comes in: between two batches, and in time that follows what changed.
extension EngineThread {
    /// Takes over what was made ready, unless the campaigns became others meanwhile.
    func takeOver(_ change: CampaignChange) {
        do throws(Refusal) {
            var ready = change.ready
            if change.base != registry.revision {
                guard var request = change.last else { return change.done(.stale) }
                ready = try CampaignChange.Ready(&request, beside: registry, at: instant, store.identity)
            }
            try commit(ready.changes)
            use(ready.registry, ready.context)
            change.done(.done(ready.statuses))
        } catch {
            change.done(.refused(error))
        }
    }

    private func commit(_ changes: Changes) throws(Refusal) {
        guard !changes.isEmpty else { return }
        do throws(StoreError) {
            try store.commit(changes)
        } catch {
            throw .unavailable(String(describing: error))
        }
    }

    /// Stops or resumes one; what every later event is decided by follows only once the store has it.
    func change(
        _ body: (inout CampaignRegistry) throws(Refusal) -> CampaignStatus
    ) -> Result<CampaignStatus, Refusal> {
        do throws(Refusal) {
            var changed = registry
            let status = try body(&changed)
            guard status.changed else { return .success(status) }
            var changes = Changes()
            changes.campaigns = changed.records(of: [status])
            try commit(changes)
            use(changed, changed.makeContext(identity: store.identity))
            if status.head.isStopped { sweep([status.head.number]) }
            return .success(status)
        } catch {
            return .failure(error)
        }
    }

    private func use(_ registry: CampaignRegistry, _ context: Context) {
        self.registry = registry
        self.context = context
        campaigns.current.set(registry)
    }

    /// Looks for what still waits of campaigns that were stopped before this start.
    func sweepWhatWasStopped() {
        let stopped = campaigns.current.get().table.all.filter { !$0.stops.isEmpty }.map(\.number)
        if !stopped.isEmpty { sweep(Set(stopped)) }
    }

    /// Has every user looked at of whom a timer belongs to those campaigns (design: a sweeper records the ends in
    /// batches, with the stop's instant).
    private func sweep(_ numbers: Set<CampaignNumber>) {
        let (store, queue, logger) = (store, queue, logger)
        readers.run {
            var after: Timer?
            do {
                while true {
                    let read = try store.timers(after: after, through: .never, limit: 4_096)
                    let users = Set(read.filter { numbers.contains($0.campaign) }.map(\.user))
                    if !users.isEmpty { queue.put(own: .sweep(Array(users))) }
                    guard read.count == 4_096 else { return }
                    after = read.last
                }
            } catch {
                logger.error("what waits for a stopped campaign cannot be read; each ends when it is due: \(error)")
            }
        }
    }
}
