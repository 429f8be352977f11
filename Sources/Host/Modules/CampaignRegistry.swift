import Core
import Dispatch
import Engine
import Storage

/// The campaigns as the daemon has them: checked against what is loaded, compiled, their versions kept. A value: a
/// copy of it is changed beside the engine's thread, shares with it what was not changed, and counts once the store
/// has it.
struct CampaignRegistry: Sendable {
    private(set) var table = CampaignTable()
    private(set) var matcher = Matcher()
    private(set) var workspace: Workspace
    /// How often it was changed.
    private(set) var revision: UInt64 = 0
    /// Of the newest versions' definitions, packed.
    private(set) var bytes = 0
    /// Of what the store has: filters that nobody can judge any more.
    private(set) var unreadable: [CampaignProblem] = []
    /// By number.
    private var places = PagedArray<Place>()
    let plugins: PluginRegistry
    let limits: HostLimits

    private struct Place {
        var templates: [CampaignTemplates?] = []
        /// The newest version's.
        var trigger: CompiledOccurrence?
        var bytes = 0
    }

    /// The campaigns of the store. Throws what no loaded plug-in can serve.
    init(
        _ records: [CampaignRecord],
        workspace: Workspace,
        plugins: PluginRegistry,
        limits: HostLimits = HostLimits()
    ) throws {
        self.plugins = plugins
        self.workspace = workspace
        self.limits = limits
        let sorted = records.sorted { ($0.head.number, $0.version) < ($1.head.number, $1.version) }
        // A record has the head as it was when the record was written: the newest version's counts.
        let heads = Dictionary(sorted.map { ($0.head.number, $0.head) }) { $1 }
        var change = Matcher.Change()
        for (record, prepared) in zip(sorted, Self.prepare(sorted, plugins)) {
            let campaign = try prepared.get()
            let version = CampaignVersion(number: record.head.number, version: record.version)
            let isNewest = heads[version.number]?.version == record.version
            if isNewest {
                table.put(record.head, campaign.campaign)
            } else {
                table.put(campaign.campaign, as: version)
            }
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
    private static func prepare(
        _ records: [CampaignRecord],
        _ plugins: PluginRegistry
    ) -> [Result<PreparedCampaign, any Error>] {
        var prepared = [Result<PreparedCampaign, any Error>?](repeating: nil, count: records.count)
        prepared.withUnsafeMutableBufferPointer { places in
            nonisolated(unsafe) let places = places  // Each is written by one thread.
            DispatchQueue.concurrentPerform(iterations: records.count) { index in
                places[index] = Result {
                    do {
                        let packed = records[index].definition
                        let campaign = try Campaign(packed: packed)
                        return try PreparedCampaign(campaign, bytes: packed.count, plugins: plugins)
                    } catch let problems as CampaignProblems {
                        throw Refusal.invalidCampaigns(problems.all)
                    }
                }
            }
        }
        return prepared.compactMap(\.self)
    }

    /// A version's texts, and of the newest what triggers it.
    private mutating func put(_ campaign: PreparedCampaign, as version: CampaignVersion, isNewest: Bool) {
        let (number, index) = (Int(version.number), Int(version.version))
        while places.count <= number { places.append(Place()) }
        while places[number].templates.count <= index { places[number].templates.append(nil) }
        places[number].templates[index] = campaign.templates
        guard isNewest else { return }
        places[number].trigger = campaign.trigger
        bytes += campaign.bytes - places[number].bytes
        places[number].bytes = campaign.bytes
    }

    /// A campaign that was stopped or resumed.
    mutating func put(_ head: CampaignHead) {
        table.put(head)
        revision += 1
    }

    /// What the store is to hold of them.
    func records(of statuses: [CampaignStatus]) -> [CampaignRecord] {
        statuses.filter(\.changed).map { status in
            CampaignRecord(head: status.head, version: status.head.version, definition: status.campaign.packed())
        }
    }

    func makeContext(identity: String, acceptsAtOnce: Bool = false) -> Context {
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
                guard number < places.count, version < places[number].templates.count,
                    let campaign = places[number].templates[version]
                else { return .failed("version \(version) of \(rendering.campaign) is gone") }
                return campaign.render(rendering, workspaceZone: Zones.zone(workspace.timeZone) ?? .utc)
            }
        )
    }
}

// MARK: Applying

extension CampaignRegistry {
    /// All of them, or none (campaign.md). Gives what became of each, in the order of the request. Where it throws,
    /// what is left of this value is of no use.
    mutating func apply(_ request: inout ApplyRequest, at now: Instant) throws(Refusal) -> [CampaignStatus] {
        let set = request.set
        let before = (count: table.count, bytes: bytes, workspace: workspace)
        var problems = set.workspace.map(problems) ?? []
        var statuses: [CampaignStatus] = []
        var change = Matcher.Change()
        for (index, campaign) in set.campaigns.enumerated() where problems.count < HostLimits.problemsTold {
            if let head = table.head(of: campaign.id), table.campaign(head.current) == campaign {
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
        _ prepared: PreparedCampaign,
        at now: Instant,
        _ change: inout Matcher.Change
    ) -> CampaignStatus {
        let campaign = prepared.campaign
        var head: CampaignHead
        if let existing = table.head(of: campaign.id) {
            head = existing  // 3.4: it keeps its launch, its creation rank and its receipts.
            head.version += 1
            head.appliedAt = now
            if let launch = campaign.launchedAt { head.launchedAt = launch }
            if let trigger = places[Int(head.number)].trigger { change.removeTrigger(trigger, of: existing.current) }
        } else {
            head = CampaignHead(
                id: campaign.id,
                number: table.nextNumber,
                launchedAt: campaign.launchedAt ?? now,
                appliedAt: now
            )
        }
        put(prepared, as: head.current, isNewest: true)
        table.put(head, campaign)
        change.add(prepared, as: head.current, isNewest: true)
        return CampaignStatus(head: head, campaign: campaign, changed: true, bytes: prepared.bytes)
    }
}

package struct CampaignStatus: Sendable {
    package var head: CampaignHead
    package var campaign: Campaign
    /// Whether the call made it or changed it.
    package var changed: Bool
    package var warnings: [CampaignWarning] = []
    /// Of its definition, packed; in the answer to an apply.
    var bytes = 0
}
