import Core
import Dispatch
import Engine
import Storage

/// The campaigns as the daemon has them: checked against what is loaded, compiled, their versions kept. A value: a
/// copy of it is changed beside the engine's thread, shares with it what was not changed, and counts once the store
/// has it.
package struct CampaignRegistry: Sendable {
    package private(set) var table = CampaignTable()
    private(set) var matcher = Matcher()
    package private(set) var workspace: Workspace
    /// How often it was changed.
    package private(set) var revision: UInt64 = 0
    /// Of the newest versions' definitions, packed.
    private(set) var bytes = 0
    /// Of what the store has: filters that nobody can judge any more.
    private(set) var unreadable: [CampaignProblem] = []
    /// By number.
    private var places = PagedArray<Place>()
    let plugins: PluginRegistry
    let limits: HostLimits

    private struct Place {
        /// By version.
        var versions: [PreparedCampaign?] = []
        /// The newest version's.
        var bytes = 0
    }

    /// The campaigns of the store, whatever they are: what cannot be served is held.
    package init(
        _ records: [CampaignRecord],
        workspace: Workspace,
        plugins: PluginRegistry,
        limits: HostLimits = HostLimits()
    ) {
        self.plugins = plugins
        self.workspace = workspace
        self.limits = limits
        let sorted = records.sorted { ($0.head.number, $0.version) < ($1.head.number, $1.version) }
        // A record has the head as it was when the record was written: the newest version's counts.
        let heads = Dictionary(sorted.map { ($0.head.number, $0.head) }) { $1 }
        for head in heads.values where head.deletedAt != nil { table.put(head) }
        var change = Matcher.Change()
        for (record, campaign) in zip(sorted, Self.prepare(sorted, plugins)) {
            let version = CampaignVersion(number: record.head.number, version: record.version)
            guard let head = heads[version.number], head.deletedAt == nil || !record.definition.isEmpty else {
                continue  // The trace of one that was deleted: its number is not given again.
            }
            let isNewest = head.version == record.version
            if isNewest, head.deletedAt == nil {
                table.put(head, campaign.campaign, isHeld: campaign.isHeld)
            } else {
                table.put(campaign.campaign, as: version, isHeld: campaign.isHeld)
            }
            guard head.deletedAt == nil else { continue }  // It only ends what waits.
            put(campaign, as: version, isNewest: isNewest)
            if unreadable.count < HostLimits.problemsTold { unreadable += Self.unreadable(in: campaign.campaign) }
            change.add(campaign, as: version, isNewest: isNewest)
        }
        matcher.apply(change)
    }

    private static func unreadable(in campaign: Campaign) -> [CampaignProblem] {
        campaign.unreadablePatterns.map { text, fault in
            CampaignProblem(
                field: "matches",
                "\(Value.string(text)) is no regular expression any more (\(fault.text)): "
                    + "no filter that has it holds; apply the campaign with another",
                campaign: campaign.id
            )
        }
    }

    /// On all cores: nobody is served yet.
    private static func prepare(_ records: [CampaignRecord], _ plugins: PluginRegistry) -> [PreparedCampaign] {
        var prepared = [PreparedCampaign?](repeating: nil, count: records.count)
        prepared.withUnsafeMutableBufferPointer { places in
            nonisolated(unsafe) let places = places  // Each is written by one thread.
            DispatchQueue.concurrentPerform(iterations: records.count) { index in
                let record = records[index]
                places[index] = PreparedCampaign(stored: record.definition, of: record.head.id, plugins: plugins)
            }
        }
        return prepared.compactMap(\.self)
    }

    /// A version: its texts, and what it listens for.
    private mutating func put(_ campaign: PreparedCampaign, as version: CampaignVersion, isNewest: Bool) {
        let (number, index) = (Int(version.number), Int(version.version))
        while places.count <= number { places.append(Place()) }
        while places[number].versions.count <= index { places[number].versions.append(nil) }
        places[number].versions[index] = campaign
        guard isNewest else { return }
        bytes += campaign.bytes - places[number].bytes
        places[number].bytes = campaign.bytes
    }

    func prepared(_ version: CampaignVersion) -> PreparedCampaign? {
        let (number, index) = (Int(version.number), Int(version.version))
        guard number < places.count, index < places[number].versions.count else { return nil }
        return places[number].versions[index]
    }

    /// Nothing of it is heard or rendered any more.
    private mutating func drop(_ version: CampaignVersion, _ change: inout Matcher.Change) {
        guard let prepared = prepared(version) else { return }  // Of a deleted campaign that was dropped before.
        change.remove(prepared, as: version)
        places[Int(version.number)].versions[Int(version.version)] = nil
    }

    /// A campaign that was stopped or resumed.
    package mutating func put(_ head: CampaignHead) {
        table.put(head)
        revision += 1
    }

    /// What the store is to hold of them.
    package func records(of statuses: [CampaignStatus]) -> [CampaignRecord] {
        statuses.filter(\.changed).map { status in
            CampaignRecord(head: status.head, version: status.head.version, definition: status.campaign.packed())
        }
    }

    package func makeContext(identity: String, acceptsAtOnce: Bool = false) -> Context {
        let places = places
        let workspace = workspace
        return Context(
            campaigns: table,
            channels: plugins.channelRules,
            workspace: workspace,
            identity: identity,
            acceptsAtOnce: acceptsAtOnce,
            zone: Zones.zone,
            match: matcher.matches,
            render: { rendering in
                let (number, version) = (Int(rendering.version.number), Int(rendering.version.version))
                guard number < places.count, version < places[number].versions.count,
                    let campaign = places[number].versions[version]?.templates
                else { return .failed("version \(version) of \(rendering.campaign) is gone") }
                return campaign.render(rendering, workspaceZone: Zones.zone(workspace.timeZone) ?? .utc)
            }
        )
    }
}

