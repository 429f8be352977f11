import Engine
import Storage

/// The campaigns as the daemon has them: checked against what is loaded, their templates parsed, their versions
/// kept. A value: what is changed counts once the store has it.
struct CampaignRegistry {
    private(set) var table = CampaignTable()
    private(set) var workspace: Workspace
    private var templates: [CampaignVersion: CampaignTemplates] = [:]
    private let plugins: PluginRegistry

    /// The campaigns of the store. Throws what no loaded plug-in can serve.
    init(_ records: [CampaignRecord], workspace: Workspace, plugins: PluginRegistry) throws {
        self.plugins = plugins
        self.workspace = workspace
        for record in records.sorted(by: { ($0.head.number, $0.version) < ($1.head.number, $1.version) }) {
            let campaign = try Campaign(packed: record.definition)
            let problems = problems(of: campaign)
            guard problems.isEmpty else { throw Refusal.invalidCampaigns(problems) }
            let version = CampaignVersion(number: record.head.number, version: record.version)
            templates[version] = try CampaignTemplates(campaign, plugins: plugins)
            if record.version == record.head.version {
                table.put(record.head, campaign)
            } else {
                table.put(campaign, as: version)
            }
        }
    }

    /// All of them, or none (campaign.md).
    mutating func apply(_ set: CampaignSet, at now: Instant) throws(Refusal) -> [CampaignStatus] {
        let campaigns = set.campaigns
        var problems = set.workspace.map(problems) ?? []
        for (index, campaign) in campaigns.enumerated() {
            problems += self.problems(of: campaign)
            if campaigns[..<index].contains(where: { $0.id == campaign.id }) {
                problems.append(
                    CampaignProblem(
                        campaign: campaign.id,
                        field: "campaign",
                        code: .invalidCampaign,
                        text: "two campaigns of this request are called \(campaign.id)"
                    )
                )
            }
        }
        problems += togetherProblems(of: campaigns)
        guard problems.isEmpty else { throw .invalidCampaigns(problems.map { $0.placed(in: set) }) }
        workspace = set.workspace ?? workspace
        var statuses: [CampaignStatus] = []
        for campaign in campaigns {
            do throws(CampaignProblems) {
                var status = try put(campaign, at: now)
                status.warnings = campaign.warnings(workspace, queues: { plugins.channelRules[$0]?.queues ?? false })
                statuses.append(status)
            } catch {
                throw .invalidCampaigns(error.all.map { $0.placed(in: set) })
            }
        }
        return statuses
    }

    private func problems(of workspace: Workspace) -> [CampaignProblem] {
        var found = workspace.refusals(zone: Zones.zone).map { CampaignProblem(campaign: "", $0) }
        for (index, cap) in workspace.frequencyCaps.enumerated() {
            guard let channel = cap.channel, plugins.channelRules[channel] == nil else { continue }
            found.append(
                CampaignProblem(
                    campaign: "",
                    field: "workspace.frequency_caps[\(index)].channel",
                    code: .invalidCampaign,
                    text: "no loaded plug-in serves the channel \"\(channel)\""
                )
            )
        }
        return found
    }

    /// What is wrong with campaigns beside those that are there: names of campaigns that are not, and circles that
    /// would never end (13, 1.5).
    private func togetherProblems(of campaigns: [Campaign]) -> [CampaignProblem] {
        let names = Set(campaigns.map(\.id))
        let all = campaigns + table.all.filter { !names.contains($0.id) }.compactMap { table.campaign($0.current) }
        let known = Set(all.map(\.id))
        var found: [CampaignProblem] = []
        for campaign in campaigns {
            for (field, reference) in campaign.references where !known.contains(reference) {
                found.append(
                    CampaignProblem(
                        campaign: campaign.id,
                        field: field,
                        code: .invalidCampaign,
                        text: "there is no campaign \(reference)"
                    )
                )
            }
            let circle = campaign.zeroDelayCycle(among: all, queues: { plugins.channelRules[$0]?.queues ?? false })
            if let circle {
                found.append(
                    CampaignProblem(
                        campaign: campaign.id,
                        field: "trigger",
                        code: .zeroDelayCycle,
                        text:
                            "without a delay it would go round for ever: \(circle.map(\.string).joined(separator: " -> "))",
                        rule: "1.5"
                    )
                )
            }
        }
        return found
    }

