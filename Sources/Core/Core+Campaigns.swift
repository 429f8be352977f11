import Engine
import Storage

/// What changes campaigns: they are made ready beside the core.
extension Core {
    mutating func change(_ change: CampaignChange, _ step: inout Step) -> Answer {
        let mayLeave =
            change.leaving.allSatisfy { tallies[$0.number]?.mayLeave($0.version, at: step.now) ?? true }
            && change.gone.allSatisfy { (tallies[$0]?.waiting ?? 0) == 0 }
        guard mayLeave else { return .stillWaits }
        for record in change.records { step.batch.put(record) }
        step.batch.put(workspace: change.workspace)
        step.context = change.context
        if !change.deleted.isEmpty { step.context = delete(change.deleted, change.context, &step) }
        for version in change.leaving {
            step.batch.remove(version)
            tallies[version.number]?.forget(version.version)
            step.batch.touch([version.number])
        }
        for number in change.gone {
            let newest = context.campaigns.head(number).map { [$0.current] } ?? []
            for version in Set(context.campaigns.versions(of: number) + newest) { step.batch.remove(version) }
            step.batch.remove(tallyOf: number)
            tallies[number] = nil
        }
        return .changed(at: step.now)
    }

    /// What waits of them ends with that, wherever it is read, and is looked for.
    private func delete(
        _ deleted: [CampaignNumber: [UInt8]],
        _ context: Context,
        _ step: inout Step
    ) -> Context {
        var campaigns = context.campaigns
        for (number, definition) in deleted.sorted(by: { $0.key < $1.key }) {
            campaigns.delete(number, at: step.now)
            guard let head = campaigns.head(number) else { preconditionFailure("campaign \(number) is not there") }
            step.batch.put(CampaignRecord(head: head, version: head.version, definition: definition))
            step.ended.insert(number)
        }
        return context.with(campaigns)
    }

    /// Stops or resumes one, whose every version stays as it is.
    func changeHead(
        of id: CampaignID,
        _ definition: [UInt8],
        _ step: inout Step,
        _ body: (inout CampaignHead) -> Bool
    ) -> Answer {
        guard var head = context.campaigns.head(of: id) else { return .refused(.unknownCampaign(id)) }
        guard body(&head) else { return .campaign(head, changed: false) }
        var campaigns = context.campaigns
        campaigns.put(head)
        step.context = context.with(campaigns)
        step.batch.put(CampaignRecord(head: head, version: head.version, definition: definition))
        if head.isStopped { step.ended.insert(head.number) }
        return .campaign(head, changed: true)
    }
}

extension CampaignHead {
    /// Ends everything that waits, and what would begin to. Gives whether it was not stopped already.
    mutating func stop(at now: Instant) -> Bool {
        guard !isStopped else { return false }
        isStopped = true
        stops.append(now)
        return true
    }

    /// From now on it triggers again; what a stop ended stays ended.
    mutating func resume() -> Bool {
        guard isStopped else { return false }
        isStopped = false
        return true
    }
}