// MARK: Applying

extension CampaignRegistry {
    /// All of them, or none (docs/campaigns.md). Gives what became of each, in the order of the request. Where it throws,
    /// what is left of this value is of no use.
    package mutating func apply(_ request: inout ApplyRequest, at now: Instant) throws(Refusal) -> [CampaignStatus] {
        let set = request.set
        let before = (count: table.count, bytes: bytes, workspace: workspace)
        var problems = set.workspace.map(problems) ?? []
        var statuses: [CampaignStatus] = []
        var change = Matcher.Change()
        for (index, campaign) in set.campaigns.enumerated() where problems.count < HostLimits.problemsTold {
            if let head = table.head(of: campaign.id), table.campaign(head.current) == campaign,
                !table.isHeld(head.number)
            {
                let bytes = places[Int(head.number)].bytes
                statuses.append(CampaignStatus(head: head, campaign: campaign, changed: false, bytes: bytes))
                continue
            }
            switch request.prepared(index, plugins, limits) {
            case .failure(let found): problems += found.all
            case .success(let prepared): statuses.append(put(prepared, at: now, &change))
            }
        }
        problems += twice(set.campaigns)
        if problems.isEmpty { problems += referenceProblems(of: statuses) + circleProblems(of: statuses) }
        guard problems.isEmpty else { throw .invalidCampaigns(problems.map { $0.placed(in: set) }) }
        try checkGrowth(from: before.count, before.bytes)
        matcher.apply(change)
        workspace = set.workspace ?? workspace
        if workspace != before.workspace || statuses.contains(where: \.changed) { revision += 1 }
        for index in statuses.indices {
            statuses[index].warnings = statuses[index].campaign.warnings(workspace, queues: plugins.queues)
        }
        return statuses
    }

    private mutating func put(
        _ campaign: PreparedCampaign,
        at now: Instant,
        _ change: inout Matcher.Change
    ) -> CampaignStatus {
        var head: CampaignHead
        if let existing = table.head(of: campaign.campaign.id) {
            head = existing  // 3.4: it keeps its launch, its creation rank and its receipts.
            head.version += 1
            head.appliedAt = now
            if let launch = campaign.campaign.launchedAt { head.launchedAt = launch }
            if let trigger = prepared(existing.current)?.trigger { change.removeTrigger(trigger, of: existing.current) }
        } else {
            head = CampaignHead(
                id: campaign.campaign.id,
                number: table.nextNumber,
                launchedAt: campaign.campaign.launchedAt ?? now,
                appliedAt: now
            )
        }
        put(campaign, as: head.current, isNewest: true)
        table.put(head, campaign.campaign)
        change.add(campaign, as: head.current, isNewest: true)
        return CampaignStatus(head: head, campaign: campaign.campaign, changed: true, bytes: campaign.bytes)
    }
}