    private mutating func put(_ campaign: Campaign, at now: Instant) throws(CampaignProblems) -> CampaignStatus {
        var head: CampaignHead
        if let existing = table.head(of: campaign.id) {
            if table.campaign(existing.current) == campaign {
                return CampaignStatus(head: existing, campaign: campaign, changed: false)
            }
            head = existing  // 3.4: it keeps its launch, its creation rank and its receipts.
            head.version += 1
            head.appliedAt = now
            if let launch = campaign.launchedAt { head.launchedAt = launch }
        } else {
            let number = table.nextNumber
            head = CampaignHead(
                id: campaign.id,
                number: number,
                launchedAt: campaign.launchedAt ?? now,
                appliedAt: now
            )
        }
        templates[head.current] = try CampaignTemplates(campaign, plugins: plugins)
        table.put(head, campaign)
        return CampaignStatus(head: head, campaign: campaign, changed: true)
    }

    /// Ends everything that waits, and what would begin to.
    mutating func stop(_ id: CampaignID, at now: Instant) throws(Refusal) -> CampaignStatus {
        guard var head = table.head(of: id), let campaign = table.campaign(head.current) else {
            throw .unknownCampaign(id)
        }
        guard !head.isStopped else { return CampaignStatus(head: head, campaign: campaign, changed: false) }
        head.isStopped = true
        head.stops.append(now)
        table.put(head)
        return CampaignStatus(head: head, campaign: campaign, changed: true)
    }

    /// From now on it triggers again; what a stop ended stays ended.
    mutating func resume(_ id: CampaignID) throws(Refusal) -> CampaignStatus {
        guard var head = table.head(of: id), let campaign = table.campaign(head.current) else {
            throw .unknownCampaign(id)
        }
        guard head.isStopped else { return CampaignStatus(head: head, campaign: campaign, changed: false) }
        head.isStopped = false
        table.put(head)
        return CampaignStatus(head: head, campaign: campaign, changed: true)
    }

    /// What the store is to hold of them.
    func records(of statuses: [CampaignStatus]) -> [CampaignRecord] {
        statuses.filter(\.changed).map { status in
            CampaignRecord(head: status.head, version: status.head.version, definition: status.campaign.packed())
        }
    }

    func makeMatcher() throws -> Matcher {
        try Matcher(table) { try plugins.compile($0) }
    }

    func makeContext(identity: String, acceptsAtOnce: Bool = false) -> Context {
        let templates = templates
        let workspaceZone = Zones.zone(workspace.timeZone) ?? .utc
        return Context(
            campaigns: table,
            channels: plugins.channelRules,
            workspace: workspace,
            identity: identity,
            acceptsAtOnce: acceptsAtOnce,
            zone: Zones.zone,
            render: { rendering in
                guard let campaign = templates[rendering.version] else {
                    return .failed("version \(rendering.version.version) of \(rendering.campaign) is gone")
                }
                return campaign.render(rendering, workspaceZone: workspaceZone)
            }
        )
    }

    /// What no loaded plug-in can serve, what the rules refuse, and templates that do not parse.
    private func problems(of campaign: Campaign) -> [CampaignProblem] {
        var found = campaign.refusals(queues: { plugins.channelRules[$0]?.queues ?? false }).map {
            CampaignProblem(campaign: campaign.id, $0)
        }
        found += plugins.problems(of: campaign.trigger, at: "trigger", in: campaign.id)
        for (index, exception) in campaign.exceptions.enumerated() {
            found += plugins.problems(of: exception, at: "exceptions[\(index)]", in: campaign.id)
        }
        for (index, conversion) in campaign.conversions.enumerated() {
            found += plugins.problems(of: conversion.occurrence, at: "conversions[\(index)]", in: campaign.id)
        }
        for (index, message) in campaign.messages.enumerated() {
            found += plugins.problems(of: message, at: "messages[\(index)]", in: campaign.id)
        }
        do throws(CampaignProblems) { _ = try CampaignTemplates(campaign, plugins: plugins) } catch {
            found += error.all
        }
        return found
    }
}