// MARK: Leaving

extension CampaignRegistry {
    /// Which are to be deleted, with their newest definitions, and nothing of them is heard any more; the core says when.
    /// Throws where others name them.
    package mutating func delete(_ ids: [CampaignID]) throws(Refusal) -> [CampaignNumber: [UInt8]] {
        var deleted: [CampaignNumber: [UInt8]] = [:]
        var change = Matcher.Change()
        try checkUnnamed(Set(ids))
        for id in ids {
            guard let head = table.head(of: id), let newest = prepared(head.current) else { throw .unknownCampaign(id) }
            deleted[head.number] = newest.definition
            for version in table.versions(of: head.number) { drop(version, &change) }
            bytes -= places[Int(head.number)].bytes
            places[Int(head.number)].bytes = 0
        }
        matcher.apply(change)
        revision += 1
        return deleted
    }

    /// The core deleted them.
    package mutating func deleted(_ numbers: some Sequence<CampaignNumber>, at instant: Instant) {
        for number in numbers { table.delete(number, at: instant) }
    }

    /// Takes versions out for which nothing waits, and deleted campaigns of which everything has ended. Nil: none.
    package mutating func leave(_ tallies: [CampaignNumber: Tally], at now: Instant, identity: String)
        -> CampaignChange?
    {
        var leaving: [CampaignVersion] = []
        var gone: [CampaignNumber] = []
        var records: [CampaignRecord] = []
        for head in table.everyHead {
            let tally = tallies[head.number] ?? Tally()
            let versions = table.versions(of: head.number)
            if head.deletedAt != nil {
                // Something waits for it, or nothing is left of it but the last number that was given.
                guard tally.waiting == 0, !versions.isEmpty || head.number != table.nextNumber - 1 else { continue }
                gone.append(head.number)
                guard head.number == table.nextNumber - 1 else { continue }  // No number is given twice.
                records.append(CampaignRecord(head: head, version: head.version, definition: []))
            } else {
                leaving += versions.filter { $0 != head.current && tally.mayLeave($0.version, at: now) }
            }
        }
        guard !leaving.isEmpty || !gone.isEmpty else { return nil }
        var change = Matcher.Change()
        for version in leaving {
            drop(version, &change)
            table.remove(version)
        }
        for number in gone { table.forget(number) }
        matcher.apply(change)
        revision += 1
        var left = CampaignChange(context: makeContext(identity: identity), records: records)
        (left.leaving, left.gone) = (leaving, gone)
        return left
    }
}

extension CampaignRegistry {
    func status(of head: CampaignHead, changed: Bool = false) -> CampaignStatus {
        let prepared = prepared(head.current)
        let campaign = prepared?.campaign ?? Campaign(id: head.id, trigger: Occurrence(type: ""), messages: [])
        var status = CampaignStatus(head: head, campaign: campaign, changed: changed)
        status.held = prepared?.problems ?? []
        return status
    }

    /// Campaigns that trigger nothing until they can be served again, and why.
    var held: [CampaignStatus] { table.held.compactMap { table.head($0) }.map { status(of: $0) } }

    /// Older versions that nobody can serve: what waits for them goes on by the newest.
    var replaced: [CampaignVersion] {
        table.allVersions.map(\.0).filter { table.successor(of: $0) != nil }
    }
}

package struct CampaignStatus: Sendable {
    package var head: CampaignHead
    package var campaign: Campaign
    /// Whether the call made it or changed it.
    package var changed: Bool
    package var warnings: [CampaignWarning] = []
    /// Why it is held (14); empty where it is not.
    package var held: [CampaignProblem] = []
    /// Of its definition, packed; in the answer to an apply.
    var bytes = 0
}
